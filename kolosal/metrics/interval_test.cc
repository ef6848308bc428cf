#include "kolosal/metrics/interval.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>

#include "kolosal/base/random.h"
#include "kolosal/metrics/custom_metric.h"

namespace kolosal {
namespace {

struct Rows {
  std::vector<double> target, prediction;
  MetricInput input() const { return {Task::Regression, target, prediction, 1, {}, {}, 0}; }
};

// Errors of a normal distribution: the mean squared error is about 1, with deviation sqrt(2 / n).
Rows make_rows(size_t n, uint64_t seed = 1) {
  Rows rows{std::vector<double>(n), std::vector<double>(n)};
  RandomStream random(seed, "interval test");
  for (double& value : rows.prediction) value = random.normal();
  return rows;
}

FitContext context_of(int n_threads, uint64_t seed = 1) {
  FitContext context;
  context.threads = std::make_shared<const Threads>(n_threads);
  context.seed = seed;
  return context;
}

TEST(BootstrapInterval, HoldsTheScoreAndIsAboutAsWideAsItsTheorySays) {
  const Rows rows = make_rows(400);
  const auto metric = metrics().make("mse");
  const Interval interval = bootstrap_interval(*metric, rows.input(), {0.95, 2000}, context_of(2));
  const double score = metric->score(rows.input());
  EXPECT_LT(interval.low, score);
  EXPECT_GT(interval.high, score);
  EXPECT_NEAR(interval.high - interval.low, 2 * 1.96 * std::sqrt(2.0 / 400), 0.06);
}

TEST(BootstrapInterval, CoversTheTruthAboutAsOftenAsItPromises) {
  size_t n_covered = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const Rows rows = make_rows(200, seed);
    const Interval interval = bootstrap_interval(*metrics().make("mse"), rows.input(), {0.9, 200}, context_of(1, seed));
    n_covered += interval.low <= 1 && interval.high >= 1;
  }
  EXPECT_GT(n_covered, 165U);
  EXPECT_LT(n_covered, 195U);
}

TEST(BootstrapInterval, IsWiderForMoreConfidence) {
  const Rows rows = make_rows(100);
  const auto metric = metrics().make("mse");
  const Interval narrow = bootstrap_interval(*metric, rows.input(), {0.5, 300}, context_of(1));
  const Interval wide = bootstrap_interval(*metric, rows.input(), {0.99, 300}, context_of(1));
  EXPECT_LT(wide.low, narrow.low);
  EXPECT_GT(wide.high, narrow.high);
}

TEST(BootstrapInterval, IsTheSameOnAnyNumberOfThreadsAndAnotherForAnotherSeed) {
  const Rows rows = make_rows(100);
  const auto metric = metrics().make("mae");
  const Interval one = bootstrap_interval(*metric, rows.input(), {}, context_of(1)),
                 eight = bootstrap_interval(*metric, rows.input(), {}, context_of(8));
  EXPECT_EQ(one.low, eight.low);
  EXPECT_EQ(one.high, eight.high);
  EXPECT_NE(one.low, bootstrap_interval(*metric, rows.input(), {}, context_of(1, 2)).low);
}

TEST(BootstrapInterval, IsTheScoreItselfForOneRowAndWhereEveryResampleIsUndefined) {
  const Rows one = make_rows(1);
  const auto metric = metrics().make("mse");
  EXPECT_EQ(bootstrap_interval(*metric, one.input(), {}, context_of(1)).low, metric->score(one.input()));
  const Rows rows = make_rows(10);
  int n_calls = 0;
  const CustomMetric once("once", true, [&](const MetricInput&) { return n_calls++ == 0 ? 0.25 : std::nan(""); });
  const Interval interval = bootstrap_interval(once, rows.input(), {}, context_of(1));
  EXPECT_EQ(interval.low, 0.25);
  EXPECT_EQ(interval.high, 0.25);
}

TEST(BootstrapInterval, LeavesOutResamplesThatAMetricRefuses) {
  // Half of the resamples of two rows have one class only, where the area is not defined.
  const std::vector<double> target = {0, 1}, prediction = {0.9, 0.1, 0.2, 0.8};
  const Interval interval =
      bootstrap_interval(*metrics().make("roc_auc"), {Task::Binary, target, prediction, 2, {}, {}, 0}, {}, context_of(1));
  EXPECT_EQ(interval.low, 1);
  EXPECT_EQ(interval.high, 1);
}

TEST(BootstrapInterval, ResamplesWholeGroups) {
  const std::vector<double> target = {1, 0, 1, 0}, prediction = {1, 0, 1, 0};
  const std::vector<uint32_t> group = {0, 0, 1, 1};
  const CustomMetric whole("whole", true, [](const MetricInput& input) {
    for (size_t row = 0; row < input.n_rows(); row += 2)
      if (input.group[row] != input.group[row + 1] || input.target[row] != 1 || input.target[row + 1] != 0) return 0.0;
    return input.n_rows() == 4 ? 1.0 : 0.0;
  });
  const Interval interval = bootstrap_interval(whole, {Task::Ranking, target, prediction, 1, {}, group, 0}, {}, context_of(1));
  EXPECT_EQ(interval.low, 1);
}

TEST(BootstrapInterval, KeepsToItsWorkAndToTheDeadline) {
  const Rows rows = make_rows(1000);
  std::atomic<int> n_calls = 0;
  const CustomMetric counting("counting", true, [&](const MetricInput&) { return static_cast<double>(n_calls++); });
  bootstrap_interval(counting, rows.input(), {0.95, 200, 50'000}, context_of(1));
  EXPECT_EQ(n_calls, 1 + 50);
  n_calls = 0;
  bootstrap_interval(counting, rows.input(), {0.95, 200, 1}, context_of(1));
  EXPECT_EQ(n_calls, 1 + 40);
  n_calls = 0;
  FitContext late = context_of(1);
  late.deadline = Deadline::after(0);
  const Interval interval = bootstrap_interval(counting, rows.input(), {}, late);
  EXPECT_EQ(n_calls, 1);
  EXPECT_EQ(interval.low, 0);
}

}  // namespace
}  // namespace kolosal
