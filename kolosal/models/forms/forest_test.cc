#include "kolosal/models/forms/forest.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kolosal/models/models_test_rows.h"

namespace kolosal {
namespace {

using models_test::predict;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

ForestNode leaf(int32_t number) {
  ForestNode node;
  node.left = number;
  return node;
}

ForestNode split(uint32_t feature, float threshold, int32_t left, bool default_left, int32_t set = -1) {
  ForestNode node;
  node.feature = feature & ForestNode::kLeaf;
  node.threshold = threshold;
  node.left = left;
  node.default_left = default_left;
  node.category_set = set;
  return node;
}

// x0 <= 1 ? 1 : (x1 in {0, 33} ? 2 : 3), and a tree of one leaf worth 10.
Forest small_forest() {
  Forest f;
  f.n_features = 2;
  f.base_score = {0.5};
  std::vector<bool> left(40, false);
  left[0] = left[33] = true;
  const int32_t set = add_category_set(f, left, false);
  f.nodes = {split(0, 1, 1, true), leaf(0), split(1, 0, 3, false, set), leaf(1), leaf(2), leaf(3)};
  f.roots = {0, 5};
  f.tree_output = {0, 0};
  f.leaf_values = {1, 2, 3, 10};
  f.feature_gain = {3, 1};
  return f;
}

FeatureMatrix rows_of(const std::vector<std::pair<float, float>>& rows) {
  FeatureMatrix x({{"a", 0}, {"b", 40}}, rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    x.column(0)[i] = rows[i].first;
    x.column(1)[i] = rows[i].second;
  }
  return x;
}

TEST(Forest, SendsEqualToTheLeftMissingToTheDefaultAndCategoriesByTheirBit) {
  const ForestModel model(small_forest());
  const auto out = predict(model, rows_of({{1, 0}, {kNaN, 0}, {2, 0}, {2, 33}, {2, 1}, {2, kNaN}, {2, 39}, {2, 1e9F}, {2, -1}}));
  EXPECT_EQ(out, (std::vector<double>{11.5, 11.5, 12.5, 12.5, 13.5, 13.5, 13.5, 13.5, 13.5}));
}

TEST(Forest, SendsCodesBeyondTheSetToTheDefaultSide) {
  Forest f = small_forest();
  std::vector<bool> left(40, true);
  left[5] = false;
  f.nodes[2].category_set = add_category_set(f, left, true);
  f.nodes[2].default_left = true;
  const auto out = predict(ForestModel(f), rows_of({{2, 5}, {2, 39}, {2, 1000}, {2, kNaN}}));
  EXPECT_EQ(out, (std::vector<double>{13.5, 12.5, 12.5, 12.5}));
}

TEST(Forest, TurnsScoresIntoProbabilitiesByItsLink) {
  Forest f = small_forest();
  f.link = ForestLink::Sigmoid;
  const auto sigmoid = predict(ForestModel(f), rows_of({{0, 0}}));
  EXPECT_DOUBLE_EQ(sigmoid[1], 1 / (1 + std::exp(-11.5)));
  EXPECT_DOUBLE_EQ(sigmoid[0] + sigmoid[1], 1);
  f.link = ForestLink::Softmax;
  f.base_score = {0.5, 2.5};
  f.tree_output = {0, 1};
  const auto softmax = predict(ForestModel(f), rows_of({{0, 0}}));
  EXPECT_NEAR(softmax[1], 1 / (1 + std::exp(1.5 - 12.5)), 1e-12);
}

TEST(Forest, AveragesVectorsOfLeaves) {
  Forest f;
  f.n_features = 1;
  f.aggregation = ForestAggregation::Mean;
  f.link = ForestLink::Normalize;
  f.leaf_width = 2;
  f.base_score = {0, 0};
  f.nodes = {leaf(0), leaf(1)};
  f.roots = {0, 1};
  f.tree_output = {0, 0};
  f.leaf_values = {1, 0, 0.5, 0.5};
  f.feature_gain = {0};
  const ForestModel model(f);
  EXPECT_EQ(predict(model, FeatureMatrix({{"x", 0}}, 1)), (std::vector<double>{0.75, 0.25}));
  EXPECT_EQ(model.feature_importance(), (std::vector<double>{0}));
  EXPECT_EQ(model.n_iterations(), 2U);
}

TEST(Forest, IsTheSameAfterSavingAndLoading) {
  const ForestModel model(small_forest());
  const auto again = model_from_value(model_to_value(model));
  EXPECT_EQ(again->to_value(), model.to_value());
  EXPECT_EQ(again->feature_importance(), (std::vector<double>{0.75, 0.25}));
  const auto x = rows_of({{1, 0}, {2, 33}, {2, 1}});
  EXPECT_EQ(predict(*again, x), predict(model, x));
}

TEST(Forest, RefusesAColumnTooFew) {
  std::vector<double> out(1);
  EXPECT_THROW(ForestModel(small_forest()).predict(FeatureMatrix({{"a", 0}}, 1), out), Error);
}

void expect_corrupt(Value value) {
  try {
    model_forms().make("forest")->from_value(value);
    ADD_FAILURE() << "a broken forest was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::CorruptArtifact) << error.message();
  }
}

template <class T>
void expect_corrupt_with(const std::string& key, size_t place, T wrong) {
  Value value = ForestModel(small_forest()).to_value();
  const auto numbers = value.at(key).as_numbers().as<T>();
  std::vector<T> changed(numbers.begin(), numbers.end());
  changed.at(place) = wrong;
  value.set(key, Value(NumberArray::from(changed)));
  SCOPED_TRACE(key + " " + std::to_string(place) + " " + std::to_string(wrong));
  expect_corrupt(value);
}

TEST(Forest, RefusesEveryIndexThatPointsOutside) {
  expect_corrupt_with<int32_t>("feature", 0, 2);
  expect_corrupt_with<int32_t>("feature", 0, -2);
  expect_corrupt_with<int32_t>("left", 0, 0);
  expect_corrupt_with<int32_t>("left", 2, 1);
  expect_corrupt_with<int32_t>("left", 2, 4);
  expect_corrupt_with<int32_t>("left", 1, 4);
  expect_corrupt_with<int32_t>("left", 1, -1);
  expect_corrupt_with<int32_t>("category_set", 2, 1);
  expect_corrupt_with<int32_t>("category_set", 2, -2);
  expect_corrupt_with<int32_t>("roots", 0, 1);
  expect_corrupt_with<int32_t>("roots", 1, 6);
  expect_corrupt_with<int32_t>("roots", 1, -1);
  expect_corrupt_with<int32_t>("tree_output", 0, 1);
  expect_corrupt_with<int32_t>("tree_output", 0, -1);
  expect_corrupt_with<uint8_t>("default_left", 0, 2);
  expect_corrupt_with<uint32_t>("category_starts", 0, 1);
  expect_corrupt_with<uint32_t>("category_starts", 1, 3);
  expect_corrupt_with<float>("threshold", 0, kNaN);
  expect_corrupt_with<float>("leaf_values", 0, kNaN);
  expect_corrupt_with<double>("base_score", 0, std::nan(""));
  expect_corrupt_with<double>("feature_gain", 0, -1);
}

TEST(Forest, RefusesAMemberThatIsMissingOrOfAnotherKind) {
  const Value whole = ForestModel(small_forest()).to_value();
  for (const auto& [key, member] : whole.as_object()) {
    SCOPED_TRACE(key);
    Value changed = whole;
    changed.set(key, Value("wrong"));
    expect_corrupt(changed);
    if (!member.is_numbers()) continue;
    changed.set(key, Value(NumberArray::from(std::vector<int16_t>{1})));
    expect_corrupt(changed);
  }
  expect_corrupt(Value());
  expect_corrupt(Value(Value::Object{}));
  Value wide = whole;
  wide.set("leaf_width", Value(0));
  expect_corrupt(wide);
}

}  // namespace
}  // namespace kolosal
