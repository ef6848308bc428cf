// Coordinate descent on a quadratic with an L1 penalty, by the Gram matrix alone.
#pragma once

#include <Eigen/Core>

#include "kolosal/base/fit_context.h"

namespace kolosal {

/// Minimises  v^T A v / 2 - b^T v + sum_j l1_j |v_j|  one coordinate at a time. A is symmetric without negative directions; a
/// coordinate whose diagonal is 0 stays as it is. What is referred to must outlive it.
class CoordinateDescent {
 public:
  CoordinateDescent(const Eigen::MatrixXd& a, const Eigen::VectorXd& b, const Eigen::VectorXd& l1, Eigen::VectorXd& v);

  /// Moves each coordinate (or each that is not 0) to its minimum once; returns the largest move, in units of the root of A_jj.
  double sweep(bool only_active);
  /// Sweeps over all coordinates and, between these, over those that are not 0, until no move is above `tolerance` or
  /// `max_sweeps` are done or the context asks to stop. Returns whether it has come to rest.
  bool descend(double tolerance, int max_sweeps, const FitContext& context);
  /// How far the value is above the minimum at most, where the quadratic is |y - X v|^2 / 2 with X^T X = A, X^T y = b and
  /// y^T y = yy, and every l1 is above 0.
  double duality_gap(double yy) const;

 private:
  const Eigen::MatrixXd& a_;
  const Eigen::VectorXd& b_;
  const Eigen::VectorXd& l1_;
  Eigen::VectorXd& v_;
  Eigen::VectorXd gradient_;  ///< b - A v
};

}  // namespace kolosal
