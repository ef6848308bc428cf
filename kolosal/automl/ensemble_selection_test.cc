#include "kolosal/automl/ensemble_selection.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

// Two noisy views of a target, whose errors are independent, and one that is useless.
struct Views {
  Target target;
  std::vector<std::vector<double>> predictions;

  explicit Views(size_t n) {
    target = {Task::Regression, n, 1, std::vector<double>(n), {}, {}};
    predictions.assign(3, std::vector<double>(n));
    RandomStream random(1, "views");
    for (size_t i = 0; i < n; ++i) {
      target.values[i] = random.normal();
      predictions[0][i] = target.values[i] + 0.5 * random.normal();
      predictions[1][i] = target.values[i] + 0.5 * random.normal();
      predictions[2][i] = random.normal() * 3;
    }
  }

  EnsembleInput input() const { return {target, {}, {predictions.begin(), predictions.end()}, 1}; }
};

double rmse(const Views& views, const std::vector<double>& prediction) {
  return metrics().make("rmse")->score({Task::Regression, views.target.values, prediction});
}

TEST(SelectEnsemble, BeatsEverySingleModelAndLeavesOutTheUseless) {
  const Views views(20'000);
  const auto weights = select_ensemble(views.input(), *metrics().make("rmse"), {});
  EXPECT_NEAR(std::accumulate(weights.begin(), weights.end(), 0.0), 1, 1e-12);
  EXPECT_NEAR(weights[0], 0.5, 0.1);
  EXPECT_EQ(weights[2], 0);
  const auto mean = weighted_mean(views.input().predictions, weights);
  EXPECT_LT(rmse(views, mean), rmse(views, views.predictions[0]));
  EXPECT_LT(rmse(views, mean), rmse(views, views.predictions[1]));
}

TEST(SelectEnsemble, DoesNotDependOnTheNumberOfThreads) {
  const Views views(500);
  FitContext one, four;
  four.threads = std::make_shared<const Threads>(4);
  EXPECT_EQ(select_ensemble(views.input(), *metrics().make("rmse"), one), select_ensemble(views.input(), *metrics().make("rmse"), four));
}

TEST(CrossFittedMean, WeighsEachHalfByWhatTheOtherHalfFoundBest) {
  // The first view is exact on the first half of the rows and useless on the second, the second view the other way round.
  Views views(2'000);
  std::vector<uint8_t> half(2'000);
  for (size_t i = 0; i < 2'000; ++i) {
    half[i] = i < 1'000 ? 0 : 1;
    for (const size_t view : {size_t{0}, size_t{1}}) views.predictions[view][i] = half[i] == view ? views.target.values[i] : 100;
  }
  views.predictions.resize(2);
  const auto mean = cross_fitted_mean(views.input(), half, *metrics().make("rmse"), {});
  EXPECT_EQ(mean, std::vector<double>(2'000, 100.0));
  EXPECT_TRUE(cross_fitted_mean(views.input(), std::vector<uint8_t>(2'000, 1), *metrics().make("rmse"), {}).empty());
}

TEST(SelectEnsemble, GivesASingleCandidateAllTheWeight) {
  Views views(50);
  views.predictions.resize(1);
  EXPECT_EQ(select_ensemble(views.input(), *metrics().make("rmse"), {}), std::vector<double>{1.0});
}

TEST(SelectEnsemble, AnUndefinedScoreNeverWins) {
  Views views(2'000);
  views.predictions[1].assign(2'000, std::nan(""));
  const auto weights = select_ensemble(views.input(), *metrics().make("rmse"), {});
  EXPECT_EQ(weights[1], 0);
}

}  // namespace
}  // namespace kolosal
