#include "kolosal/models/forms/quantile_forest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kolosal/base/random.h"
#include "kolosal/models/trees/trees_test_rows.h"

namespace kolosal {
namespace {

using namespace trees_test;

std::unique_ptr<Model> fit(const std::vector<double>& quantiles, Value::Object parameters, const TrainingSet& train) {
  parameters.emplace_back("quantiles", Value(NumberArray::from(quantiles)));
  return learners().make("quantile_forest", Value(std::move(parameters)))->fit(train, nullptr, context_of(2));
}

TEST(QuantileForest, CoversTheShareOfNewRowsThatItNames) {
  Rows train = make_rows(Task::Regression, 4000), test = make_rows(Task::Regression, 2000, 1);
  for (Rows* rows : {&train, &test}) {  // noise beside which a leaf's own spread is small
    RandomStream stream(rows == &train ? 8 : 9, "noise");
    for (double& y : rows->target.values) y += 6 * stream.normal();
  }
  const std::vector<double> quantiles = {0.1, 0.5, 0.9};
  const auto out = predict(*fit(quantiles, {{"n_trees", Value(60)}}, {train.x, train.target}), test.x);
  std::vector<double> below(3, 0.0);
  for (size_t i = 0; i < 2000; ++i) {
    EXPECT_LE(out[3 * i], out[3 * i + 1]);
    EXPECT_LE(out[3 * i + 1], out[3 * i + 2]);
    for (size_t k = 0; k < 3; ++k) below[k] += test.target.values[i] <= out[3 * i + k] ? 1.0 / 2000 : 0;
  }
  for (size_t k = 0; k < 3; ++k) EXPECT_NEAR(below[k], quantiles[k], 0.06);
}

TEST(QuantileForest, TakesWeightsOfAnySize) {
  const Rows train = make_rows(Task::Regression, 200);
  std::vector<double> weights(200), small(200);
  for (size_t i = 0; i < 200; ++i) {
    weights[i] = 1 + static_cast<double>(i % 3);
    small[i] = std::ldexp(weights[i], -200);
  }
  const std::vector<double> quantiles = {0.2, 0.7};
  const auto expected = predict(*fit(quantiles, {{"n_trees", Value(5)}}, {train.x, train.target, weights}), train.x);
  EXPECT_EQ(predict(*fit(quantiles, {{"n_trees", Value(5)}}, {train.x, train.target, small}), train.x), expected);
}

TEST(QuantileForest, IsTheQuantileOfAllTargetsWhereATreeDoesNotSplit) {
  Rows train = make_rows(Task::Regression, 10);
  for (size_t i = 0; i < 10; ++i) train.target.values[i] = static_cast<double>(10 - i);
  std::vector<double> weights(10, 1.0);
  const Value::Object one_leaf = {{"n_trees", Value(3)}, {"min_rows_in_leaf", Value(100)}};
  EXPECT_EQ(predict(*fit({0.1, 0.5, 0.51, 0.95}, one_leaf, {train.x, train.target}), train.x.take(std::vector<uint32_t>{0})),
            (std::vector<double>{1, 5, 6, 10}));
  weights[0] = 10;  // the target 10
  weights[9] = 0;   // the target 1
  EXPECT_EQ(predict(*fit({0.1, 0.4, 0.5}, one_leaf, {train.x, train.target, weights}), train.x.take(std::vector<uint32_t>{0})),
            (std::vector<double>{3, 9, 10}));
}

TEST(QuantileForest, RefusesQuantilesOutsideAndDamagedParts) {
  const Rows train = make_rows(Task::Regression, 50);
  for (const std::vector<double>& wrong : {std::vector<double>{}, {0.0}, {0.5, 1.0}})
    EXPECT_THROW(fit(wrong, {}, {train.x, train.target}), Error);
  const Value whole = fit({0.5}, {{"n_trees", Value(2)}}, {train.x, train.target})->to_value();
  for (const auto& [key, wrong] : {std::pair<const char*, std::vector<uint32_t>>{"leaf_starts", {0, 1}}, {"leaf_targets", {1000}}}) {
    Value damaged = whole;
    damaged.set(key, Value(NumberArray::from(wrong)));
    EXPECT_THROW(model_forms().make("quantile_forest")->from_value(damaged), Error) << key;
  }
}

}  // namespace
}  // namespace kolosal
