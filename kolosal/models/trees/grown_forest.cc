#include "kolosal/models/trees/grown_forest.h"

#include <limits>

namespace kolosal {
namespace {

std::vector<bool> codes_left(const FeatureBins& bins, const GrownNode& node) {
  std::vector<bool> left(bins.bin_of_code.size());
  for (size_t code = 0; code < left.size(); ++code) {
    const uint8_t bin = bins.bin_of_code[code];
    left[code] = ((node.left_bins[bin / 64] >> (bin % 64)) & 1) != 0;
  }
  return left;
}

// The sum of the leaf last added.
void add_sum(Forest& forest, const LeafSum& sum, double factor) {
  Forest one;
  one.linear_starts = {0, static_cast<uint32_t>(sum.features.size())};
  one.linear_features = sum.features;
  one.linear_constants = {sum.constant * factor};
  for (const double weight : sum.weights) one.linear_weights.push_back(weight * factor);
  add_linear_leaf(forest, one, 0);
}

}  // namespace

void add_grown_tree(Forest& forest, const GrownTree& tree, const std::vector<FeatureBins>& bins, size_t output, double factor) {
  const auto root = static_cast<int32_t>(forest.nodes.size());
  forest.roots.push_back(root);
  forest.tree_output.push_back(static_cast<int32_t>(output));
  const double scale = forest.scale_of(output), unit = forest.gain_unit();
  for (const GrownNode& grown : tree.nodes) {
    ForestNode node;
    if (grown.left < 0) {
      node.left = static_cast<int32_t>(forest.leaf_values.size());
      forest.leaf_values.push_back(float_within(grown.value * factor / scale));
      if (tree.sums.empty() && !forest.linear_starts.empty()) add_linear_leaf(forest, Forest(), 0);
      if (!tree.sums.empty()) add_sum(forest, tree.sums[forest.nodes.size() - static_cast<size_t>(root)], factor / scale);
    } else {
      node.feature = grown.feature & ForestNode::kLeaf;
      node.default_left = grown.default_left;
      node.left = root + grown.left;
      forest.feature_gain[grown.feature] += grown.gain;
      const FeatureBins& cut = bins[grown.feature];
      if (grown.categorical) node.category_set = add_category_set(forest, codes_left(cut, grown), grown.default_left);
      else node.threshold = grown.bin < cut.upper.size() ? cut.upper[grown.bin] : std::numeric_limits<float>::infinity();
    }
    forest.nodes.push_back(node);
    forest.node_cover.push_back(float_within(grown.cover));
    forest.node_gain.push_back(grown.left < 0 ? 0 : float_within(grown.gain / unit));
  }
}

}  // namespace kolosal
