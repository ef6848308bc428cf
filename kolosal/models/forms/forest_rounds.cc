#include "kolosal/models/forms/forest_rounds.h"

#include <algorithm>
#include <set>

namespace kolosal {
namespace {

constexpr size_t kBlockRows = 512;

// A list with one number a node, in units `factor` times those of the list that it is added to, carried on where both forests have it.
void append_known(std::vector<float>& to, const std::vector<float>& from, size_t n_before, size_t n_more, double factor = 1) {
  if (from.size() != n_more || to.size() != n_before) return to.clear();
  for (const float number : from) to.push_back(float_within(static_cast<double>(number) * factor));
}

// The leaves of `from` as those of `to`, whose scales and, of a mean, base scores may differ.
void append_leaves(Forest& to, const Forest& from) {
  const size_t width = to.leaf_width, first_leaf = to.leaf_values.size() / width;
  to.leaf_values.insert(to.leaf_values.end(), from.leaf_values.begin(), from.leaf_values.end());
  const bool mean = to.aggregation == ForestAggregation::Mean;
  if (to.leaf_scale == from.leaf_scale && (!mean || to.base_score == from.base_score)) return;
  for (size_t t = 0; t < from.roots.size(); ++t) {
    const auto begin = static_cast<size_t>(from.roots[t]);
    const size_t end = from.end_of_tree(t);
    std::set<int32_t> leaves;  // leaves of a tree may share their numbers
    for (size_t i = begin; i < end; ++i)
      if (from.nodes[i].is_leaf()) leaves.insert(from.nodes[i].left);
    for (const int32_t leaf : leaves)
      for (size_t j = 0; j < width; ++j) {
        const size_t k = static_cast<size_t>(from.tree_output[t]) + j, at = static_cast<size_t>(leaf) * width + j;
        const double shift = mean ? from.base_score[k] - to.base_score[k] : 0;
        to.leaf_values[first_leaf * width + at] =
            float_within((static_cast<double>(from.leaf_values[at]) * from.scale_of(k) + shift) / to.scale_of(k));
        if (to.linear_starts.empty()) continue;
        const double factor = from.scale_of(k) / to.scale_of(k);
        to.linear_constants[first_leaf + at] *= factor;
        for (size_t term = to.linear_starts[first_leaf + at]; term < to.linear_starts[first_leaf + at + 1]; ++term)
          to.linear_weights[term] *= factor;
      }
  }
}

bool same_shape(const Forest& a, const Forest& b) {
  return a.n_features == b.n_features && a.aggregation == b.aggregation && a.link == b.link && a.leaf_width == b.leaf_width &&
         a.n_raw() == b.n_raw();
}

}  // namespace

std::vector<double> feature_gains(const Forest& forest) {
  std::vector<double> gains(forest.n_features, 0.0);
  for (size_t t = 0; t < forest.roots.size(); ++t) {
    const auto begin = static_cast<size_t>(forest.roots[t]);
    const size_t end = forest.end_of_tree(t);
    double total = 0;
    for (size_t i = begin; i < end; ++i) total += static_cast<double>(forest.node_gain[i]);
    const double divisor = forest.aggregation != ForestAggregation::Mean ? 1 / forest.gain_unit() : total > 0 ? total : 1;
    for (size_t i = begin; i < end; ++i)
      if (!forest.nodes[i].is_leaf()) gains[forest.nodes[i].feature] += static_cast<double>(forest.node_gain[i]) / divisor;
  }
  return gains;
}

Forest forest_like(const Forest& forest) {
  Forest made;
  made.n_features = forest.n_features;
  made.aggregation = forest.aggregation;
  made.link = forest.link;
  made.leaf_width = forest.leaf_width;
  made.base_score = forest.base_score;
  made.leaf_scale = forest.leaf_scale;
  made.feature_gain.assign(forest.n_features, 0.0);
  return made;
}

StagedPrediction::StagedPrediction(const ForestModel& model, FeatureMatrix x) : model_(model), x_(std::move(x)) {
  if (x_.n_features() != model.n_features())
    throw Error(ErrorCode::FeatureMismatch,
                "the model was trained on " + std::to_string(model.n_features()) + " features but got " + std::to_string(x_.n_features()));
  raw_.resize(x_.n_rows() * model.forest().n_raw());
  begin_sums(model.forest(), raw_);
}

bool StagedPrediction::next(const Threads& threads, std::span<double> out) {
  const Forest& f = model_.forest();
  const size_t width = f.trees_per_round(), n_raw = f.n_raw();
  if ((round_ + 1) * width > f.roots.size()) return false;
  threads.parallel_for(x_.n_rows(), kBlockRows, [&](size_t begin, size_t end) {
    for (size_t t = round_ * width; t < (round_ + 1) * width; ++t)
      for (size_t row = begin; row < end; ++row) {
        const ForestNode* node = &f.nodes[static_cast<size_t>(leaf_of(f, f.roots[t], x_, row))];
        double* raw = raw_.data() + row * n_raw + static_cast<size_t>(f.tree_output[t]);
        if (!f.linear_starts.empty()) {
          raw[0] += linear_leaf(f, static_cast<size_t>(node->left), [&](uint32_t feature) { return x_.at(row, feature); });
          continue;
        }
        for (size_t j = 0; j < f.leaf_width; ++j)
          raw[j] += static_cast<double>(f.leaf_values[static_cast<size_t>(node->left) * f.leaf_width + j]);
      }
    std::vector<double> shares(n_raw);
    for (size_t row = begin; row < end; ++row) {
      std::copy_n(raw_.begin() + static_cast<ptrdiff_t>(row * n_raw), n_raw, shares.begin());
      finish_sums(f, (round_ + 1) * width, shares);
      apply_link(f, shares.data(), out.data() + row * model_.n_outputs());
    }
  });
  ++round_;
  return true;
}

void append_trees(Forest& forest, const Forest& more) {
  const auto first_node = static_cast<int32_t>(forest.nodes.size());
  const auto first_leaf = static_cast<int32_t>(forest.leaf_values.size() / forest.leaf_width);
  const auto first_set = static_cast<int32_t>(forest.category_starts.size() - 1);
  append_known(forest.node_cover, more.node_cover, forest.nodes.size(), more.nodes.size());
  append_known(forest.node_gain, more.node_gain, forest.nodes.size(), more.nodes.size(), more.gain_unit() / forest.gain_unit());
  for (ForestNode node : more.nodes) {
    node.left += node.is_leaf() ? first_leaf : first_node;
    if (node.category_set >= 0) node.category_set += first_set;
    forest.nodes.push_back(node);
  }
  for (const int32_t root : more.roots) forest.roots.push_back(root + first_node);
  forest.tree_output.insert(forest.tree_output.end(), more.tree_output.begin(), more.tree_output.end());
  if (!forest.linear_starts.empty() || !more.linear_starts.empty()) {
    const Forest values;  // whose leaves have no sums
    if (forest.linear_starts.empty())
      for (size_t leaf = 0; leaf < forest.leaf_values.size(); ++leaf) add_linear_leaf(forest, values, leaf);
    for (size_t leaf = 0; leaf < more.leaf_values.size(); ++leaf) add_linear_leaf(forest, more, leaf);
  }
  append_leaves(forest, more);
  const uint32_t first_word = forest.category_starts.back();
  for (size_t i = 1; i < more.category_starts.size(); ++i) forest.category_starts.push_back(more.category_starts[i] + first_word);
  forest.category_bits.insert(forest.category_bits.end(), more.category_bits.begin(), more.category_bits.end());
  for (size_t f = 0; f < forest.feature_gain.size(); ++f) forest.feature_gain[f] += more.feature_gain[f];
}

Forest slice_rounds(const Forest& forest, size_t begin, size_t end) {
  const size_t width = forest.trees_per_round(), n_rounds = forest.roots.size() / width;
  if (begin > end || end > n_rounds || (begin == end && forest.aggregation == ForestAggregation::Mean))
    throw Error(ErrorCode::BadValue,
                "rounds " + std::to_string(begin) + " to " + std::to_string(end) + " of a forest of " + std::to_string(n_rounds),
                "Name rounds that there are; a mean needs one at least.");
  if (begin == 0 && end == n_rounds) return forest;
  Forest made = forest_like(forest);
  if (begin == end) return made;
  const size_t first_tree = begin * width, last_tree = end * width;
  const auto first = static_cast<size_t>(forest.roots[first_tree]);
  const size_t last = forest.end_of_tree(last_tree - 1);
  const auto part = [&](const std::vector<float>& all) {
    return all.empty() ? all : std::vector<float>(all.begin() + static_cast<ptrdiff_t>(first), all.begin() + static_cast<ptrdiff_t>(last));
  };
  made.node_cover = part(forest.node_cover);
  made.node_gain = part(forest.node_gain);
  for (size_t i = first; i < last; ++i) {
    ForestNode node = forest.nodes[i];
    if (node.is_leaf()) {
      const auto values = forest.leaf_values.begin() + node.left * static_cast<ptrdiff_t>(forest.leaf_width);
      if (!forest.linear_starts.empty()) add_linear_leaf(made, forest, static_cast<size_t>(node.left));
      node.left = static_cast<int32_t>(made.leaf_values.size() / made.leaf_width);
      made.leaf_values.insert(made.leaf_values.end(), values, values + static_cast<ptrdiff_t>(forest.leaf_width));
    } else {
      node.left -= static_cast<int32_t>(first);
      if (node.category_set >= 0) {
        const auto set = static_cast<size_t>(node.category_set);
        node.category_set = static_cast<int32_t>(made.category_starts.size() - 1);
        made.category_bits.insert(made.category_bits.end(), forest.category_bits.begin() + forest.category_starts[set],
                                  forest.category_bits.begin() + forest.category_starts[set + 1]);
        made.category_starts.push_back(static_cast<uint32_t>(made.category_bits.size()));
      }
    }
    made.nodes.push_back(node);
  }
  for (size_t t = first_tree; t < last_tree; ++t) {
    made.roots.push_back(forest.roots[t] - static_cast<int32_t>(first));
    made.tree_output.push_back(forest.tree_output[t]);
  }
  if (!made.node_gain.empty()) {
    made.feature_gain = feature_gains(made);
  } else {
    made.feature_gain = forest.feature_gain;
    for (double& gain : made.feature_gain) gain *= static_cast<double>(end - begin) / static_cast<double>(n_rounds);
  }
  return made;
}

Forest mean_of_forests(std::span<const Forest* const> forests) {
  if (forests.empty()) throw Error(ErrorCode::BadValue, "there is no forest to take the mean of", "Pass one at least.");
  Forest made = forest_like(*forests[0]);
  const bool sums = made.aggregation == ForestAggregation::Sum;
  if (sums) std::ranges::fill(made.base_score, 0.0);
  for (const Forest* each : forests) {
    if (!same_shape(*forests[0], *each))
      throw Error(ErrorCode::BadValue, "the forests differ in their features, outputs or kind", "Merge models of one class and one task.");
    append_trees(made, *each);
    for (size_t k = 0; sums && k < made.n_raw(); ++k) made.base_score[k] += each->base_score[k] / static_cast<double>(forests.size());
  }
  if (sums) {
    for (float& value : made.leaf_values) value /= static_cast<float>(forests.size());
    for (std::vector<double>* numbers : {&made.linear_weights, &made.linear_constants})
      for (double& number : *numbers) number /= static_cast<double>(forests.size());
  }
  return made;
}

}  // namespace kolosal
