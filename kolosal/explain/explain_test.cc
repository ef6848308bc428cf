// Explanations of linear and constant models, permutation importance and partial dependence, by closed form.
#include <gtest/gtest.h>

#include <cmath>

#include "kolosal/base/random.h"
#include "kolosal/explain/contributions.h"
#include "kolosal/explain/partial_dependence.h"
#include "kolosal/explain/permutation.h"
#include "kolosal/models/forms/constant.h"
#include "kolosal/models/forms/linear.h"
#include "kolosal/models/forms/neighbors.h"
#include "kolosal/models/forms/quantile_forest.h"

namespace kolosal {
namespace {

constexpr size_t kRows = 400;

FeatureMatrix normal_rows() {
  FeatureMatrix x({{"a", 0}, {"b", 0}, {"idle", 0}}, kRows);
  RandomStream random(1, "explain rows");
  for (size_t j = 0; j < 3; ++j)
    for (float& value : x.column(j)) value = static_cast<float>(random.normal());
  return x;
}

// 2 a - b + 1.
LinearModel linear_model() { return LinearModel({3, {2, -1, 0}, {1}, Link::Identity}); }

Target targets_of(const Model& model, const FeatureMatrix& x) {
  Target target{.task = Task::Regression, .n_rows = x.n_rows()};
  target.values.resize(x.n_rows());
  model.predict(x, target.values);
  return target;
}

double mean_of(std::span<const float> column) {
  double sum = 0;
  for (const float value : column) sum += static_cast<double>(value);
  return sum / static_cast<double>(column.size());
}

TEST(Contributions, OfALinearModelAreWeightsTimesDistancesFromTheMeans) {
  const FeatureMatrix x = normal_rows();
  const Contributions found = contributions(linear_model(), x, &x, {});
  const double a = mean_of(x.column(0)), b = mean_of(x.column(1));
  EXPECT_NEAR(found.base[0], 1 + 2 * a - b, 1e-12);
  for (size_t row = 0; row < kRows; ++row) {
    EXPECT_NEAR(found.values[3 * row], 2 * (static_cast<double>(x.at(row, 0)) - a), 1e-12);
    EXPECT_NEAR(found.values[3 * row + 1], b - static_cast<double>(x.at(row, 1)), 1e-12);
    EXPECT_EQ(found.values[3 * row + 2], 0);
  }
  EXPECT_THROW(contributions(linear_model(), x, nullptr, {}), Error);
}

TEST(Contributions, OfALinearModelCountFeaturesAsItDoes) {
  const FeatureMatrix x = normal_rows();
  const LinearModel model({3, {2, -1, 0}, {1}, Link::Identity, 0.25});
  const Contributions found = contributions(model, x, &x, {});
  double share = 0;
  for (const float value : x.column(0)) share += value > 0.25F ? 1.0 / kRows : 0;
  for (size_t row = 0; row < kRows; ++row) EXPECT_NEAR(found.values[3 * row], 2 * ((x.at(row, 0) > 0.25F ? 1 : 0) - share), 1e-12);
}

TEST(Contributions, OfALinearModelDoNotInteract) {
  const FeatureMatrix x = normal_rows();
  const Interactions found = interactions(linear_model(), x, &x, {});
  const Contributions alone = contributions(linear_model(), x, &x, {});
  for (size_t row = 0; row < kRows; ++row)
    for (size_t i = 0; i < 3; ++i)
      for (size_t j = 0; j < 3; ++j) EXPECT_EQ(found.values[(row * 3 + i) * 3 + j], i == j ? alone.values[row * 3 + i] : 0);
}

TEST(Contributions, OfAConstantAreNoneAndOfNeighboursAreRefused) {
  const FeatureMatrix x = normal_rows();
  const Contributions found = contributions(ConstantModel({3, {0.25, 0.75}}), x, nullptr, {});
  EXPECT_EQ(found.base, (std::vector<double>{0.25, 0.75}));
  EXPECT_EQ(found.values, std::vector<double>(kRows * 2 * 3));
  EXPECT_THROW(contributions(NeighborsModel({3, 1, 1, false, {0, 0, 0}, {1}, {1}}), x, nullptr, {}), Error);
  EXPECT_THROW(contributions(ConstantModel({2, {1}}), x, nullptr, {}), Error);
}

TEST(Contributions, OfAQuantileForestAreRefusedWithWhatHasThem) {
  Forest tree;
  tree.n_features = 3;
  tree.aggregation = ForestAggregation::Mean;
  tree.base_score = {0};
  tree.feature_gain.assign(3, 0.0);
  tree.nodes = {ForestNode{.left = 0}};
  tree.roots = tree.tree_output = {0};
  tree.leaf_values = {1};
  tree.node_cover = {2};
  const QuantileForestModel model(ForestModel(tree), {{0.5}, {0, 2}, {0, 2}, {0, 1}, {}});
  const FeatureMatrix x = normal_rows();
  for (const FeatureMatrix* background : {static_cast<const FeatureMatrix*>(nullptr), &x}) {
    try {
      (void)contributions(model, x, background, {});
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::Unsupported);
      EXPECT_NE(std::string(error.what()).find("gradient_boosting with the loss 'quantile'"), std::string::npos) << error.what();
    }
  }
}

TEST(PermutationImportance, OfALinearModelIsTwiceTheVarianceOfWhatAFeatureAdds) {
  const FeatureMatrix x = normal_rows();
  const LinearModel model = linear_model();
  const Target target = targets_of(model, x);
  const auto found = permutation_importance(model, {x, target}, {.n_repeats = 30}, {});
  for (const size_t j : {size_t{0}, size_t{1}}) {
    double variance = 0;
    const double mean = mean_of(x.column(j));
    for (const float value : x.column(j)) variance += std::pow(static_cast<double>(value) - mean, 2) / static_cast<double>(kRows);
    const double expected = 2 * variance * (j == 0 ? 4 : 1);
    EXPECT_LT(found[j].low, expected);
    EXPECT_GT(found[j].high, expected);
    EXPECT_NEAR(found[j].mean, expected, 0.05 * expected);
  }
  EXPECT_EQ(found[2].mean, 0);
  EXPECT_EQ(found[2].high, 0);
}

TEST(PermutationImportance, IsTheSameOnAnyNumberOfThreadsAndRefusesALossOfAnotherTask) {
  const FeatureMatrix x = normal_rows();
  const LinearModel model = linear_model();
  const Target target = targets_of(model, x);
  FitContext several;
  several.threads = std::make_shared<const Threads>(4);
  const auto alone = permutation_importance(model, {x, target}, {.loss = RowLoss::Absolute}, {});
  const auto together = permutation_importance(model, {x, target}, {.loss = RowLoss::Absolute}, several);
  for (size_t j = 0; j < 3; ++j) EXPECT_EQ(alone[j].mean, together[j].mean);
  EXPECT_THROW(permutation_importance(model, {x, target}, {.loss = RowLoss::LogLoss}, {}), Error);
}

TEST(PermutationImportance, LeavesRowsOfWeightZeroOutOfTheMean) {
  const FeatureMatrix x = normal_rows();
  const LinearModel model = linear_model();
  Target target = targets_of(model, x);
  std::vector<double> weights(kRows, 1.0);
  weights[7] = 0;
  const double before = permutation_importance(model, {x, target, weights}, {}, {})[0].mean;
  target.values[7] = 1e6;
  EXPECT_EQ(permutation_importance(model, {x, target, weights}, {}, {})[0].mean, before);
}

TEST(PartialDependence, OfALinearModelIsALine) {
  const FeatureMatrix x = normal_rows();
  const std::vector<float> grid = dependence_grid(x, 0, 11);
  ASSERT_EQ(grid.size(), 11U);
  const PartialDependence found = partial_dependence(linear_model(), x, 0, grid, {}, true, {});
  for (size_t v = 0; v < grid.size(); ++v) {
    EXPECT_NEAR(found.average[v], 2 * static_cast<double>(grid[v]) - mean_of(x.column(1)) + 1, 1e-9);
    for (size_t row = 0; row < kRows; ++row)
      EXPECT_NEAR(found.individual[v * kRows + row], 2 * static_cast<double>(grid[v]) - static_cast<double>(x.at(row, 1)) + 1, 1e-9);
  }
}

TEST(PartialDependence, WeighsRowsAndTakesEveryValueOfFew) {
  FeatureMatrix x({{"a", 0}, {"level", 5}}, 4);
  std::ranges::copy(std::vector<float>{3, 1, 1, 2}, x.column(0).begin());
  std::ranges::copy(std::vector<float>{4, 0, 2, NAN}, x.column(1).begin());
  EXPECT_EQ(dependence_grid(x, 0, 10), (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(dependence_grid(x, 1, 2), (std::vector<float>{0, 2, 4}));
  const LinearModel model({2, {1, 0}, {0}, Link::Identity});
  const std::vector<double> weights = {0, 1, 1, 2};
  const std::vector<float> zero = {0};
  EXPECT_EQ(partial_dependence(model, x, 1, zero, weights, false, {}).average, (std::vector<double>{1.5}));
  EXPECT_THROW(partial_dependence(model, x, 2, zero, {}, false, {}), Error);
  EXPECT_THROW(dependence_grid(x, 0, 1), Error);
}

}  // namespace
}  // namespace kolosal
