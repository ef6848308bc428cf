// What linear learners share: checked features as doubles, and products over fixed blocks of rows.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "kolosal/models/learner.h"

namespace kolosal {

/// Row weights as doubles, all ones where the set has none.
std::vector<double> row_weights(const TrainingSet& train);

/// Throws Error(BadValue) that names the feature where a value is missing or not finite.
void check_finite(const FeatureMatrix& x);

/// Weighted means of the features, (n_features,).
Eigen::VectorXd feature_means(const FeatureMatrix& x, const std::vector<double>& weights);

/// The rows [begin, begin + n) minus the means, (n, n_features).
Eigen::MatrixXd centered_rows(const FeatureMatrix& x, const Eigen::VectorXd& means, size_t begin, size_t n);

/// Sums over rows, added block by block in order: the same on any number of threads. `add(begin, n, sum)` adds the rows
/// [begin, begin + n) to a matrix that starts at zero.
Eigen::MatrixXd block_sum(size_t n_rows, Eigen::Index height, Eigen::Index width, const FitContext& context,
                          const std::function<void(size_t begin, size_t n, Eigen::MatrixXd& sum)>& add);

}  // namespace kolosal
