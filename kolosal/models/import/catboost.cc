// CatBoost's models as JSON: symmetric trees, whose leaf number has a bit for each level's split, or trees of nodes inside nodes.
//
// A row goes right where x > border in float32. NaN is compared as it is (never greater), or as less or greater than all borders.
//
// Source   CatBoost, libs/model/model_export/json_model_helpers.cpp.
// Checked  import_test.cc: models by hand; every byte changed in fuzz/import_fuzz.cc.
#include <algorithm>
#include <bit>
#include <cmath>

#include "kolosal/base/json.h"
#include "kolosal/models/import/imported_model.h"
#include "kolosal/models/import/tree_nodes.h"

namespace kolosal {
namespace {

constexpr size_t kDeepestSymmetric = 16;  // CatBoost's own limit for symmetric trees
constexpr int64_t kMostFeatures = int64_t{1} << 20;

std::vector<double> numbers_of(const Value& list) {
  std::vector<double> numbers;
  for (const Value& each : list.as_list()) numbers.push_back(each.as_real());
  return numbers;
}

class CatBoostReader {
 public:
  explicit CatBoostReader(const Value& document) : document_(document) {}

  ImportedModel read() {
    const Value& about = document_.at("features_info");
    for (const char* other : {"categorical_features", "text_features", "embedding_features"})
      if (const Value* features = about.find(other); features != nullptr && features->is_list() && !features->as_list().empty())
        refuse_kind("CatBoost's " + std::string(other) + " have no counterpart here");
    read_features(about.at("float_features").as_list());
    forest_.n_features = features_.size();
    forest_.feature_gain.assign(features_.size(), 0);
    read_scale();
    const Objective objective = objective_of();
    forest_.link = objective.link;
    const Value* symmetric = document_.find("oblivious_trees");
    for (const Value& tree : (symmetric != nullptr ? *symmetric : document_.at("trees")).as_list()) {
      nodes_.clear();
      if (symmetric != nullptr) add_symmetric(tree);
      else add_node(tree);
      add_tree(forest_, nodes_, 0, 0);
    }
    return {std::make_unique<ForestModel>(std::move(forest_)), objective.task, features_, std::vector<Value>(features_.size())};
  }

 private:
  struct Objective {
    Task task = Task::Regression;
    ForestLink link = ForestLink::Identity;
  };

  void read_features(const Value::List& list) {
    for (const Value& each : list) {
      const int64_t column = each.at("flat_feature_index").as_integer();
      if (column < 0 || column >= kMostFeatures) refuse_import("a feature has the number " + std::to_string(column));
      const int64_t number = each.at("feature_index").as_integer();
      if (number != static_cast<int64_t>(columns_.size())) refuse_import("the features are not in order");
      columns_.push_back(static_cast<uint32_t>(column));
      const std::string& missing = each.at("nan_value_treatment").as_text();
      nan_left_.push_back(missing != "AsTrue");
      while (features_.size() <= static_cast<size_t>(column)) features_.push_back({"x" + std::to_string(features_.size()), 0});
      const Value* name = each.find("feature_id");
      if (name != nullptr && name->is_text() && !name->as_text().empty()) features_[static_cast<size_t>(column)].name = name->as_text();
    }
  }

  void read_scale() {
    const auto& parts = document_.at("scale_and_bias").as_list();
    if (parts.size() != 2) refuse_import("'scale_and_bias' is not a scale and its biases");
    scale_ = parts[0].as_real();
    forest_.base_score = parts[1].is_list() ? numbers_of(parts[1]) : std::vector<double>{parts[1].as_real()};
    if (forest_.base_score.empty()) refuse_import("there are no outputs");
    forest_.leaf_width = forest_.base_score.size();
  }

  Objective objective_of() const {
    const Value* parameters = document_.at("model_info").find("params");
    std::string loss = "RMSE";
    if (parameters != nullptr && parameters->find("loss_function") != nullptr) loss = parameters->at("loss_function").at("type").as_text();
    const bool several = forest_.leaf_width > 1;
    if ((loss == "Logloss" || loss == "CrossEntropy") && !several) return {Task::Binary, ForestLink::Sigmoid};
    if (loss == "MultiClass" && several) return {Task::Multiclass, ForestLink::Softmax};
    if (loss == "Poisson" || loss == "Tweedie") return {Task::Regression, ForestLink::Exp};
    if (loss.starts_with("YetiRank") || loss.starts_with("PairLogit") || loss.starts_with("QueryRMSE")) return {Task::Ranking, {}};
    if (loss == "MultiRMSE") return {Task::MultiRegression, {}};
    for (const char* plain : {"RMSE", "MAE", "Quantile", "MAPE", "Huber", "Expectile", "Lq", "LogCosh"})
      if (loss == plain && !several) return {};
    refuse_kind("CatBoost's loss '" + loss + "' has no counterpart here");
  }

  /// A split's left side are the rows that are not above its border.
  TreeNode split_of(const Value& split) const {
    const Value* kind = split.find("split_type");
    if (kind != nullptr && kind->as_text() != "FloatFeature")
      refuse_kind("CatBoost's splits of kind " + kind->as_text() + " have no counterpart here");
    const int64_t number = split.at("float_feature_index").as_integer();
    if (number < 0 || static_cast<size_t>(number) >= columns_.size()) refuse_import("a split asks a feature that is not there");
    TreeNode node;
    node.feature = columns_[static_cast<size_t>(number)];
    node.threshold = static_cast<float>(split.at("border").as_real());
    node.default_left = nan_left_[static_cast<size_t>(number)];
    return node;
  }

  std::vector<double> scaled(std::vector<double> values) const {
    for (double& value : values) value *= scale_;
    return values;
  }

  void add_symmetric(const Value& tree) {
    const auto& splits = tree.find("splits") == nullptr || tree.at("splits").is_null() ? Value::List() : tree.at("splits").as_list();
    const std::vector<double> values = numbers_of(tree.at("leaf_values"));
    const size_t depth = splits.size(), width = forest_.leaf_width;
    if (depth > kDeepestSymmetric || values.size() != (size_t{1} << depth) * width)
      refuse_import("a tree has not two leaves for each split");
    std::vector<double> weights(size_t{1} << depth);
    if (const Value* given = tree.find("leaf_weights"); given != nullptr && given->is_list() && given->as_list().size() == weights.size())
      weights = numbers_of(*given);
    std::vector<TreeNode> levels;
    for (const Value& split : splits) levels.push_back(split_of(split));
    nodes_.assign((size_t{2} << depth) - 1, {});
    // Node n of a level is followed by 2 n + 1 and 2 n + 2; the last split is asked first, as its bit is the highest.
    for (size_t node = 0; node + 1 < (size_t{1} << depth); ++node) {
      nodes_[node] = levels[depth - 1 - static_cast<size_t>(std::bit_width(node + 1) - 1)];
      nodes_[node].left = static_cast<int64_t>(2 * node + 1);
      nodes_[node].right = static_cast<int64_t>(2 * node + 2);
    }
    for (size_t leaf = 0; leaf < weights.size(); ++leaf) {
      TreeNode& node = nodes_[(size_t{1} << depth) - 1 + leaf];
      const auto from = values.begin() + static_cast<ptrdiff_t>(leaf * width);
      node.values = scaled({from, from + static_cast<ptrdiff_t>(width)});
      node.cover = weights[leaf];
    }
    for (size_t node = (size_t{1} << depth) - 1; node-- > 0;) nodes_[node].cover = nodes_[2 * node + 1].cover + nodes_[2 * node + 2].cover;
  }

  /// Adds a node and all below it; gives its number.
  int64_t add_node(const Value& tree) {
    const auto number = static_cast<int64_t>(nodes_.size());
    nodes_.emplace_back();
    if (const Value* split = tree.find("split"); split != nullptr && !split->is_null()) {
      TreeNode node = split_of(*split);
      node.left = add_node(tree.at("left"));
      node.right = add_node(tree.at("right"));
      node.cover = nodes_[static_cast<size_t>(node.left)].cover + nodes_[static_cast<size_t>(node.right)].cover;
      nodes_[static_cast<size_t>(number)] = std::move(node);
    } else {
      const Value& value = tree.at("value");
      TreeNode& node = nodes_[static_cast<size_t>(number)];
      node.values = scaled(value.is_list() ? numbers_of(value) : std::vector<double>{value.as_real()});
      if (tree.find("weight") != nullptr) node.cover = tree.at("weight").as_real();
    }
    return number;
  }

  const Value& document_;
  Forest forest_;
  double scale_ = 1;
  std::vector<Feature> features_;
  std::vector<uint32_t> columns_;  ///< of the table, for each float feature
  std::vector<bool> nan_left_;
  std::vector<TreeNode> nodes_;  ///< of the tree that is being read
};

}  // namespace

ImportedModel import_catboost(std::string_view text) {
  const Value document = parse_json(text);
  try {
    return CatBoostReader(document).read();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::BadValue || error.code() == ErrorCode::CorruptArtifact) refuse_import(error.message());
    throw;
  }
}

}  // namespace kolosal
