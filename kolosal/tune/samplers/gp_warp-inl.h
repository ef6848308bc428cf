// Warps of a Gaussian process: results, and coordinates, on scales on which the process explains them best.
//
// Results  more is better; t from 0 (best) to 1 (worst) becomes log(1 + (e^b - 1) t) / b. The bend b is 0 for the straight line; above it
//          the best are drawn apart and the worst together, below it the other way round. Only b from 0 to 2.5 is learnt: results of which
//          the best stand alone lead a search to take ever smaller steps about them.
// Numbers  x in [0, 1] becomes 1 - (1 - x^p)^q, Kumaraswamy's distribution function; p = q = 1 is the straight line.
//
// Source   Snelson et al., "Warped Gaussian processes", NIPS 2003 (the density of what is warped); Snoek et al., "Input warping for
// Bayesian
//          optimization of non-stationary functions", ICML 2014.
// Checked  gaussian_process_test.cc: gradients against differences.
#pragma once

#include <Eigen/Dense>

namespace kolosal {

/// Bent results with mean 0 and variance 1 (all 0 where they are equal), and the logarithm of the density that they gain by being bent
/// and standardised; each with its derivative by the bend.
struct BentResults {
  Eigen::VectorXd y, y_by_bend;
  double log_slopes = 0, log_slopes_by_bend = 0;
};
/// See the top of the file. `values` are finite.
BentResults bent(const Eigen::VectorXd& values, double bend);

/// The warp of one coordinate, by the logarithms of p and q.
class CoordinateWarp {
 public:
  CoordinateWarp(double log_p, double log_q);

  bool is_straight() const noexcept { return p_ == 1 && q_ == 1; }
  /// The warped coordinate, and its derivatives by x and by the two logarithms.
  struct Warped {
    double value, by_x, by_log_p, by_log_q;
  };
  Warped at(double x) const noexcept;
  /// The x that is warped to this.
  double back(double value) const noexcept;

 private:
  double p_, q_;
};

}  // namespace kolosal
