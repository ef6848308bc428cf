#include "kolosal/models/trees/linear_leaves.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

namespace kolosal {
namespace {

constexpr double kFlat = 1e-10;  // share of its square that a feature must vary by to have a weight
constexpr double kRidge = 1e-9;  // of the variances, so that features that go together have weights that do not run away

}  // namespace

std::vector<std::vector<uint32_t>> features_of_leaves(const GrownTree& tree) {
  std::vector<std::vector<uint32_t>> features(tree.nodes.size());
  for (size_t i = 0; i < tree.nodes.size(); ++i) {  // parents come before their children
    const GrownNode& node = tree.nodes[i];
    if (node.left < 0) continue;
    std::vector<uint32_t> below = std::move(features[i]);
    features[i].clear();
    const auto place = std::ranges::lower_bound(below, node.feature);
    if (!node.categorical && (place == below.end() || *place != node.feature)) below.insert(place, node.feature);
    features[static_cast<size_t>(node.left) + 1] = below;
    features[static_cast<size_t>(node.left)] = std::move(below);
  }
  return features;
}

LeafSum fit_leaf_sum(const FeatureMatrix& x, std::span<const uint32_t> rows, std::span<const double> g, std::span<const double> h,
                     const std::vector<uint32_t>& features, double l2, double value) {
  LeafSum sum;
  sum.constant = value;
  const auto k = static_cast<Eigen::Index>(features.size());
  std::vector<size_t> whole;  // rows without a hole
  for (size_t i = 0; i < rows.size(); ++i)
    if (std::ranges::all_of(features, [&](uint32_t feature) { return std::isfinite(x.at(rows[i], feature)); })) whole.push_back(i);
  if (k == 0 || whole.size() < features.size() + 2) return sum;
  Eigen::VectorXd mean = Eigen::VectorXd::Zero(k), row(k), slope = Eigen::VectorXd::Zero(k);
  double weight = 0;
  for (const size_t i : whole) {
    weight += h[i];
    for (Eigen::Index j = 0; j < k; ++j) mean[j] += h[i] * static_cast<double>(x.at(rows[i], features[static_cast<size_t>(j)]));
  }
  if (!(weight > 0)) return sum;
  mean /= weight;
  Eigen::MatrixXd spread = Eigen::MatrixXd::Zero(k, k);
  for (const size_t i : whole) {
    for (Eigen::Index j = 0; j < k; ++j) row[j] = static_cast<double>(x.at(rows[i], features[static_cast<size_t>(j)])) - mean[j];
    spread.selfadjointView<Eigen::Lower>().rankUpdate(row, h[i]);
    slope -= g[i] * row;
  }
  for (Eigen::Index j = 0; j < k; ++j) {
    if (spread(j, j) <= kFlat * weight * mean[j] * mean[j] || !std::isfinite(spread(j, j))) {  // flat here: no weight
      spread.row(j).setZero();
      spread.col(j).setZero();
      slope[j] = 0;
      spread(j, j) = 1;
    } else {
      spread(j, j) += l2 + kRidge * spread(j, j);
    }
  }
  const Eigen::VectorXd weights = spread.selfadjointView<Eigen::Lower>().ldlt().solve(slope);
  if (!weights.allFinite()) return sum;
  for (Eigen::Index j = 0; j < k; ++j) {
    if (weights[j] == 0) continue;
    sum.features.push_back(features[static_cast<size_t>(j)]);
    sum.weights.push_back(weights[j]);
    sum.constant -= weights[j] * mean[j];
  }
  return sum;
}

double leaf_worth(const GrownTree& tree, int32_t node, const FeatureMatrix& x, size_t row) noexcept {
  const double value = tree.nodes[static_cast<size_t>(node)].value;
  if (tree.sums.empty()) return value;
  const LeafSum& sum = tree.sums[static_cast<size_t>(node)];
  if (sum.features.empty()) return value;
  double total = sum.constant;
  for (size_t term = 0; term < sum.features.size(); ++term) {
    const float number = x.at(row, sum.features[term]);
    if (!std::isfinite(number)) return value;
    total += sum.weights[term] * static_cast<double>(number);
  }
  return total;
}

}  // namespace kolosal
