// What a proposal of the Gaussian process makes greatest: the logarithm of the expected improvement, plus those of the probabilities that
// constraints hold; and the climb to it.
#pragma once

#include <utility>
#include <vector>

#include "kolosal/tune/samplers/gaussian_process-inl.h"
#include "kolosal/tune/samplers/gp_space-inl.h"

namespace kolosal {

/// A sum of terms at points whose first coordinates are those of a space.
class Acquisition {
 public:
  /// A process and what is asked of it: an improvement on `bound`, or a value above it.
  struct Term {
    GaussianProcess process;
    double bound;
    bool improves;
  };

  void add(Term term) { terms_.push_back(std::move(term)); }
  bool is_empty() const noexcept { return terms_.empty(); }
  /// How the first process warps a coordinate.
  CoordinateWarp warp(size_t i) const { return terms_[0].process.params().warp(static_cast<Eigen::Index>(i)); }

  /// The sum at a point; sets the gradient where it is wanted.
  double at(const Eigen::VectorXd& x, Eigen::VectorXd* gradient) const;
  /// At rows of points. What is no number counts as the least.
  Eigen::VectorXd at_rows(const Eigen::MatrixXd& x) const;

 private:
  std::vector<Term> terms_;
};

/// Goes uphill from a point whose coordinates with steps are on them, and gives where it ends, and how much it is there. Coordinates
/// without steps follow the gradient, on the scale of the first process; of the others values are tried.
std::pair<Eigen::VectorXd, double> climb(const GpSpace& space, const Acquisition& acquisition, Eigen::VectorXd x);

}  // namespace kolosal
