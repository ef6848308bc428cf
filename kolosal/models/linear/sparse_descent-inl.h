// Coordinate descent on a weighted sum of squares with penalties, by the columns of sparse rows, which are centred without being written
// out.
//
// Minimises  1/2 sum_i d_i (z_i - x_i.v - b)^2 + sum_j l1 |v_j| + l2/2 v_j^2  over v, and b where rows are centred.
//
// Cost     two operations for each entry of a column that moves; four numbers a feature and a row of memory.
// Source   Friedman, Hastie and Tibshirani, Journal of Statistical Software 33(1), 2010.
// Checked  sparse_linear_test.cc: optimality, and the same as of dense rows.
#pragma once

#include <Eigen/Core>

#include "kolosal/base/fit_context.h"
#include "kolosal/table/sparse_rows.h"

namespace kolosal {

class SparseDescent {
 public:
  /// Of rows with importances d (n_rows,), at least one above 0. What is referred to must outlive it.
  SparseDescent(const SparseColumns& columns, const Eigen::VectorXd& importances, bool center);

  /// Starts at v with residuals z - x.v (n_rows,), which need not be centred.
  void start_from(const Eigen::VectorXd& v, const Eigen::VectorXd& residuals);
  void set_penalties(double l1, double l2) noexcept;

  /// Sweeps over all coordinates and, between these, over those that are not 0, until no move is above `tolerance`, in units of the root
  /// of the curvature, `max_sweeps` are done or the context asks to stop. Returns whether it has come to rest.
  bool descend(double tolerance, int max_sweeps, const FitContext& context);

  const Eigen::VectorXd& weights() const noexcept { return v_; }
  /// By how much the constant has moved.
  double shift() const noexcept { return -offset_; }
  /// Residuals z_i - x_i.v - b of all rows.
  Eigen::VectorXd residuals() const { return (residuals_.array() + offset_).matrix(); }
  /// Means of the columns; zeros where they are not centred.
  const Eigen::VectorXd& means() const noexcept { return means_; }
  /// What a column has to do with the residuals: minus the derivative by its weight, without penalties.
  double slope(size_t j) const noexcept;
  /// sum_i d_i r_i^2.
  double squares() const { return importances_.dot(residuals().cwiseAbs2()); }
  /// As CoordinateDescent::duality_gap.
  double duality_gap(double yy) const;

 private:
  double sweep(bool only_active);

  const SparseColumns& columns_;
  const Eigen::VectorXd& importances_;
  Eigen::VectorXd means_, curvatures_;
  double total_;
  double l1_ = 0, l2_ = 0;
  Eigen::VectorXd v_, residuals_;  ///< residuals less the offset, which all rows share
  double offset_ = 0;
  bool center_;
};

}  // namespace kolosal
