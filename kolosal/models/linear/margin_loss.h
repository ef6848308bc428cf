// MarginLoss: what a linear model loses on rows, as a convex function of their weighted sums ("margins").
#pragma once

#include <cstddef>
#include <memory>

#include "kolosal/models/linear/weighted_rows.h"

namespace kolosal {

class MarginLoss {
 public:
  virtual ~MarginLoss() = default;
  /// Margins of a row.
  virtual size_t n_sums() const { return 1; }
  /// What a derivative that is not small is about, for the minimiser to know one that is.
  virtual double scale() const { return 1; }
  /// Loss of the rows [begin, begin + n), times their weights. Margins, and the derivatives of the loss by them that are written to
  /// `residuals`, are (n_sums, n). `curvatures` (null where not wanted) are second derivatives, one row of n for each pair k >= l in the
  /// order (0,0), (1,0), (1,1), (2,0) ...; those of k = l are >= 0, all others <= 0.
  virtual double terms(size_t begin, size_t n, const double* weights, const double* margins, double* residuals,
                       double* curvatures) const = 0;
};

/// log(1 + exp(-y m)) of two classes.
class LogisticLoss : public MarginLoss {
 public:
  explicit LogisticLoss(const Target& target) : target_(target) {}
  double terms(size_t begin, size_t n, const double* weights, const double* margins, double* residuals, double* curvatures) const override;

 private:
  const Target& target_;
};

/// The loss of softmax: minus the logarithm of the probability of the true class.
class MultinomialLoss : public MarginLoss {
 public:
  explicit MultinomialLoss(const Target& target) : target_(target) {}
  size_t n_sums() const override { return target_.n_classes(); }
  double terms(size_t begin, size_t n, const double* weights, const double* margins, double* residuals, double* curvatures) const override;

 private:
  const Target& target_;
};

}  // namespace kolosal
