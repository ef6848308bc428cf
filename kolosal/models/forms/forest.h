// Forest: any ensemble of decision trees as plain data, and the model that predicts with it.
//
// A row goes down each tree: at a node with `x <= threshold` (float32) to the left child, else to the right one; at a categorical
// node to the left where the bit of its code is set; a missing value, and a code beyond the bits, to the default side. Leaf values
// are summed (boosting) or averaged (random forests), times leaf_scale, and base_score is added; then the link makes the prediction of
// them. So leaves of float32 tell apart targets far from 0, and hold very large and very small ones. A leaf may have a sum of features in
// place of its value, which then counts where one of them is missing or infinite.
//
// Cost     16 bytes a node; prediction O(trees * depth) a row, rows in blocks with the trees outside.
// Checked  forest_test.cc: small forests by hand, every index of a saved forest broken in turn.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "kolosal/models/model.h"

namespace kolosal {

/// A node of a Forest. The children are the nodes `left` and `left + 1`; a leaf has the number of its values in `left`.
struct ForestNode {
  static constexpr uint32_t kLeaf = 0x7fffffff;

  uint32_t feature : 31 = kLeaf;  ///< kLeaf: a leaf
  uint32_t default_left : 1 = 0;  ///< where missing values and unknown categories go
  float threshold = 0;            ///< numeric split: x <= threshold goes left
  int32_t left = 0;               ///< left child, or the leaf's number
  int32_t category_set = -1;      ///< categorical split: which set goes left; -1 for a numeric one

  /// Whether the node has values and no children.
  bool is_leaf() const noexcept { return feature == kLeaf; }
};
static_assert(sizeof(ForestNode) == 16);

/// How the values of the trees' leaves become one number per raw output.
enum class ForestAggregation { Sum, Mean };
constexpr auto enum_names(ForestAggregation) {
  return std::to_array<std::pair<ForestAggregation, std::string_view>>(
      {{ForestAggregation::Sum, "sum"}, {ForestAggregation::Mean, "mean"}});
}

/// How raw outputs become a prediction: as they are; one score to two class probabilities; scores to class probabilities;
/// shares divided by their sum; exponentials.
enum class ForestLink { Identity, Sigmoid, Softmax, Normalize, Exp };
constexpr auto enum_names(ForestLink) {
  return std::to_array<std::pair<ForestLink, std::string_view>>({{ForestLink::Identity, "identity"},
                                                                 {ForestLink::Sigmoid, "sigmoid"},
                                                                 {ForestLink::Softmax, "softmax"},
                                                                 {ForestLink::Normalize, "normalize"},
                                                                 {ForestLink::Exp, "exp"}});
}

/// Trees as plain data.
struct Forest {
  size_t n_features = 0;
  ForestAggregation aggregation = ForestAggregation::Sum;
  ForestLink link = ForestLink::Identity;
  size_t leaf_width = 1;                        ///< numbers in a leaf
  std::vector<double> base_score;               ///< (n_raw,) what is added to the sum or mean of leaves
  std::vector<double> leaf_scale;               ///< (n_raw,) what numbers in leaves are multiplied by, > 0; empty: 1
  std::vector<ForestNode> nodes;                ///< tree after tree; a child comes after its parent
  std::vector<int32_t> roots;                   ///< (n_trees,) first node of each tree, ascending
  std::vector<int32_t> tree_output;             ///< (n_trees,) raw output that the first number of the tree's leaves goes to
  std::vector<float> leaf_values;               ///< (n_leaves, leaf_width)
  std::vector<uint32_t> category_starts = {0};  ///< (n_sets + 1,) first word of each set in category_bits
  std::vector<uint32_t> category_bits;          ///< bit c of a set's words is category code c
  std::vector<uint32_t> linear_starts;          ///< (n_leaves + 1,) first term of each leaf's sum; empty: leaves are values
  std::vector<uint32_t> linear_features;        ///< (n_terms,) feature of each term
  std::vector<double> linear_weights;           ///< (n_terms,) by what it is multiplied
  std::vector<double> linear_constants;         ///< (n_leaves,) what a sum begins with, of a leaf that has terms
  std::vector<double> feature_gain;             ///< (n_features,) total gain of the splits by each feature
  std::vector<float> node_cover;                ///< (n_nodes,) weight of the training rows that came to each node; empty: not known
  std::vector<float> node_gain;  ///< (n_nodes,) gain of each node's split, of a mean weight times decrease of impurity, in units of
                                 ///< gain_unit(); empty: not known

  /// Numbers that the trees add up for each row.
  size_t n_raw() const noexcept { return base_score.size(); }
  /// What the numbers of leaves that go to a raw output are multiplied by.
  double scale_of(size_t output) const noexcept { return leaf_scale.empty() ? 1 : leaf_scale[output]; }
  /// What node_gain is multiplied by: the square of the greatest scale.
  double gain_unit() const noexcept;
  /// The node after the last one of a tree.
  size_t end_of_tree(size_t tree) const noexcept { return tree + 1 < roots.size() ? static_cast<size_t>(roots[tree + 1]) : nodes.size(); }
  /// Trees that one round, or one tree of a random forest, is made of.
  size_t trees_per_round() const noexcept { return n_raw() / leaf_width; }
};

/// Adds the set of codes that go left at a node, and returns its number. `default_left` says where the codes beyond the set go.
int32_t add_category_set(Forest& forest, const std::vector<bool>& goes_left, bool default_left);

/// What a leaf, of a forest whose leaves may have sums, is worth to a row whose features are x(number).
template <class X>
double linear_leaf(const Forest& forest, size_t leaf, const X& x) noexcept {
  const uint32_t begin = forest.linear_starts[leaf], end = forest.linear_starts[leaf + 1];
  double sum = begin == end ? static_cast<double>(forest.leaf_values[leaf]) : forest.linear_constants[leaf];
  for (uint32_t term = begin; term < end; ++term) {
    const float value = x(forest.linear_features[term]);
    if (!std::isfinite(value)) return static_cast<double>(forest.leaf_values[leaf]);
    sum += forest.linear_weights[term] * static_cast<double>(value);
  }
  return sum;
}

/// Copies the sum of a leaf of `from` to the leaf last added to `to`; all leaves of a forest have one, or none.
void add_linear_leaf(Forest& to, const Forest& from, size_t leaf);

/// The float nearest to a number, the greatest or least one where it is beyond.
inline float float_within(double number) noexcept {
  constexpr double kMost = std::numeric_limits<float>::max();
  return static_cast<float>(std::clamp(number, -kMost, kMost));
}

/// Fills sums of leaves (n_rows, n_raw) with what they begin with.
void begin_sums(const Forest& forest, std::span<double> sums) noexcept;

/// Makes raw outputs of sums of leaves (n_rows, n_raw) over n_trees trees.
void finish_sums(const Forest& forest, size_t n_trees, std::span<double> sums) noexcept;

/// Makes the prediction of one row, (1,) scores to (2,) for a sigmoid, else (n_raw,) to (n_raw,).
void apply_link(const Forest& forest, const double* raw, double* out) noexcept;

/// Whether a row whose feature of the node is x goes to the left child of a node that is not a leaf.
bool goes_left(const Forest& forest, const ForestNode& node, float x) noexcept;

/// The node without children in which a row of x ends, of the tree that begins at node `root`.
int32_t leaf_of(const Forest& forest, int32_t root, const FeatureMatrix& x, size_t row) noexcept;

/// The model of form "forest".
class ForestModel : public Model {
 public:
  /// Throws Error(CorruptArtifact) where an index of the forest points outside.
  explicit ForestModel(Forest forest);

  std::string_view form() const override { return "forest"; }
  size_t n_features() const override { return forest_.n_features; }
  size_t n_outputs() const override { return forest_.link == ForestLink::Sigmoid ? 2 : forest_.n_raw(); }
  void predict(const FeatureMatrix& x, std::span<double> out) const override;
  size_t n_scores() const override { return forest_.link == ForestLink::Normalize ? 0 : forest_.n_raw(); }
  void predict_scores(const FeatureMatrix& x, std::span<double> out) const override;
  std::vector<double> feature_importance() const override;
  size_t n_iterations() const override;
  Value to_value() const override;

  /// The trees themselves.
  const Forest& forest() const noexcept { return forest_; }

 private:
  /// Calls row(raw, number) for each row with its raw outputs.
  void for_each_row(const FeatureMatrix& x, const std::function<void(const double* raw, size_t row)>& body) const;

  Forest forest_;
  std::vector<uint32_t> used_features_;
};

}  // namespace kolosal
