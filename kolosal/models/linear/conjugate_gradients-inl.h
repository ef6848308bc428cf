// Least squares with a squared penalty on many features of sparse rows, by conjugate gradients that look at rows alone.
//
// Minimises  sum_i s_i (y_i - x_i.w - b)^2 + l2 |w|^2  over w, and b where rows are centred; they are not written out for that. Columns are
// scaled by their curvatures where there is a penalty. Without one the weights are the shortest of those as good.
//
// Cost     four operations for each number that is not 0 and step; steps as the root of the condition of the scaled columns.
// Source   Paige and Saunders, ACM TOMS 8(1), 1982; Hestenes and Stiefel, 1952 (CGLS).
// Checked  sparse_linear_test.cc: the same as of dense rows; scikit-learn in tests/parity.
#pragma once

#include <Eigen/Core>

#include "kolosal/models/linear/weighted_rows.h"

namespace kolosal {

/// Weights (n_features,) of each target, and what was taken off.
struct SquaresFit {
  Eigen::MatrixXd weights;  ///< (p, t)
  Eigen::VectorXd x_means;  ///< (p,); zeros where columns are not centred
  Eigen::VectorXd y_means;  ///< (t,)
};

/// Throws Error(BadValue) where a number is not finite, and what the context's check() throws: what has not come to rest is no solution.
SquaresFit conjugate_gradients(const WeightedRows& rows, double l2, bool center, const FitContext& context);

/// Weighted means of the features (p,), of sparse rows, and of the targets (t,); zeros where `center` is false.
std::pair<Eigen::VectorXd, Eigen::VectorXd> means_of_sparse(const WeightedRows& rows, bool center, const FitContext& context);

}  // namespace kolosal
