// The weighted Gram matrix of features and targets: all that least squares needs of the rows.
#pragma once

#include <Eigen/Core>

#include "kolosal/models/linear/weighted_rows.h"

namespace kolosal {

/// Sums of products of centred columns. A feature that is constant has zeros.
struct Gram {
  Eigen::MatrixXd xx;       ///< (p, p): X^T S X
  Eigen::MatrixXd xy;       ///< (p, t): X^T S Y
  Eigen::VectorXd yy;       ///< (t,): diagonal of Y^T S Y
  Eigen::VectorXd x_means;  ///< (p,): what was taken off; zeros where columns are not centred
  Eigen::VectorXd y_means;  ///< (t,)
};

/// One pass over the rows, and a second where the first guess of the means was too far off for the sums to be exact.
/// Throws Error(BadValue) where a feature is not finite, and what the context's check() throws.
Gram make_gram(const WeightedRows& rows, bool center, const FitContext& context);

/// The weights (p, t) of least |y - X w|^2 + l2 |w|^2, of which the shortest where there are several. Throws what the context's check()
/// throws.
Eigen::MatrixXd solve_least_squares(const Gram& gram, double l2, const FitContext& context);

/// The model of weights (p, t): biases are such that means go to means.
std::unique_ptr<Model> make_linear_model(const Eigen::VectorXd& x_means, const Eigen::VectorXd& y_means, const Eigen::MatrixXd& weights);
inline std::unique_ptr<Model> make_linear_model(const Gram& gram, const Eigen::MatrixXd& weights) {
  return make_linear_model(gram.x_means, gram.y_means, weights);
}

}  // namespace kolosal
