// The search distribution of CMA-ES: a normal distribution over [0, 1]^d that follows the best points drawn from it.
//
// A point is mean + sigma * scale * B D z, for z of standard normals; C = B D^2 B' is the covariance, or its diagonal where separable.
// `scale` is 1 but for coordinates with cells (integers, steps): there it keeps, with the mean, a probability of at least 1 / (d lambda)
// that a point leaves the cell of the mean, so that no such coordinate gets stuck.
//
// Cost     O(d^2) a point, O(lambda d^2 + d^3) a generation; O(d) and O(lambda d) where separable.
// Source   Hansen, "The CMA evolution strategy: a tutorial", arXiv:1604.00772 (weights, active update, constants); Ros and Hansen, PPSN
//          2008 (separable); Hamano et al., "CMA-ES with margin", GECCO 2022.
// Checked  cma_test.cc.
#pragma once

#include <Eigen/Dense>
#include <deque>
#include <utility>
#include <vector>

#include "kolosal/base/random.h"

namespace kolosal {

/// A point that was drawn, or put in from elsewhere, and what counts: less is better; points that break constraints come last.
struct CmaPoint {
  Eigen::VectorXd x;
  double violation = 0, loss = 0;
  bool operator<(const CmaPoint& other) const noexcept {
    return violation != other.violation ? violation < other.violation : loss < other.loss;
  }
};

/// The cell that a coordinate lies in: its lower and its upper edge, infinite at the ends; both NaN where the coordinate has no cells.
using CellOf = std::pair<double, double> (*)(const void* context, size_t coordinate, double x);

/// See the top of the file.
class CmaDistribution {
 public:
  CmaDistribution(Eigen::VectorXd mean, double sigma, size_t n_points, bool separable);

  /// Points of a generation.
  size_t n_points() const noexcept { return n_points_; }
  /// A point. Coordinates may lie outside [0, 1].
  Eigen::VectorXd draw(RandomStream& stream) const;
  /// Moves the distribution by the points of a generation; their order does not matter, but that of equals.
  void update(std::vector<CmaPoint> points);
  /// Keeps coordinates with cells from getting stuck.
  void widen(CellOf cell_of, const void* context);
  /// Whether further generations would find nothing new here.
  bool has_converged() const noexcept;

 private:
  void decompose();
  void adapt(const std::vector<Eigen::VectorXd>& steps, const Eigen::VectorXd& step, bool path_is_long);

  size_t n_points_;
  bool separable_;
  double n_;  // dimensions
  Eigen::VectorXd mean_, scale_, path_sigma_, path_c_, roots_;
  Eigen::MatrixXd covariance_, basis_;  // d x d; of a separable one d x 1 and nothing
  double sigma_, first_sigma_;
  Eigen::VectorXd weights_;  // of the points from best to worst; some are negative
  double mu_effective_, c_sigma_, damping_, c_c_, c_1_, c_mu_, expected_norm_;
  int64_t n_generations_ = 0;
  double first_range_ = 0;                        // of the losses of the first generation
  std::deque<std::pair<double, double>> ranges_;  // least and greatest loss of the latest generations
};

}  // namespace kolosal
