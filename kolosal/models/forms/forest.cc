#include "kolosal/models/forms/forest.h"

#include <algorithm>
#include <cmath>

namespace kolosal {
namespace {

constexpr size_t kBlockBytes = size_t{1} << 17;  // rows of a block and their raw outputs stay in the cache while the trees pass
constexpr size_t kMostBlockRows = 4096;
constexpr size_t kLanes = 8;  // rows that go down a tree side by side, to hide each other's waits

[[noreturn]] void corrupt(const std::string& what) {
  throw Error(ErrorCode::CorruptArtifact, "forest: " + what, "Make the model again, or use an undamaged copy.");
}

void require(bool holds, const char* what) {
  if (!holds) corrupt(what);
}

void check_node(const Forest& f, size_t node, size_t tree_end) {
  const ForestNode& n = f.nodes[node];
  if (n.is_leaf()) {
    require(n.left >= 0 && static_cast<size_t>(n.left) < f.leaf_values.size() / f.leaf_width, "a leaf has no values");
    return;
  }
  require(n.feature < f.n_features, "a node splits on a feature that is not there");
  require(n.left > static_cast<int64_t>(node) && static_cast<size_t>(n.left) + 1 < tree_end, "a child is outside its tree");
  require(n.category_set >= -1 && n.category_set + 1 < static_cast<int64_t>(f.category_starts.size()), "a category set is not there");
  require(!std::isnan(n.threshold), "a threshold is not a number");
}

void check_linear_leaves(const Forest& f) {
  if (f.linear_starts.empty()) {
    require(f.linear_features.empty() && f.linear_weights.empty() && f.linear_constants.empty(), "sums of leaves are cut short");
    return;
  }
  require(f.leaf_width == 1 && f.linear_starts.size() == f.leaf_values.size() + 1 && f.linear_constants.size() == f.leaf_values.size() &&
              f.linear_starts.front() == 0 && f.linear_starts.back() == f.linear_features.size() &&
              std::ranges::is_sorted(f.linear_starts) && f.linear_weights.size() == f.linear_features.size(),
          "sums of leaves are cut short");
  for (const uint32_t feature : f.linear_features) require(feature < f.n_features, "a sum has a feature that is not there");
  for (const std::vector<double>* numbers : {&f.linear_weights, &f.linear_constants})
    for (const double number : *numbers) require(std::isfinite(number), "a sum of a leaf has a number that is not finite");
}

void check_forest(const Forest& f) {
  require(f.leaf_width >= 1 && f.n_raw() >= 1 && f.leaf_width <= f.n_raw(), "the leaves have the wrong width");
  require(f.link != ForestLink::Sigmoid || f.n_raw() == 1, "a sigmoid needs one raw output");
  require(f.n_features < ForestNode::kLeaf, "there are too many features");
  require(f.leaf_values.size() % f.leaf_width == 0, "the leaf values are cut short");
  require(f.tree_output.size() == f.roots.size(), "the trees' outputs are cut short");
  require(f.feature_gain.size() == f.n_features, "the gains are not one for each feature");
  require(f.aggregation == ForestAggregation::Sum || !f.roots.empty(), "a mean of no trees");
  require(!f.category_starts.empty() && f.category_starts.front() == 0 && f.category_starts.back() == f.category_bits.size() &&
              std::ranges::is_sorted(f.category_starts),
          "the category sets are cut short");
  require(f.roots.empty() ? f.nodes.empty() : f.roots.front() == 0, "the first tree does not begin at the first node");
  for (size_t t = 0; t < f.roots.size(); ++t) {
    const size_t begin = static_cast<size_t>(f.roots[t]);
    const size_t end = f.end_of_tree(t);
    require(f.roots[t] >= 0 && begin < end && end <= f.nodes.size(), "a tree has no nodes");
    require(f.tree_output[t] >= 0 && static_cast<size_t>(f.tree_output[t]) + f.leaf_width <= f.n_raw(), "a tree's output is not there");
    for (size_t node = begin; node < end; ++node) check_node(f, node, end);
  }
  for (const float value : f.leaf_values) require(std::isfinite(value), "a leaf value is not finite");
  check_linear_leaves(f);
  for (const double value : f.base_score) require(std::isfinite(value), "a base score is not finite");
  require(f.leaf_scale.empty() || f.leaf_scale.size() == f.n_raw(), "the scales of leaves are not one for each output");
  for (const double value : f.leaf_scale) require(std::isfinite(value) && value > 0, "a scale of leaves is not a number > 0");
  for (const double value : f.feature_gain) require(std::isfinite(value) && value >= 0, "a gain is not a number >= 0");
  require(f.node_cover.empty() || f.node_cover.size() == f.nodes.size(), "the covers are not one for each node");
  for (const float value : f.node_cover) require(std::isfinite(value) && value >= 0, "a cover is not a number >= 0");
  require(f.node_gain.empty() || f.node_gain.size() == f.nodes.size(), "the splits' gains are not one for each node");
  for (const float value : f.node_gain) require(std::isfinite(value) && value >= 0, "a gain is not a number >= 0");
}

bool category_goes_left(const Forest& f, const ForestNode& node, float x) noexcept {
  const uint32_t start = f.category_starts[static_cast<size_t>(node.category_set)];
  const uint32_t n_words = f.category_starts[static_cast<size_t>(node.category_set) + 1] - start;
  if (!(x >= 0) || x >= static_cast<float>(n_words) * 32) return node.default_left;
  const auto code = static_cast<uint32_t>(x);
  return (f.category_bits[start + code / 32] >> (code % 32)) & 1;
}

// As goes_left, for loops over rows to take in.
inline bool left_of(const Forest& f, const ForestNode& node, float x) noexcept {
  bool left = x <= node.threshold;
  if (node.category_set >= 0) left = category_goes_left(f, node, x);
  else if (x != x) left = node.default_left;
  return left;
}

// Where a row (n_features,) goes from a node that is not a leaf.
int32_t child_of(const Forest& f, const ForestNode& node, const float* row) noexcept {
  return node.left + (left_of(f, node, row[node.feature]) ? 0 : 1);
}

// The leaf nodes that n <= kLanes rows end in.
void find_leaves(const Forest& f, int32_t root, const float* rows, size_t n, const ForestNode** leaves) noexcept {
  const ForestNode* nodes = f.nodes.data();
  std::fill_n(leaves, n, nodes + root);
  for (bool moved = true; moved;) {
    moved = false;
    for (size_t r = 0; r < n; ++r) {
      if (leaves[r]->is_leaf()) continue;
      leaves[r] = nodes + child_of(f, *leaves[r], rows + r * f.n_features);
      moved = true;
    }
  }
}

// The same of kLanes rows where all splits are of numbers: without branches, which cannot be foreseen. A row at its leaf stays there.
void find_leaves_by_numbers(const Forest& f, int32_t root, const float* rows, const ForestNode** leaves) noexcept {
  const ForestNode* const nodes = f.nodes.data();
  std::fill_n(leaves, kLanes, nodes + root);
  if (nodes[root].is_leaf()) return;
  for (uintptr_t moved = 1; moved != 0;) {
    moved = 0;
    for (size_t r = 0; r < kLanes; ++r) {
      const ForestNode* const at = leaves[r];
      const bool stays = at->is_leaf();
      const float x = rows[r * f.n_features + (stays ? 0 : at->feature)];
      const bool left = (x <= at->threshold) | ((x != x) & (at->default_left != 0));
      const ForestNode* const child = nodes + at->left + (left ? 0 : 1);
      leaves[r] = stays ? at : child;
      moved |= static_cast<uintptr_t>(!stays);
    }
  }
}

// Adds every tree's leaf of every row of the block to `raw` (n_rows, n_raw).
void add_trees(const Forest& f, const float* rows, size_t n_rows, double* raw) noexcept {
  const size_t n_raw = f.n_raw();
  const bool numbers = f.category_starts.size() <= 1;
  const ForestNode* leaves[kLanes];
  for (size_t t = 0; t < f.roots.size(); ++t) {
    double* out = raw + f.tree_output[t];
    for (size_t begin = 0; begin < n_rows; begin += kLanes) {
      const size_t n = std::min(kLanes, n_rows - begin);
      if (numbers && n == kLanes) find_leaves_by_numbers(f, f.roots[t], rows + begin * f.n_features, leaves);
      else find_leaves(f, f.roots[t], rows + begin * f.n_features, n, leaves);
      for (size_t r = 0; r < n; ++r, out += n_raw) {
        if (!f.linear_starts.empty()) {
          const float* row = rows + (begin + r) * f.n_features;
          out[0] += linear_leaf(f, static_cast<size_t>(leaves[r]->left), [row](uint32_t feature) { return row[feature]; });
          continue;
        }
        const float* values = f.leaf_values.data() + static_cast<size_t>(leaves[r]->left) * f.leaf_width;
        for (size_t j = 0; j < f.leaf_width; ++j) out[j] += static_cast<double>(values[j]);
      }
    }
  }
}

template <class T>
std::vector<T> numbers_of(const Value& value, std::string_view key) {
  const auto numbers = value.at(key).as_numbers().as<T>();
  return {numbers.begin(), numbers.end()};
}

void read_nodes(const Value& value, Forest& f) {
  const auto feature = value.at("feature").as_numbers().as<int32_t>();
  const auto default_left = value.at("default_left").as_numbers().as<uint8_t>();
  const auto threshold = value.at("threshold").as_numbers().as<float>();
  const auto left = value.at("left").as_numbers().as<int32_t>();
  const auto category_set = value.at("category_set").as_numbers().as<int32_t>();
  const size_t n = feature.size();
  require(default_left.size() == n && threshold.size() == n && left.size() == n && (category_set.empty() || category_set.size() == n),
          "the nodes' arrays differ in length");
  f.nodes.resize(n);
  for (size_t i = 0; i < n; ++i) {
    require(feature[i] >= -1, "a node splits on a feature that is not there");
    require(default_left[i] <= 1, "a default side is neither left nor right");
    ForestNode& node = f.nodes[i];
    node.feature = feature[i] < 0 ? ForestNode::kLeaf : static_cast<uint32_t>(feature[i]) & ForestNode::kLeaf;
    node.default_left = default_left[i] & 1U;
    node.threshold = threshold[i];
    node.left = left[i];
    node.category_set = category_set.empty() ? -1 : category_set[i];
  }
}

class ForestForm : public ModelForm {
 public:
  std::unique_ptr<Model> from_value(const Value& value) const override {
    Forest f;
    try {
      f.n_features = detail::member_from_value<size_t>(value.at("n_features"), "n_features");
      f.aggregation = enum_from_name<ForestAggregation>(value.at("aggregation").as_text());
      f.link = enum_from_name<ForestLink>(value.at("link").as_text());
      f.leaf_width = detail::member_from_value<size_t>(value.at("leaf_width"), "leaf_width");
      f.base_score = numbers_of<double>(value, "base_score");
      f.roots = numbers_of<int32_t>(value, "roots");
      f.tree_output = numbers_of<int32_t>(value, "tree_output");
      f.leaf_values = numbers_of<float>(value, "leaf_values");
      f.category_starts = numbers_of<uint32_t>(value, "category_starts");
      f.category_bits = numbers_of<uint32_t>(value, "category_bits");
      f.feature_gain = numbers_of<double>(value, "feature_gain");
      if (value.find("leaf_scale") != nullptr) f.leaf_scale = numbers_of<double>(value, "leaf_scale");
      if (value.find("node_cover") != nullptr) f.node_cover = numbers_of<float>(value, "node_cover");
      if (value.find("node_gain") != nullptr) f.node_gain = numbers_of<float>(value, "node_gain");
      if (value.find("linear_starts") != nullptr) {
        f.linear_starts = numbers_of<uint32_t>(value, "linear_starts");
        f.linear_features = numbers_of<uint32_t>(value, "linear_features");
        f.linear_weights = numbers_of<double>(value, "linear_weights");
        f.linear_constants = numbers_of<double>(value, "linear_constants");
      }
      read_nodes(value, f);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::CorruptArtifact) throw;
      corrupt(error.message());
    }
    return std::make_unique<ForestModel>(std::move(f));
  }
};

}  // namespace

int32_t add_category_set(Forest& forest, const std::vector<bool>& goes_left, bool default_left) {
  size_t n_words = (goes_left.size() + 31) / 32;
  const size_t start = forest.category_bits.size();
  forest.category_bits.resize(start + n_words, default_left ? ~uint32_t{0} : 0);
  for (size_t c = 0; c < goes_left.size(); ++c) {
    const uint32_t bit = uint32_t{1} << (c % 32);
    uint32_t& word = forest.category_bits[start + c / 32];
    word = goes_left[c] ? word | bit : word & ~bit;
  }
  // Words at the end in which all codes go to the default side need not be kept.
  while (n_words > 0 && forest.category_bits[start + n_words - 1] == (default_left ? ~uint32_t{0} : 0)) --n_words;
  forest.category_bits.resize(start + n_words);
  forest.category_starts.push_back(static_cast<uint32_t>(start + n_words));
  return static_cast<int32_t>(forest.category_starts.size() - 2);
}

void add_linear_leaf(Forest& to, const Forest& from, size_t leaf) {
  if (to.linear_starts.empty()) to.linear_starts.push_back(0);
  if (!from.linear_starts.empty()) {
    const auto begin = static_cast<ptrdiff_t>(from.linear_starts[leaf]), end = static_cast<ptrdiff_t>(from.linear_starts[leaf + 1]);
    to.linear_features.insert(to.linear_features.end(), from.linear_features.begin() + begin, from.linear_features.begin() + end);
    to.linear_weights.insert(to.linear_weights.end(), from.linear_weights.begin() + begin, from.linear_weights.begin() + end);
  }
  to.linear_constants.push_back(from.linear_starts.empty() ? 0 : from.linear_constants[leaf]);
  to.linear_starts.push_back(static_cast<uint32_t>(to.linear_features.size()));
}

double Forest::gain_unit() const noexcept {
  const double greatest = leaf_scale.empty() ? 1 : *std::ranges::max_element(leaf_scale);
  return greatest * greatest;
}

// A sum begins with the base score in units of its leaves, a mean with nothing.
void begin_sums(const Forest& forest, std::span<double> sums) noexcept {
  const size_t n_raw = forest.n_raw();
  for (size_t i = 0; i < sums.size(); i += n_raw)
    for (size_t k = 0; k < n_raw; ++k)
      sums[i + k] = forest.aggregation == ForestAggregation::Mean ? 0 : forest.base_score[k] / forest.scale_of(k);
}

void finish_sums(const Forest& forest, size_t n_trees, std::span<double> sums) noexcept {
  const size_t n_raw = forest.n_raw();
  if (forest.aggregation == ForestAggregation::Sum && forest.leaf_scale.empty()) return;
  for (size_t i = 0; i < sums.size(); i += n_raw)
    for (size_t k = 0; k < n_raw; ++k) {
      double& sum = sums[i + k];
      if (forest.aggregation == ForestAggregation::Sum) sum *= forest.scale_of(k);
      else sum = forest.base_score[k] + sum / static_cast<double>(n_trees) * forest.scale_of(k);
    }
}

bool goes_left(const Forest& forest, const ForestNode& node, float x) noexcept { return left_of(forest, node, x); }

int32_t leaf_of(const Forest& forest, int32_t root, const FeatureMatrix& x, size_t row) noexcept {
  int32_t at = root;
  for (const ForestNode* node = &forest.nodes[static_cast<size_t>(at)]; !node->is_leaf(); node = &forest.nodes[static_cast<size_t>(at)])
    at = node->left + (left_of(forest, *node, x.at(row, node->feature)) ? 0 : 1);
  return at;
}

void apply_link(const Forest& forest, const double* raw, double* out) noexcept {
  const size_t n = forest.n_raw();
  switch (forest.link) {
    case ForestLink::Identity: std::copy_n(raw, n, out); return;
    case ForestLink::Exp:
      for (size_t k = 0; k < n; ++k) out[k] = std::exp(std::min(raw[k], 700.0));
      return;
    case ForestLink::Sigmoid:
      out[1] = 1 / (1 + std::exp(-raw[0]));
      out[0] = 1 / (1 + std::exp(raw[0]));
      return;
    case ForestLink::Softmax: {
      const double top = *std::max_element(raw, raw + n);
      double sum = 0;
      for (size_t k = 0; k < n; ++k) sum += out[k] = std::exp(raw[k] - top);
      for (size_t k = 0; k < n; ++k) out[k] /= sum;
      return;
    }
    case ForestLink::Normalize: {
      double sum = 0;
      for (size_t k = 0; k < n; ++k) sum += raw[k];
      for (size_t k = 0; k < n; ++k) out[k] = sum > 0 ? raw[k] / sum : 1 / static_cast<double>(n);
      return;
    }
  }
}

ForestModel::ForestModel(Forest forest) : forest_(std::move(forest)) {
  check_forest(forest_);
  std::vector<bool> used(forest_.n_features, false);
  for (const ForestNode& node : forest_.nodes)
    if (!node.is_leaf()) used[node.feature] = true;
  for (const uint32_t feature : forest_.linear_features) used[feature] = true;
  for (size_t j = 0; j < used.size(); ++j)
    if (used[j]) used_features_.push_back(static_cast<uint32_t>(j));
}

void ForestModel::for_each_row(const FeatureMatrix& x, const std::function<void(const double* raw, size_t row)>& body) const {
  const size_t n_raw = forest_.n_raw();
  const size_t row_bytes = forest_.n_features * sizeof(float) + n_raw * sizeof(double);
  const size_t block = std::min(std::clamp(kBlockBytes / row_bytes, kLanes, kMostBlockRows), x.n_rows());
  std::vector<float> rows(block * forest_.n_features);
  std::vector<double> raw(block * n_raw);
  for (size_t begin = 0; begin < x.n_rows(); begin += block) {
    const size_t n = std::min(block, x.n_rows() - begin);
    for (const uint32_t j : used_features_) {
      const float* column = x.column(j).data() + begin;
      for (size_t r = 0; r < n; ++r) rows[r * forest_.n_features + j] = column[r];
    }
    const std::span sums = std::span(raw).first(n * n_raw);
    begin_sums(forest_, sums);
    add_trees(forest_, rows.data(), n, raw.data());
    finish_sums(forest_, forest_.roots.size(), sums);
    for (size_t r = 0; r < n; ++r) body(raw.data() + r * n_raw, begin + r);
  }
}

void ForestModel::predict(const FeatureMatrix& x, std::span<double> out) const {
  check_input(x, out);
  const size_t width = n_outputs();
  for_each_row(x, [&](const double* raw, size_t row) { apply_link(forest_, raw, out.data() + row * width); });
}

void ForestModel::predict_scores(const FeatureMatrix& x, std::span<double> out) const {
  if (n_scores() == 0) return Model::predict_scores(x, out);
  check_input(x, out, n_scores());
  for_each_row(x, [&](const double* raw, size_t row) { std::copy_n(raw, n_scores(), out.data() + row * n_scores()); });
}

std::vector<double> ForestModel::feature_importance() const {
  double total = 0;
  for (const double gain : forest_.feature_gain) total += gain;
  std::vector<double> importance = forest_.feature_gain;
  for (double& share : importance) share = total > 0 ? share / total : 0;
  return importance;
}

size_t ForestModel::n_iterations() const { return forest_.roots.size() / forest_.trees_per_round(); }

Value ForestModel::to_value() const {
  const size_t n = forest_.nodes.size();
  std::vector<int32_t> feature(n), left(n), category_set(forest_.category_starts.size() > 1 ? n : 0);
  std::vector<uint8_t> default_left(n);
  std::vector<float> threshold(n);
  for (size_t i = 0; i < n; ++i) {
    const ForestNode& node = forest_.nodes[i];
    feature[i] = node.is_leaf() ? -1 : static_cast<int32_t>(node.feature);
    default_left[i] = node.default_left;
    threshold[i] = node.threshold;
    left[i] = node.left;
    if (!category_set.empty()) category_set[i] = node.category_set;
  }
  Value value(Value::Object{{"n_features", Value(forest_.n_features)},
                            {"aggregation", Value(enum_name(forest_.aggregation))},
                            {"link", Value(enum_name(forest_.link))},
                            {"leaf_width", Value(forest_.leaf_width)},
                            {"base_score", Value(NumberArray::from(forest_.base_score))},
                            {"roots", Value(NumberArray::from(forest_.roots))},
                            {"tree_output", Value(NumberArray::from(forest_.tree_output))},
                            {"feature", Value(NumberArray::from(std::move(feature)))},
                            {"threshold", Value(NumberArray::from(std::move(threshold)))},
                            {"left", Value(NumberArray::from(std::move(left)))},
                            {"default_left", Value(NumberArray::from(std::move(default_left)))},
                            {"category_set", Value(NumberArray::from(std::move(category_set)))},
                            {"leaf_values", Value(NumberArray::from(forest_.leaf_values))},
                            {"category_starts", Value(NumberArray::from(forest_.category_starts))},
                            {"category_bits", Value(NumberArray::from(forest_.category_bits))},
                            {"feature_gain", Value(NumberArray::from(forest_.feature_gain))}});
  if (!forest_.leaf_scale.empty()) value.set("leaf_scale", Value(NumberArray::from(forest_.leaf_scale)));
  if (!forest_.node_cover.empty()) value.set("node_cover", Value(NumberArray::from(forest_.node_cover)));
  if (!forest_.linear_starts.empty()) {
    value.set("linear_starts", Value(NumberArray::from(forest_.linear_starts)));
    value.set("linear_features", Value(NumberArray::from(forest_.linear_features)));
    value.set("linear_weights", Value(NumberArray::from(forest_.linear_weights)));
    value.set("linear_constants", Value(NumberArray::from(forest_.linear_constants)));
  }
  if (!forest_.node_gain.empty()) value.set("node_gain", Value(NumberArray::from(forest_.node_gain)));
  return value;
}

void register_forest(Catalog<ModelForm>& catalog) {
  catalog.add<ForestForm>("forest", "Decision trees: one, a random forest or a boosted sequence.");
}

}  // namespace kolosal
