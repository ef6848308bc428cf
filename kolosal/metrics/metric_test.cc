#include "kolosal/metrics/metric.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

namespace kolosal {
namespace {

using Numbers = std::vector<double>;

// Predictions to be judged, held for as long as a MetricInput looks at them.
struct Judged {
  Task task;
  Numbers target, prediction, weights;
  size_t n_outputs;
  std::vector<uint32_t> group;

  double score(const std::string& name, const Value& parameters = {}) const {
    return metrics().make(name, parameters)->score({task, target, prediction, n_outputs, weights, group, 1});
  }
};

Judged binary(const Numbers& target, const Numbers& positive, Numbers weights = {}) {
  Judged judged{Task::Binary, target, {}, std::move(weights), 2, {}};
  for (const double p : positive) judged.prediction.insert(judged.prediction.end(), {1 - p, p});
  return judged;
}

// Each row puts 0.8 on its predicted class of three.
Judged three_classes(const Numbers& target, const Numbers& predicted, Numbers weights = {}) {
  Judged judged{Task::Multiclass, target, {}, std::move(weights), 3, {}};
  for (const double c : predicted)
    for (int k = 0; k < 3; ++k) judged.prediction.push_back(k == static_cast<int>(c) ? 0.8 : 0.1);
  return judged;
}

Judged numbers(const Numbers& target, const Numbers& prediction, Numbers weights = {}) {
  return {Task::Regression, target, prediction, std::move(weights), 1, {}};
}

void expect_scores(const Judged& judged, const std::map<std::string, double>& wanted) {
  for (const auto& [name, score] : wanted) EXPECT_NEAR(judged.score(name), score, 1e-12) << name;
}

TEST(ClassMetrics, CountTwoClassesAsByHand) {
  // tp 2, fn 1, fp 1, tn 1; 0.5 goes to class 0.
  const Judged judged = binary({1, 1, 1, 0, 0}, {0.9, 0.6, 0.5, 0.7, 0.2});
  expect_scores(judged, {{"accuracy", 0.6},
                         {"balanced_accuracy", (2.0 / 3 + 0.5) / 2},
                         {"precision", 2.0 / 3},
                         {"recall", 2.0 / 3},
                         {"f1", 2.0 / 3},
                         {"precision_macro", (2.0 / 3 + 0.5) / 2},
                         {"recall_macro", (2.0 / 3 + 0.5) / 2},
                         {"f1_macro", (2.0 / 3 + 0.5) / 2},
                         {"precision_micro", 0.6},
                         {"recall_micro", 0.6},
                         {"f1_micro", 0.6},
                         {"precision_weighted", 0.6 * 2 / 3 + 0.4 * 0.5},
                         {"recall_weighted", 0.6 * 2 / 3 + 0.4 * 0.5},
                         {"f1_weighted", 0.6 * 2 / 3 + 0.4 * 0.5},
                         {"mcc", (2.0 * 1 - 1.0 * 1) / 6},
                         {"cohen_kappa", (0.6 - 0.52) / (1 - 0.52)}});
}

TEST(ClassMetrics, CountThreeClassesAsByHand) {
  // Class 0: hit 1 of 2, chosen 2; class 1: hit 1 of 1, chosen 2; class 2: hit 1 of 2, chosen 1.
  const Judged judged = three_classes({0, 0, 1, 2, 2}, {0, 1, 1, 2, 0});
  expect_scores(judged, {{"accuracy", 0.6},
                         {"balanced_accuracy", 2.0 / 3},
                         {"precision", (0.5 + 0.5 + 1) / 3},
                         {"recall", (0.5 + 1 + 0.5) / 3},
                         {"f1", (0.5 + 2.0 / 3 + 2.0 / 3) / 3},
                         {"precision_weighted", 0.4 * 0.5 + 0.2 * 0.5 + 0.4},
                         {"mcc", (15.0 - 8) / 16},
                         {"cohen_kappa", (0.6 - 0.32) / (1 - 0.32)}});
}

TEST(ClassMetrics, WeighRows) {
  // tp 3, fn 1, fp 2, tn 4 by weight; the last row counts as absent.
  const Judged judged = binary({1, 1, 0, 0, 1}, {0.9, 0.1, 0.8, 0.3, 0.1}, {3, 1, 2, 4, 0});
  expect_scores(judged,
                {{"accuracy", 0.7}, {"precision", 0.6}, {"recall", 0.75}, {"f1", 6.0 / 9}, {"balanced_accuracy", (0.75 + 4.0 / 6) / 2}});
}

TEST(ClassMetrics, TakeARatioOfNothingForZero) {
  const Judged never = binary({1, 0}, {0.1, 0.2});
  expect_scores(never, {{"precision", 0}, {"recall", 0}, {"f1", 0}, {"mcc", 0}});
  EXPECT_TRUE(std::isnan(binary({1, 1}, {0.9, 0.9}).score("cohen_kappa")));
  const Judged only{Task::Binary, {0, 0}, {1, 1}, {}, 1, {}};
  expect_scores(only, {{"accuracy", 1}, {"f1", 0}, {"f1_micro", 1}});
}

TEST(PredictedClasses, GiveTiesToTheLowestNumber) {
  EXPECT_EQ(predicted_classes(Numbers{0.4, 0.4, 0.2, 0.1, 0.45, 0.45}, 3), (Numbers{0, 1}));
  EXPECT_TRUE(predicted_classes({}, 0).empty());
}

TEST(ProbabilityMetrics, AreasCountTiesHalf) {
  // Pairs of positive and negative: (0.8, 0.8) half, (0.8, 0.2) won, (0.4, 0.8) lost, (0.4, 0.2) won.
  const Judged judged = binary({1, 1, 0, 0}, {0.8, 0.4, 0.8, 0.2});
  EXPECT_NEAR(judged.score("roc_auc"), 2.5 / 4, 1e-12);
  EXPECT_NEAR(judged.score("pr_auc"), 0.5 * 0.5 + 0.5 * 2 / 3, 1e-12);
  EXPECT_EQ(binary({1, 0}, {0.5, 0.5}).score("roc_auc"), 0.5);
  EXPECT_EQ(binary({1, 0}, {0.9, 0.5}).score("roc_auc"), 1);
}

TEST(ProbabilityMetrics, AreasWeighPairs) {
  const Judged judged = binary({1, 1, 0, 0, 0}, {0.8, 0.4, 0.6, 0.2, 0.9}, {1, 3, 2, 1, 0});
  EXPECT_NEAR(judged.score("roc_auc"), (1 * 2 + 1 * 1 + 3 * 1) / 12.0, 1e-12);
}

TEST(ProbabilityMetrics, AreNotDefinedForOneClass) {
  EXPECT_TRUE(std::isnan(binary({1, 1}, {0.8, 0.4}).score("roc_auc")));
  EXPECT_TRUE(std::isnan(binary({0, 0}, {0.8, 0.4}).score("roc_auc")));
  EXPECT_TRUE(std::isnan(binary({1, 0}, {0.8, 0.4}, {1, 0}).score("roc_auc")));
  EXPECT_TRUE(std::isnan(three_classes({0, 1}, {0, 1}).score("roc_auc")));
}

TEST(ProbabilityMetrics, AverageAreasOfSeveralClasses) {
  const Judged judged = three_classes({0, 1, 2, 2}, {0, 1, 2, 0});
  EXPECT_NEAR(judged.score("roc_auc"), ((1 + 1 + 0.5) / 3 + 1 + 0.75) / 3, 1e-12);
}

TEST(ProbabilityMetrics, LossesAreAsByHand) {
  const Judged judged = binary({1, 0}, {0.8, 0.4}, {1, 3});
  expect_scores(judged, {{"log_loss", -(std::log(0.8) + 3 * std::log(0.6)) / 4}, {"brier", (0.04 + 3 * 0.16) / 4}});
  expect_scores(three_classes({0, 1}, {0, 2}),
                {{"log_loss", -(std::log(0.8) + std::log(0.1)) / 2}, {"brier", (0.06 + 0.81 + 0.64 + 0.01) / 2}});
  EXPECT_NEAR(binary({1}, {0}).score("log_loss"), -std::log(std::numeric_limits<double>::epsilon()), 1e-9);
}

TEST(NumberMetrics, AreAsByHand) {
  // Errors 1, -1, 2, 0.
  const Judged judged = numbers({1, 2, 4, 5}, {0, 3, 2, 5});
  expect_scores(judged,
                {{"mse", 1.5},
                 {"rmse", std::sqrt(1.5)},
                 {"mae", 1},
                 {"median_absolute_error", 1},
                 {"mape", (1 + 0.5 + 0.5) / 4},
                 {"smape", (2 + 2.0 / 5 + 4.0 / 6) / 4},
                 {"r2", 1 - 6.0 / 10},
                 {"adjusted_r2", 1 - 0.6 * 3 / 2},
                 {"pinball", 0.5},
                 {"rmsle", std::sqrt((std::pow(std::log(2.0), 2) + std::pow(std::log(3.0 / 4), 2) + std::pow(std::log(5.0 / 3), 2)) / 4)}});
  EXPECT_NEAR(judged.score("pinball", Value(Value::Object{{"alpha", Value(0.9)}})), (0.9 + 0.1 + 1.8) / 4, 1e-12);
}

TEST(NumberMetrics, WeighRows) {
  const Judged judged = numbers({1, 2, 4, 100}, {0, 3, 2, 5}, {1, 2, 1, 0});
  expect_scores(judged, {{"mse", 7.0 / 4}, {"mae", 5.0 / 4}, {"median_absolute_error", 1}, {"r2", 1 - 7 / 4.75}});
  EXPECT_EQ(numbers({0, 0, 0}, {1, 2, 3}, {1, 1, 2}).score("median_absolute_error"), 2.5);
  EXPECT_EQ(numbers({0, 0, 0}, {1, 2, 3}, {1, 1, 3}).score("median_absolute_error"), 3);
}

TEST(NumberMetrics, AnswerWhereTheTargetDoesNotVary) {
  EXPECT_EQ(numbers({0.1, 0.1, 0.1}, {0.1, 0.1, 0.1}).score("r2"), 1);
  EXPECT_EQ(numbers({0.1, 0.1, 0.1}, {0.2, 0.1, 0.1}).score("r2"), 0);
  EXPECT_EQ(numbers({0.1, 0.1, 0.1}, {0.2, 0.1, 0.1}, {0.1, 0.2, 0.3}).score("r2"), 0);
  EXPECT_TRUE(std::isnan(numbers({1}, {2}).score("r2")));
  EXPECT_TRUE(std::isnan(numbers({1, 2}, {2, 1}).score("adjusted_r2")));
  EXPECT_EQ(numbers({0, 0}, {0, 1}).score("smape"), 1);
}

TEST(NumberMetrics, RefuseTheLogarithmOfWhatIsNotAboveMinusOne) {
  for (const Judged& judged : {numbers({-1, 2}, {0, 3}), numbers({1, 2}, {0, -2})}) {
    try {
      judged.score("rmsle");
      ADD_FAILURE() << "a logarithm was taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::BadValue);
    }
  }
  EXPECT_NO_THROW(numbers({-1, 2}, {0, 3}, {0, 1}).score("rmsle"));
}

TEST(NumberMetrics, AverageOverTargets) {
  const Judged judged{Task::MultiRegression, {1, 10, 2, 20}, {1, 14, 2, 20}, {}, 2, {}};
  expect_scores(judged, {{"mse", 4}, {"rmse", std::sqrt(8.0) / 2}, {"r2", (1 + 1 - 16.0 / 50) / 2}});
}

TEST(Ndcg, DiscountsRelevanceByRankAndSharesTies) {
  const double d1 = 1, d2 = 1 / std::log2(3), d3 = 0.5;
  const Judged ranked{Task::Ranking, {0, 2, 1}, {0.3, 0.2, 0.1}, {}, 1, {0, 0, 0}};
  EXPECT_NEAR(ranked.score("ndcg"), (2 * d2 + d3) / (2 * d1 + d2), 1e-12);
  EXPECT_NEAR(ranked.score("ndcg", Value(Value::Object{{"k", Value(1)}})), 0, 1e-12);
  const Judged tied{Task::Ranking, {0, 2, 1}, {0.2, 0.2, 0.1}, {}, 1, {0, 0, 0}};
  EXPECT_NEAR(tied.score("ndcg"), ((d1 + d2) + d3) / (2 * d1 + d2), 1e-12);
}

TEST(Ndcg, AveragesGroupsByTheMeanWeightOfTheirRows) {
  const double second = 1 / std::log2(3);
  Judged two{Task::Ranking, {1, 0, 0, 1, 0}, {2, 1, 2, 1, 0}, {}, 1, {0, 0, 1, 1, 1}};
  EXPECT_NEAR(two.score("ndcg"), (1 + second) / 2, 1e-12);
  two.weights = {3, 3, 1, 1, 1};
  EXPECT_NEAR(two.score("ndcg"), (3 + second) / 4, 1e-12);
  const Judged nothing{Task::Ranking, {1, 0, 0, 0}, {2, 1, 2, 1}, {}, 1, {0, 0, 1, 1}};
  EXPECT_NEAR(nothing.score("ndcg"), 0.5, 1e-12);
}

}  // namespace
}  // namespace kolosal
