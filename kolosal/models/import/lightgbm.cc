// LightGBM's text models: a header of key=value lines, a block of them for each tree, parameters, and the pandas categories as JSON.
//
// A row goes left where x <= threshold; a category where its bit is set, else right. Which side NaN goes to is told by the kind of missing
// values of the split: none (NaN counts as 0), zero (0 and NaN go to the default side) or NaN.
//
// Source   LightGBM 4, src/io/tree.cpp and src/boosting/gbdt_model_text.cpp.
// Checked  import_test.cc; predictions and contributions of LightGBM in tests/parity; every byte changed in fuzz/import_fuzz.cc.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "kolosal/base/json.h"
#include "kolosal/models/import/imported_model.h"
#include "kolosal/models/import/tree_nodes.h"

namespace kolosal {
namespace {

constexpr size_t kMostCategories = size_t{1} << 20;

using Entries = std::map<std::string_view, std::string_view>;

std::string_view next_line(std::string_view& text) {
  const size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = text.find(by);
    if (end != 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return parts;
}

template <class T>
T number_of(std::string_view text) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) refuse_import("something else stands where a number belongs");
  return number;
}

std::string_view text_at(const Entries& entries, std::string_view key) {
  const auto found = entries.find(key);
  if (found == entries.end()) refuse_import("'" + std::string(key) + "' is missing");
  return found->second;
}

/// The numbers of a key. Throws where they are not `size`.
template <class T>
std::vector<T> numbers_at(const Entries& entries, std::string_view key, size_t size) {
  std::vector<T> numbers;
  for (const std::string_view part : split(text_at(entries, key), ' ')) numbers.push_back(number_of<T>(part));
  if (numbers.size() != size)
    refuse_import("'" + std::string(key) + "' has " + std::to_string(numbers.size()) + " numbers where " + std::to_string(size) +
                  " belong");
  return numbers;
}

/// Lines up to an empty one.
Entries read_block(std::string_view& text) {
  Entries entries;
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    if (line.empty()) break;
    const size_t equals = line.find('=');
    entries[line.substr(0, equals)] = equals == std::string_view::npos ? std::string_view() : line.substr(equals + 1);
  }
  return entries;
}

struct Objective {
  Task task = Task::Regression;
  ForestLink link = ForestLink::Identity;
  double scale = 1;  ///< of raw outputs
};

Objective objective_of(const Entries& header) {
  const auto parts = split(header.contains("objective") ? header.at("objective") : "regression", ' ');
  const std::string_view name = parts.empty() ? "" : parts[0];
  const auto has = [&](std::string_view option) { return std::ranges::find(parts, option) != parts.end(); };
  if (name == "binary") {
    Objective made{Task::Binary, ForestLink::Sigmoid, 1};
    for (const std::string_view part : parts)
      if (part.starts_with("sigmoid:")) made.scale = number_of<double>(part.substr(8));
    return made;
  }
  if (name == "multiclass") return {Task::Multiclass, ForestLink::Softmax, 1};
  if (name == "poisson" || name == "gamma" || name == "tweedie") return {Task::Regression, ForestLink::Exp, 1};
  if (name == "lambdarank" || name == "rank_xendcg") return {Task::Ranking, ForestLink::Identity, 1};
  for (const std::string_view plain : {"regression", "regression_l1", "huber", "fair", "quantile", "mape"})
    if (name == plain && !has("sqrt")) return {};
  refuse_kind("LightGBM's objective '" + std::string(header.at("objective")) + "' has no counterpart here");
}

std::vector<bool> category_set(const std::vector<uint32_t>& boundaries, const std::vector<uint32_t>& words, double number) {
  if (!(number >= 0) || number + 1 >= static_cast<double>(boundaries.size())) refuse_import("a set of categories is not there");
  const size_t begin = boundaries[static_cast<size_t>(number)], end = boundaries[static_cast<size_t>(number) + 1];
  if (begin >= end || end > words.size()) refuse_import("a set of categories is cut short");
  std::vector<bool> left((end - begin) * 32);
  for (size_t code = 0; code < left.size(); ++code) left[code] = ((words[begin + code / 32] >> (code % 32)) & 1U) != 0;
  return left;
}

class TreeReader {
 public:
  TreeReader(const Entries& entries, double scale) : entries_(entries), scale_(scale) {
    const auto n = number_of<int64_t>(text_at(entries, "num_leaves"));
    if (n < 1 || n > (int64_t{1} << 30)) refuse_import("a tree has " + std::to_string(n) + " leaves");
    n_leaves_ = static_cast<size_t>(n);
    is_linear_ = entries.contains("is_linear") && entries.at("is_linear") != "0";
  }

  /// The splits, then the leaves.
  std::vector<TreeNode> nodes() const {
    const size_t n_splits = n_leaves_ - 1;
    std::vector<TreeNode> nodes(n_splits + n_leaves_);
    const auto values = numbers_at<double>(entries_, "leaf_value", n_leaves_);
    for (size_t leaf = 0; leaf < n_leaves_; ++leaf) nodes[n_splits + leaf].values = {scale_ * values[leaf]};
    if (is_linear_) read_sums(nodes, n_splits);
    if (n_splits == 0) return nodes;
    const auto counts = numbers_at<double>(entries_, "leaf_count", n_leaves_);
    for (size_t leaf = 0; leaf < n_leaves_; ++leaf) nodes[n_splits + leaf].cover = counts[leaf];
    read_splits(nodes, n_splits);
    return nodes;
  }

 private:
  void read_sums(std::vector<TreeNode>& nodes, size_t n_splits) const {
    const auto sizes = numbers_at<size_t>(entries_, "num_features", n_leaves_);
    const auto constants = numbers_at<double>(entries_, "leaf_const", n_leaves_);
    size_t total = 0;
    for (const size_t size : sizes) {
      if (size > kMostCategories) refuse_import("a leaf sums too many features");
      total += size;
    }
    const auto features = numbers_at<uint32_t>(entries_, "leaf_features", total);
    const auto weights = numbers_at<double>(entries_, "leaf_coeff", total);
    for (size_t leaf = 0, at = 0; leaf < n_leaves_; at += sizes[leaf++]) {
      TreeNode& node = nodes[n_splits + leaf];
      node.linear_constant = scale_ * constants[leaf];
      if (sizes[leaf] == 0) node.values = {node.linear_constant};
      for (size_t term = at; term < at + sizes[leaf]; ++term) {
        node.linear_features.push_back(features[term]);
        node.linear_weights.push_back(scale_ * weights[term]);
      }
    }
  }

  void read_splits(std::vector<TreeNode>& nodes, size_t n) const {
    const auto feature = numbers_at<uint32_t>(entries_, "split_feature", n);
    const auto gain = numbers_at<double>(entries_, "split_gain", n);
    const auto threshold = numbers_at<double>(entries_, "threshold", n);
    const auto kind = numbers_at<uint32_t>(entries_, "decision_type", n);
    const auto left = numbers_at<int64_t>(entries_, "left_child", n), right = numbers_at<int64_t>(entries_, "right_child", n);
    const auto count = numbers_at<double>(entries_, "internal_count", n);
    std::vector<uint32_t> boundaries, words;
    if (const auto n_sets = number_of<size_t>(text_at(entries_, "num_cat")); n_sets > 0) {
      if (n_sets > n) refuse_import("a tree has more sets of categories than splits");
      boundaries = numbers_at<uint32_t>(entries_, "cat_boundaries", n_sets + 1);
      words = numbers_at<uint32_t>(entries_, "cat_threshold", boundaries.back());
    }
    for (size_t i = 0; i < n; ++i) {
      TreeNode& node = nodes[i];
      // A child -1, -2, ... is leaf 0, 1, ...
      node.left = left[i] >= 0 ? left[i] : static_cast<int64_t>(n) - 1 - left[i];
      node.right = right[i] >= 0 ? right[i] : static_cast<int64_t>(n) - 1 - right[i];
      node.feature = feature[i];
      node.gain = gain[i];
      node.cover = count[i];
      if (kind[i] & 1U) node.categories_left = category_set(boundaries, words, threshold[i]);
      else read_threshold(node, threshold[i], kind[i]);
    }
  }

  static void read_threshold(TreeNode& node, double threshold, uint32_t kind) {
    const uint32_t missing = (kind >> 2) & 3U;
    const bool default_left = (kind & 2U) != 0, zero_left = threshold >= 0;
    if (missing == 1 && default_left != zero_left) refuse_kind("LightGBM's zero_as_missing has no counterpart here");
    node.threshold = float_at_most(threshold);
    node.default_left = missing == 0 ? zero_left : default_left;
  }

  const Entries& entries_;
  double scale_;
  size_t n_leaves_ = 0;
  bool is_linear_ = false;
};

std::vector<Feature> features_of(const Entries& header) {
  const auto n = number_of<int64_t>(text_at(header, "max_feature_idx"));
  const auto names = split(text_at(header, "feature_names"), ' '), infos = split(text_at(header, "feature_infos"), ' ');
  if (n < 0 || names.size() != static_cast<size_t>(n) + 1 || infos.size() != names.size())
    refuse_import("there are not as many names as features");
  std::vector<Feature> features;
  for (size_t j = 0; j < names.size(); ++j) {
    features.push_back({std::string(names[j]), 0});
    if (infos[j] == "none" || infos[j].starts_with('[')) continue;
    for (const std::string_view code : split(infos[j], ':')) {
      const auto number = number_of<int64_t>(code);
      if (number >= static_cast<int64_t>(kMostCategories)) refuse_import("a category has an impossible code");
      features[j].n_categories = std::max(features[j].n_categories, static_cast<int32_t>(number) + 1);
    }
  }
  return features;
}

/// The levels of the categorical features as pandas had them, where the model tells.
std::vector<Value> levels_of(const std::vector<Feature>& features, std::string_view text) {
  std::vector<Value> levels(features.size());
  const size_t at = text.rfind("pandas_categorical:");
  if (at == std::string_view::npos) return levels;
  text.remove_prefix(at + std::string_view("pandas_categorical:").size());
  const Value found = parse_json(next_line(text));
  if (found.is_null()) return levels;
  size_t taken = 0;
  for (size_t j = 0; j < features.size(); ++j)
    if (features[j].n_categories > 0 && taken < found.as_list().size()) levels[j] = found.as_list()[taken++];
  return taken == found.as_list().size() ? levels : std::vector<Value>(features.size());
}

}  // namespace

ImportedModel import_lightgbm(std::string_view text) {
  check_utf8(text);
  const std::string_view whole = text;
  if (next_line(text) != "tree") refuse_import("it does not begin as LightGBM's");
  const Entries header = read_block(text);
  const Objective objective = objective_of(header);
  ImportedModel made{nullptr, objective.task, features_of(header), {}};
  made.levels = levels_of(made.features, whole);

  const auto n_outputs = number_of<size_t>(text_at(header, "num_tree_per_iteration"));
  if (n_outputs < 1 || n_outputs > 1000000) refuse_import("it has " + std::to_string(n_outputs) + " outputs");
  Forest forest;
  forest.n_features = made.features.size();
  forest.feature_gain.assign(forest.n_features, 0);
  forest.base_score.assign(n_outputs, 0);
  forest.link = objective.link;
  const bool averaged = header.contains("average_output");
  if (averaged) forest.aggregation = ForestAggregation::Mean;
  // A mean divides by all trees, of which each output has its share.
  const double scale = objective.scale * (averaged ? static_cast<double>(n_outputs) : 1);
  if (whole.find("\nis_linear=1") != std::string_view::npos) forest.linear_starts = {0};
  bool ended = false;
  while (!text.empty() && !ended) {
    const Entries block = read_block(text);
    ended = block.contains("end of trees");
    if (!block.contains("Tree")) continue;
    add_tree(forest, TreeReader(block, scale).nodes(), 0, forest.roots.size() % n_outputs);
  }
  if (!ended) refuse_import("its trees end early");
  if (text_at(header, "tree_sizes").empty() ? !forest.roots.empty() : split(header.at("tree_sizes"), ' ').size() != forest.roots.size())
    refuse_import("trees are missing");
  made.model = std::make_unique<ForestModel>(std::move(forest));
  return made;
}

}  // namespace kolosal
