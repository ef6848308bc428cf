// XGBoost's models as JSON or UBJSON: learner, its objective, and a booster of trees (with weights in DART) or of weights (gblinear).
//
// A row goes left where x < split_condition in float32; a category goes right where it is listed, else left; a missing value to the default
// side. The base score is given as a prediction, before the link is undone.
//
// Source   XGBoost 3, doc/model.schema and src/tree/tree_model.cc.
// Checked  import_test.cc; predictions and contributions of XGBoost in tests/parity; every byte changed in fuzz/import_fuzz.cc.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "kolosal/base/json.h"
#include "kolosal/models/forms/linear.h"
#include "kolosal/models/import/imported_model.h"
#include "kolosal/models/import/tree_nodes.h"
#include "kolosal/models/import/ubjson.h"

namespace kolosal {
namespace {

constexpr size_t kMostOutputs = 100000;
constexpr size_t kMostFeatures = size_t{1} << 20;
constexpr size_t kMostCode = 1 << 16;
constexpr size_t kFewestCodes = 64;  // of a set of categories: those beyond the largest that is listed go where unlisted ones go

/// Numbers of any type, as a list or as an array.
std::vector<double> numbers_at(const Value& object, std::string_view key) {
  const Value& value = object.at(key);
  std::vector<double> made;
  if (value.is_list()) {
    for (const Value& each : value.as_list()) made.push_back(each.is_bool() ? static_cast<double>(each.as_bool()) : each.as_real());
    return made;
  }
  const NumberArray& numbers = value.as_numbers();
  const auto copy = [&]<class T>(T) {
    const auto from = numbers.as<T>();
    made.assign(from.begin(), from.end());
  };
  switch (numbers.type) {
    case NumberType::Float32: copy(float{}); break;
    case NumberType::Float64: copy(double{}); break;
    case NumberType::Int8: copy(int8_t{}); break;
    case NumberType::UInt8: copy(uint8_t{}); break;
    case NumberType::Int16: copy(int16_t{}); break;
    case NumberType::Int32: copy(int32_t{}); break;
    case NumberType::Int64: copy(int64_t{}); break;
    default: refuse_import("'" + std::string(key) + "' holds numbers of a type that does not occur");
  }
  return made;
}

double number_of(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) refuse_import("something else stands where a number belongs");
  return number;
}

size_t size_at(const Value& parameters, std::string_view key, size_t most) {
  const double number = number_of(parameters.at(key).as_text());
  if (!(number >= 0) || number > static_cast<double>(most) || number != std::floor(number))
    refuse_import("'" + std::string(key) + "' is impossible");
  return static_cast<size_t>(number);
}

struct Objective {
  Task task = Task::Regression;
  ForestLink link = ForestLink::Identity;
};

Objective objective_of(const std::string& name) {
  if (name == "binary:logistic") return {Task::Binary, ForestLink::Sigmoid};
  if (name == "multi:softprob" || name == "multi:softmax") return {Task::Multiclass, ForestLink::Softmax};
  if (name == "count:poisson" || name == "reg:gamma" || name == "reg:tweedie") return {Task::Regression, ForestLink::Exp};
  if (name.starts_with("rank:")) return {Task::Ranking, ForestLink::Identity};
  for (const char* plain : {"reg:squarederror", "reg:linear", "reg:pseudohubererror", "reg:absoluteerror", "reg:quantileerror"})
    if (name == plain) return {};
  refuse_kind("XGBoost's objective '" + name + "' has no counterpart here");
}

/// The scores that trees are added to, (n_outputs,): base_score is a number or, of late, a list in brackets.
std::vector<double> base_scores(std::string_view text, size_t n_outputs, ForestLink link) {
  std::vector<double> scores;
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  while (!text.empty()) {
    const size_t end = text.find(',');
    scores.push_back(number_of(text.substr(0, end)));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  if (scores.size() == 1) scores.resize(n_outputs, scores[0]);
  if (scores.size() != n_outputs) refuse_import("there is not one base score for each output");
  for (double& score : scores) {
    if (link == ForestLink::Sigmoid) score = std::log(score / (1 - score));
    if (link == ForestLink::Exp) score = std::log(score);
    if (!std::isfinite(score)) refuse_import("a base score is impossible");
  }
  return scores;
}

/// The arrays of a tree, each of as many numbers as there are nodes.
class TreeArrays {
 public:
  explicit TreeArrays(const Value& tree) : tree_(tree), left_(numbers_at(tree, "left_children")) {
    const Value& parameters = tree.at("tree_param");
    if (parameters.find("size_leaf_vector") != nullptr && size_at(parameters, "size_leaf_vector", kMostOutputs) > 1)
      refuse_kind("XGBoost's trees of several outputs have no counterpart here");
  }

  std::vector<TreeNode> nodes(double scale) const {
    const auto right = at("right_children"), feature = at("split_indices"), condition = at("split_conditions"),
               default_left = at("default_left"), gain = at("loss_changes"), cover = at("sum_hessian");
    std::vector<TreeNode> nodes(left_.size());
    for (size_t i = 0; i < nodes.size(); ++i) {
      TreeNode& node = nodes[i];
      node.cover = cover[i];
      if (!(left_[i] >= 0)) {
        node.values = {scale * condition[i]};
        continue;
      }
      if (!(feature[i] >= 0 && feature[i] < ForestNode::kLeaf) || std::isnan(right[i])) refuse_import("a split is impossible");
      node.left = static_cast<int64_t>(std::min(left_[i], 1e9));
      node.right = static_cast<int64_t>(std::clamp(right[i], -1e9, 1e9));
      node.feature = static_cast<uint32_t>(feature[i]);
      node.threshold = float_below(static_cast<float>(condition[i]));
      node.default_left = default_left[i] != 0;
      node.gain = gain[i];
    }
    read_categories(nodes);
    return nodes;
  }

 private:
  std::vector<double> at(std::string_view key) const {
    std::vector<double> numbers = numbers_at(tree_, key);
    if (numbers.size() != left_.size()) refuse_import("'" + std::string(key) + "' is cut short");
    return numbers;
  }

  void read_categories(std::vector<TreeNode>& nodes) const {
    if (tree_.find("categories_nodes") == nullptr) return;
    const auto split = numbers_at(tree_, "categories_nodes"), begin = numbers_at(tree_, "categories_segments"),
               size = numbers_at(tree_, "categories_sizes"), codes = numbers_at(tree_, "categories");
    if (begin.size() != split.size() || size.size() != split.size()) refuse_import("the categories are cut short");
    for (size_t k = 0; k < split.size(); ++k) {
      const bool there = split[k] >= 0 && split[k] < static_cast<double>(nodes.size()) && begin[k] >= 0 && size[k] >= 0 &&
                         begin[k] + size[k] <= static_cast<double>(codes.size());
      if (!there) refuse_import("the categories are cut short");
      TreeNode& node = nodes[static_cast<size_t>(split[k])];
      node.threshold = 0;
      node.categories_left.assign(kFewestCodes, true);
      for (size_t i = 0; i < static_cast<size_t>(size[k]); ++i) {
        const double code = codes[static_cast<size_t>(begin[k]) + i];
        if (!(code >= 0 && code < kMostCode)) refuse_import("a category is impossible");
        if (code >= static_cast<double>(node.categories_left.size()))
          node.categories_left.resize(static_cast<size_t>(code) + kFewestCodes, true);
        node.categories_left[static_cast<size_t>(code)] = false;
      }
    }
  }

  const Value& tree_;
  std::vector<double> left_;
};

std::unique_ptr<Model> read_trees(const Value& booster, const std::vector<double>& drop, Forest forest) {
  const Value& model = booster.at("model");
  const auto& trees = model.at("trees").as_list();
  const std::vector<double> output = numbers_at(model, "tree_info");
  if (output.size() != trees.size()) refuse_import("'tree_info' is cut short");
  if (!drop.empty() && drop.size() != trees.size()) refuse_import("'weight_drop' is cut short");
  for (size_t t = 0; t < trees.size(); ++t) {
    if (!(output[t] >= 0 && output[t] < static_cast<double>(forest.n_raw()))) refuse_import("a tree is for an output that is not there");
    add_tree(forest, TreeArrays(trees[t]).nodes(drop.empty() ? 1 : drop[t]), 0, static_cast<size_t>(output[t]));
  }
  return std::make_unique<ForestModel>(std::move(forest));
}

/// Weights lie feature by feature, one for each output; the constants come last.
std::unique_ptr<Model> read_weights(const Value& booster, const Forest& scores) {
  const auto weights = numbers_at(booster.at("model"), "weights");
  const size_t p = scores.n_features, k = scores.n_raw();
  if (weights.size() != (p + 1) * k) refuse_import("'weights' is cut short");
  LinearForm form{.n_features = static_cast<int64_t>(p), .weights = std::vector<double>(k * p), .bias = scores.base_score};
  for (size_t c = 0; c < k; ++c) {
    for (size_t j = 0; j < p; ++j) form.weights[c * p + j] = weights[j * k + c];
    form.bias[c] += weights[p * k + c];
  }
  for (const double weight : weights)
    if (!std::isfinite(weight)) refuse_import("a weight is not finite");
  form.link = scores.link == ForestLink::Sigmoid   ? Link::Sigmoid
              : scores.link == ForestLink::Softmax ? Link::Softmax
              : scores.link == ForestLink::Exp     ? Link::Exp
                                                   : Link::Identity;
  return std::make_unique<LinearModel>(std::move(form));
}

std::vector<Feature> features_of(const Value& learner, size_t n) {
  std::vector<Feature> features;
  for (size_t j = 0; j < n; ++j) features.push_back({"x" + std::to_string(j), 0});
  const Value* names = learner.find("feature_names");
  if (names != nullptr && names->is_list() && names->as_list().size() == n)
    for (size_t j = 0; j < n; ++j) features[j].name = names->as_list()[j].as_text();
  return features;
}

ImportedModel import_document(const Value& document) {
  const Value& learner = document.at("learner");
  const Value& parameters = learner.at("learner_model_param");
  const Objective objective = objective_of(learner.at("objective").at("name").as_text());
  const size_t n_classes = size_at(parameters, "num_class", kMostOutputs);
  const size_t n_targets = parameters.find("num_target") == nullptr ? 1 : size_at(parameters, "num_target", kMostOutputs);
  const size_t n_features = size_at(parameters, "num_feature", kMostFeatures);
  const size_t n_outputs = std::max({n_classes, n_targets, size_t{1}});
  if (objective.link == ForestLink::Sigmoid && n_outputs > 1) refuse_kind("XGBoost's several yes-or-no labels have no counterpart here");

  Forest forest;
  forest.n_features = n_features;
  forest.link = objective.link;
  forest.feature_gain.assign(n_features, 0);
  forest.base_score = base_scores(parameters.at("base_score").as_text(), n_outputs, objective.link);
  ImportedModel made{nullptr, objective.task == Task::Regression && n_outputs > 1 ? Task::MultiRegression : objective.task,
                     features_of(learner, n_features), std::vector<Value>(n_features)};
  const Value& booster = learner.at("gradient_booster");
  const std::string& kind = booster.at("name").as_text();
  if (kind == "gbtree") made.model = read_trees(booster, {}, std::move(forest));
  else if (kind == "dart") made.model = read_trees(booster.at("gbtree"), numbers_at(booster, "weight_drop"), std::move(forest));
  else if (kind == "gblinear") made.model = read_weights(booster, forest);
  else refuse_kind("XGBoost's booster '" + kind + "' has no counterpart here");
  return made;
}

}  // namespace

ImportedModel import_xgboost(std::string_view bytes) {
  // Both begin with a brace; a key of JSON is in quotes, one of UBJSON begins with the type of its length.
  const size_t second = bytes.find_first_not_of(" \t\r\n", 1);
  const bool is_text = bytes.starts_with('{') && second != std::string_view::npos && bytes[second] == '"';
  try {
    return import_document(is_text ? parse_json(bytes) : parse_ubjson(bytes));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::BadValue || error.code() == ErrorCode::CorruptArtifact) refuse_import(error.message());
    throw;
  }
}

}  // namespace kolosal
