#include <cmath>

#include "kolosal/models/linear/design_matrix-inl.h"

namespace kolosal {
namespace {

constexpr size_t kBlock = 2048;
// Blocks summed at once, so that their partial sums do not pile up.
constexpr size_t kWave = 16;

}  // namespace

std::vector<double> row_weights(const TrainingSet& train) {
  if (train.weights.empty()) return std::vector<double>(train.x.n_rows(), 1.0);
  return {train.weights.begin(), train.weights.end()};
}

void check_finite(const FeatureMatrix& x) {
  for (size_t j = 0; j < x.n_features(); ++j)
    for (const float value : x.column(j))
      if (!std::isfinite(value))
        throw Error(ErrorCode::BadValue, "feature '" + x.features()[j].name + "' has a value that is missing or not finite",
                    "Impute it first: this learner takes numbers only.");
}

Eigen::VectorXd feature_means(const FeatureMatrix& x, const std::vector<double>& weights) {
  Eigen::VectorXd means(static_cast<Eigen::Index>(x.n_features()));
  double total = 0;
  for (const double weight : weights) total += weight;
  for (size_t j = 0; j < x.n_features(); ++j) {
    double sum = 0;
    const auto column = x.column(j);
    for (size_t row = 0; row < column.size(); ++row) sum += weights[row] * static_cast<double>(column[row]);
    means[static_cast<Eigen::Index>(j)] = sum / total;
  }
  return means;
}

Eigen::MatrixXd centered_rows(const FeatureMatrix& x, const Eigen::VectorXd& means, size_t begin, size_t n) {
  Eigen::MatrixXd rows(static_cast<Eigen::Index>(n), means.size());
  for (Eigen::Index j = 0; j < means.size(); ++j) {
    const auto column = x.column(static_cast<size_t>(j));
    for (size_t i = 0; i < n; ++i) rows(static_cast<Eigen::Index>(i), j) = static_cast<double>(column[begin + i]) - means[j];
  }
  return rows;
}

Eigen::MatrixXd block_sum(size_t n_rows, Eigen::Index height, Eigen::Index width, const FitContext& context,
                          const std::function<void(size_t, size_t, Eigen::MatrixXd&)>& add) {
  Eigen::MatrixXd total = Eigen::MatrixXd::Zero(height, width);
  const size_t n_blocks = (n_rows + kBlock - 1) / kBlock;
  for (size_t first = 0; first < n_blocks; first += kWave) {
    std::vector<Eigen::MatrixXd> partial(std::min(kWave, n_blocks - first));
    context.threads->parallel_each(partial.size(), [&](size_t i) {
      const size_t begin = (first + i) * kBlock;
      partial[i] = Eigen::MatrixXd::Zero(height, width);
      add(begin, std::min(kBlock, n_rows - begin), partial[i]);
    });
    for (const Eigen::MatrixXd& sum : partial) total += sum;
  }
  return total;
}

}  // namespace kolosal
