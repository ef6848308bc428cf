#include "kolosal/models/import/tree_nodes.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kolosal/base/json.h"

namespace kolosal {

void refuse_import(const std::string& what) {
  throw Error(ErrorCode::BadFile, "the model cannot be read: " + what, "Write it again, or use an undamaged copy.");
}

void refuse_kind(const std::string& what) {
  throw Error(ErrorCode::Unsupported, "the model cannot be imported: " + what, "Predict with the library that it was trained with.");
}

void check_utf8(std::string_view text) {
  if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) return;
  if (parse_json(to_json(Value(text))).as_text() != text) refuse_import("a text is not UTF-8");
}

float float_at_most(double x) {
  const auto near = static_cast<float>(x);
  return static_cast<double>(near) <= x ? near : std::nextafter(near, -std::numeric_limits<float>::infinity());
}

float float_below(float x) { return std::nextafter(x, -std::numeric_limits<float>::infinity()); }

namespace {

const TreeNode& node_at(std::span<const TreeNode> nodes, int64_t number) {
  if (number < 0 || static_cast<size_t>(number) >= nodes.size()) refuse_import("a child of a node is not there");
  return nodes[static_cast<size_t>(number)];
}

// The sum of the leaf last added, to a forest whose leaves have sums.
void add_sum(Forest& forest, const TreeNode& node) {
  for (const uint32_t feature : node.linear_features)
    if (feature >= forest.n_features) refuse_import("a leaf sums a feature that is not there");
  Forest one;
  one.linear_features = node.linear_features;
  one.linear_weights = node.linear_weights;
  one.linear_starts = {0, static_cast<uint32_t>(node.linear_features.size())};
  one.linear_constants = {node.linear_constant};
  for (const double number : node.linear_weights)
    if (!std::isfinite(number)) refuse_import("a weight of a leaf is not finite");
  if (!std::isfinite(node.linear_constant)) refuse_import("a constant of a leaf is not finite");
  add_linear_leaf(forest, one, 0);
}

ForestNode made_of(Forest& forest, const TreeNode& node) {
  ForestNode made;
  if (node.left < 0) {
    if (node.values.size() != forest.leaf_width) refuse_import("a leaf has not the values of the others");
    for (const double value : node.values)
      if (!std::isfinite(static_cast<float>(value))) refuse_import("a leaf value is not finite");
    made.left = static_cast<int32_t>(forest.leaf_values.size() / forest.leaf_width);
    for (const double value : node.values) forest.leaf_values.push_back(static_cast<float>(value));
    if (!forest.linear_starts.empty()) add_sum(forest, node);
    return made;
  }
  if (node.feature >= forest.n_features) refuse_import("a node splits on a feature that is not there");
  if (std::isnan(node.threshold)) refuse_import("a threshold is not a number");
  made.feature = node.feature & ForestNode::kLeaf;
  made.threshold = node.threshold;
  made.default_left = node.default_left;
  if (!node.categories_left.empty()) made.category_set = add_category_set(forest, node.categories_left, node.default_left);
  if (std::isfinite(node.gain) && node.gain > 0) forest.feature_gain[node.feature] += node.gain;
  return made;
}

}  // namespace

void add_tree(Forest& forest, std::span<const TreeNode> nodes, size_t root, size_t output) {
  if (output + forest.leaf_width > forest.n_raw()) refuse_import("a tree is for an output that is not there");
  forest.roots.push_back(static_cast<int32_t>(forest.nodes.size()));
  forest.tree_output.push_back(static_cast<int32_t>(output));
  std::vector<int64_t> order = {static_cast<int64_t>(root)};  // breadth first: brothers lie side by side, after their parent
  const size_t first = forest.nodes.size();
  for (size_t i = 0; i < order.size(); ++i) {
    if (order.size() > nodes.size()) refuse_import("a node is reached twice");
    const TreeNode& node = node_at(nodes, order[i]);
    ForestNode made = made_of(forest, node);
    if (node.left >= 0) {
      made.left = static_cast<int32_t>(first + order.size());
      order.push_back(node.left);
      order.push_back(node.right);
    }
    forest.nodes.push_back(made);
    forest.node_gain.push_back(
        node.left >= 0 && std::isfinite(static_cast<float>(node.gain)) && node.gain > 0 ? static_cast<float>(node.gain) : 0);
    forest.node_cover.push_back(std::isfinite(node.cover) && node.cover > 0 ? static_cast<float>(node.cover) : 0);
  }
}

}  // namespace kolosal
