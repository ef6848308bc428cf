#include "kolosal/models/trees/boosting_loss.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

Target random_target(Task task, size_t n, size_t n_classes) {
  Target target;
  target.task = task;
  target.n_rows = n;
  target.n_targets = task == Task::MultiRegression ? 2 : 1;
  for (size_t c = 0; c < n_classes; ++c) target.class_names.push_back(std::to_string(c));
  RandomStream stream(1, "target");
  for (size_t i = 0; i < n * target.n_targets; ++i)
    target.values.push_back(n_classes > 0 ? static_cast<double>(stream.below(n_classes)) : stream.normal());
  return target;
}

// The gradient is the derivative of scale * total weight * mean loss, up to `scale`.
void expect_gradient_is_derivative(const Target& target, double scale, const LossOptions& options = {}) {
  const FitContext context;
  std::vector<double> weights;
  double total = 0;
  for (size_t i = 0; i < target.n_rows; ++i) total += weights.emplace_back(0.5 + static_cast<double>(i % 3));
  const auto loss = make_boosting_loss({target, weights}, options);
  std::vector<double> scores(loss->n_raw() * target.n_rows);
  RandomStream stream(2, "scores");
  for (double& s : scores) s = stream.normal();
  loss->begin_round(scores, context);
  for (size_t k = 0; k < loss->n_raw(); ++k) {
    std::vector<double> g(target.n_rows), h(target.n_rows);
    loss->gradients(k, 0, g, h);
    for (size_t i = 0; i < target.n_rows; ++i) {
      EXPECT_LE(std::abs(g[i]), loss->largest_gradient(k));
      EXPECT_LE(h[i], loss->largest_hessian(k));
      auto up = scores, down = scores;
      up[k * target.n_rows + i] += 1e-4;
      down[k * target.n_rows + i] -= 1e-4;
      const double slope = (loss->mean_loss(up, context) - loss->mean_loss(down, context)) / 2e-4 * total;
      EXPECT_NEAR(g[i], scale * slope, 1e-6);
    }
  }
}

TEST(BoostingLoss, HasTheDerivativeOfItsMeanLossAsGradient) {
  expect_gradient_is_derivative(random_target(Task::Regression, 20, 0), 0.5);
  expect_gradient_is_derivative(random_target(Task::MultiRegression, 20, 0), 1.0);
  expect_gradient_is_derivative(random_target(Task::Binary, 20, 2), 1.0);
  expect_gradient_is_derivative(random_target(Task::Multiclass, 20, 4), 1.0);
}

TEST(BoostingLoss, OfTwoClassesIsTheMeanOfTheRowsLossesWithWeightsAndWithout) {
  const FitContext context;
  const Target target = random_target(Task::Binary, 1300, 2);
  const std::vector<double> ones(1300, 1.0);
  for (const double spread : {0.0, 1.0, 30.0, 1e4}) {
    SCOPED_TRACE(spread);
    RandomStream stream(3, "scores");
    std::vector<double> scores(1300);
    double expected = 0;
    for (size_t i = 0; i < scores.size(); ++i) {
      scores[i] = spread * stream.normal();
      const double wrong = target.values[i] > 0 ? -scores[i] : scores[i];
      expected += (std::max(wrong, 0.0) + std::log1p(std::exp(-std::abs(wrong)))) / 1300;
    }
    EXPECT_NEAR(make_boosting_loss({target, {}})->mean_loss(scores, context), expected, 1e-12 * expected);
    EXPECT_NEAR(make_boosting_loss({target, ones})->mean_loss(scores, context), expected, 1e-12 * expected);
  }
}

Target positive_target(size_t n) {
  Target target = random_target(Task::Regression, n, 0);
  for (double& y : target.values) y = std::exp(y);
  return target;
}

constexpr BoostingLossKind kNumberLosses[] = {BoostingLossKind::Absolute, BoostingLossKind::Huber, BoostingLossKind::Quantile,
                                              BoostingLossKind::Poisson,  BoostingLossKind::Gamma, BoostingLossKind::Tweedie};

TEST(BoostingLoss, OfEveryKindHasTheDerivativeOfItsMeanLossAsGradient) {
  for (const BoostingLossKind kind : kNumberLosses) {
    SCOPED_TRACE(enum_name(kind));
    expect_gradient_is_derivative(positive_target(20), 1.0, {.loss = kind, .quantile = 0.3, .huber_delta = 0.7, .tweedie_power = 1.3});
  }
  expect_gradient_is_derivative(random_target(Task::Binary, 20, 2), 1.0, {.loss = BoostingLossKind::Focal, .focal_gamma = 1.7});
  expect_gradient_is_derivative(random_target(Task::Regression, 20, 0), 3.0,
                                {.loss = BoostingLossKind::Quantile, .quantiles = {0.1, 0.6, 0.9}});
  Target times = random_target(Task::Regression, 30, 0);  // with ties, and censored rows among them
  for (double& time : times.values) time = std::round(4 * time) / 4;
  expect_gradient_is_derivative(times, 1.0, {.loss = BoostingLossKind::Cox});
}

TEST(BoostingLoss, HasTheDerivativeOfItsGradientAsHessianWhereItIsSmooth) {
  const FitContext context;
  for (const BoostingLossKind kind : {BoostingLossKind::Gamma, BoostingLossKind::Tweedie, BoostingLossKind::Focal}) {
    SCOPED_TRACE(enum_name(kind));
    const Target target = kind == BoostingLossKind::Focal ? random_target(Task::Binary, 20, 2) : positive_target(20);
    const auto loss = make_boosting_loss({target, {}}, {.loss = kind, .focal_gamma = 0.8});
    const auto at = [&](double shift) {
      std::vector<double> scores(20, 0.1 + shift), g(20), h(20);
      loss->begin_round(scores, context);
      loss->gradients(0, 0, g, h);
      return std::pair(g, h);
    };
    const auto [up, up_h] = at(1e-5);
    const auto [down, down_h] = at(-1e-5);
    const auto [g, h] = at(0);
    for (size_t i = 0; i < 20; ++i) EXPECT_NEAR(h[i], std::max(0.0, (up[i] - down[i]) / 2e-5), 1e-6);
  }
}

TEST(BoostingLoss, OfEveryKindIsLeastAtItsBaseScore) {
  const FitContext context;
  const Target target = positive_target(51);
  for (const BoostingLossKind kind : kNumberLosses) {
    if (kind == BoostingLossKind::Huber) continue;  // it starts at the median, which is near its least and costs less
    SCOPED_TRACE(enum_name(kind));
    const auto loss = make_boosting_loss({target, {}}, {.loss = kind, .quantile = 0.3});
    const auto at = [&](double shift) { return loss->mean_loss(std::vector<double>(51, loss->base_score()[0] + shift), context); };
    EXPECT_LT(at(0), at(0.05));
    EXPECT_LT(at(0), at(-0.05));
  }
}

TEST(BoostingLoss, RenewsALeafToTheWeightedQuantileOfWhatIsLeft) {
  const FitContext context;
  Target target{Task::Regression, 5, 1, {1, 2, 3, 4, 100}, {}, {}};
  const std::vector<double> weights = {1, 1, 1, 1, 6}, scores(5, 1.0);
  const auto median = make_boosting_loss({target, weights}, {.loss = BoostingLossKind::Absolute});
  median->begin_round(scores, context);
  EXPECT_TRUE(median->renews_leaves());
  EXPECT_EQ(median->renewed_leaf(0, std::vector<uint32_t>{0, 1, 2, 3}, {}), 1);
  EXPECT_EQ(median->renewed_leaf(0, std::vector<uint32_t>{0, 1, 2, 3, 4}, {}), 99);
  EXPECT_EQ(median->renewed_leaf(0, std::vector<uint32_t>{0, 1, 2, 3}, std::vector<float>{1, 1, 1, 9, 1}), 3);
}

TEST(BoostingLoss, SaysWhatTargetsItDoesNotAllow) {
  Target target = random_target(Task::Regression, 20, 0);
  for (const BoostingLossKind kind :
       {BoostingLossKind::Poisson, BoostingLossKind::Gamma, BoostingLossKind::Tweedie, BoostingLossKind::Focal})
    EXPECT_THROW(make_boosting_loss({target, {}}, {.loss = kind}), Error) << enum_name(kind);
  EXPECT_THROW(make_boosting_loss({random_target(Task::Binary, 9, 2), {}}, {.loss = BoostingLossKind::Squared}), Error);
  std::ranges::fill(target.values, 0.0);
  EXPECT_THROW(make_boosting_loss({target, {}}, {.loss = BoostingLossKind::Poisson})->base_score(), Error);
}

TEST(BoostingLoss, IsLeastAtTheBaseScoreAmongConstants) {
  FitContext context;
  context.threads = std::make_shared<const Threads>(2);
  for (const Task task : {Task::Regression, Task::Binary, Task::Multiclass}) {
    const Target target = random_target(task, 50, task == Task::Binary ? 2 : task == Task::Multiclass ? 3 : 0);
    const auto loss = make_boosting_loss({target, {}});
    const auto at = [&](double shift) {
      std::vector<double> scores;
      for (size_t k = 0; k < loss->n_raw(); ++k) scores.insert(scores.end(), 50, loss->base_score()[k] + (k == 0 ? shift : 0));
      return loss->mean_loss(scores, context);
    };
    EXPECT_LT(at(0), at(0.1));
    EXPECT_LT(at(0), at(-0.1));
  }
}

TEST(BoostingLoss, OfRankingPushesTheRelevantUpAndIsZeroForAPerfectOrder) {
  const FitContext context;
  Target target;
  target.task = Task::Ranking;
  target.n_rows = 5;
  target.values = {0, 2, 1, 0, 0};
  target.group = {7, 7, 7, 3, 3};
  const auto loss = make_boosting_loss({target, {}});
  std::vector<double> scores = {3, 1, 2, 0, 0};
  loss->begin_round(scores, context);
  std::vector<double> g(5), h(5);
  loss->gradients(0, 0, g, h);
  EXPECT_GT(g[0], 0);
  EXPECT_LT(g[1], 0);
  EXPECT_EQ(g[3], 0);
  EXPECT_NEAR(g[0] + g[1] + g[2], 0, 1e-12);
  EXPECT_GT(loss->mean_loss(scores, context), 0.1);
  EXPECT_EQ(loss->mean_loss(std::vector<double>{1, 3, 2, 0, 0}, context), 0);
}

TEST(BoostingLoss, OfRankingCountsAGroupByTheMeanWeightOfItsRows) {
  const FitContext context;
  const Target target{Task::Ranking, 5, 1, {0, 2, 1, 0, 1}, {}, {7, 7, 7, 3, 3}};
  const std::vector<double> scores = {3, 1, 2, 5, 0}, weights = {1, 2, 3, 4, 8};
  const auto loss_of = [&](const std::vector<uint32_t>& rows) {
    const Target some = target.take(rows);
    std::vector<double> at;
    for (const uint32_t row : rows) at.push_back(scores[row]);
    return make_boosting_loss({some, {}})->mean_loss(at, context);
  };
  const double first = loss_of({0, 1, 2}), second = loss_of({3, 4});
  EXPECT_NEAR(make_boosting_loss({target, {}})->mean_loss(scores, context), (first + second) / 2, 1e-12);
  EXPECT_NEAR(make_boosting_loss({target, weights})->mean_loss(scores, context), (2 * first + 6 * second) / 8, 1e-12);
}

TEST(BoostingLoss, OfCoxHasTheSecondDerivativeOfARowAsHessian) {
  const FitContext context;
  Target times = random_target(Task::Regression, 30, 0);
  for (double& time : times.values) time = std::round(4 * time) / 4;
  const auto loss = make_boosting_loss({times, {}}, {.loss = BoostingLossKind::Cox});
  std::vector<double> scores(30), g(30), h(30), up(30), down(30), unused(30);
  for (size_t i = 0; i < 30; ++i) scores[i] = std::sin(static_cast<double>(i));
  for (size_t i = 0; i < 30; ++i) {
    loss->begin_round(scores, context);
    loss->gradients(0, 0, g, h);
    const double kept = scores[i];
    scores[i] = kept + 1e-5;
    loss->begin_round(scores, context);
    loss->gradients(0, 0, up, unused);
    scores[i] = kept - 1e-5;
    loss->begin_round(scores, context);
    loss->gradients(0, 0, down, unused);
    scores[i] = kept;
    EXPECT_NEAR(h[i], (up[i] - down[i]) / 2e-5, 1e-6);
  }
}

TEST(BoostingLoss, OfCoxSharesTheRowsAtRiskAmongEventsOfOneTime) {
  const FitContext context;
  const Target twice{Task::Regression, 4, 1, {2, 2, -3, -1}, {}, {}};  // two events at 2 among three at risk
  const std::vector<double> scores = {0.5, 0.5, -0.3, 9};
  const double expected = std::log(2 * std::exp(0.5) + std::exp(-0.3)) - 0.5;
  EXPECT_NEAR(make_boosting_loss({twice, {}}, {.loss = BoostingLossKind::Cox})->mean_loss(scores, context), 2 * expected / 4, 1e-12);
  const Target once{Task::Regression, 3, 1, {2, -3, -1}, {}, {}};
  const std::vector<double> weights = {2, 1, 1}, fewer = {0.5, -0.3, 9};
  EXPECT_NEAR(make_boosting_loss({once, weights}, {.loss = BoostingLossKind::Cox})->mean_loss(fewer, context), 2 * expected / 4, 1e-12);
}

TEST(BoostingLoss, OfXeNdcgPushesTheRelevantUpAndDrawsAnewEachRound) {
  const FitContext context;
  Target target{Task::Ranking, 5, 1, {0, 3, 1, 0, 0}, {}, {7, 7, 7, 3, 3}};
  const auto loss = make_boosting_loss({target, {}}, {.loss = BoostingLossKind::XeNdcg, .seed = 1});
  const std::vector<double> scores = {3, 1, 2, 0, 0};
  const auto next = [&] {
    loss->begin_round(scores, context);
    std::vector<double> g(5), h(5);
    loss->gradients(0, 0, g, h);
    return g;
  };
  const auto first = next(), second = next();
  EXPECT_GT(first[0], 0);
  EXPECT_LT(first[1], 0);
  EXPECT_NE(first, second);
  EXPECT_GT(loss->mean_loss(scores, context), 0.1);
  EXPECT_THROW(make_boosting_loss({random_target(Task::Regression, 9, 0), {}}, {.loss = BoostingLossKind::XeNdcg}), Error);
}

// One loss of each kind, on rows that it allows.
std::vector<std::pair<Target, LossOptions>> each_loss() {
  Target groups = positive_target(20);
  groups.task = Task::Ranking;
  for (uint32_t i = 0; i < 20; ++i) groups.group.push_back(i / 5);
  std::vector<std::pair<Target, LossOptions>> all = {{random_target(Task::MultiRegression, 20, 0), {}},
                                                     {random_target(Task::Binary, 20, 2), {}},
                                                     {random_target(Task::Multiclass, 20, 4), {}},
                                                     {random_target(Task::Binary, 20, 2), {.loss = BoostingLossKind::Focal}},
                                                     {positive_target(20), {.loss = BoostingLossKind::Cox}},
                                                     {groups, {.loss = BoostingLossKind::LambdaRank}},
                                                     {groups, {.loss = BoostingLossKind::XeNdcg}},
                                                     {positive_target(20), {.loss = BoostingLossKind::Quantile, .quantiles = {0.1, 0.9}}}};
  for (const BoostingLossKind kind : kNumberLosses) all.emplace_back(positive_target(20), LossOptions{.loss = kind});
  return all;
}

TEST(BoostingLoss, IsNotKnownWhereTheFitIsToStop) {
  FitContext stopped;
  stopped.cancel.cancel();
  for (const auto& [target, options] : each_loss()) {
    SCOPED_TRACE(enum_name(options.loss));
    const auto loss = make_boosting_loss({target, {}}, options);
    const std::vector<double> scores(loss->n_raw() * target.n_rows, 0.1);
    EXPECT_TRUE(std::isfinite(loss->mean_loss(scores, FitContext())));
    EXPECT_TRUE(std::isnan(loss->mean_loss(scores, stopped)));
  }
}

TEST(BoostingLoss, OfManyClassesStopsAmidABlockOfRows) {
  const Target target = random_target(Task::Multiclass, 2000, 1000);
  const auto loss = make_boosting_loss({target, {}});
  const std::vector<double> scores(loss->n_raw() * target.n_rows, 0.1);
  const auto seconds = [&](const auto& task, double limit) {
    FitContext context;
    context.deadline = Deadline::after(limit);
    const Stopwatch watch;
    task(context);
    return watch.seconds();
  };
  const auto stops = [&](const auto& task) {
    task(FitContext());
    for (int attempt = 0; attempt < 5; ++attempt)
      if (const double whole = seconds(task, 1e9); seconds(task, whole / 10) < whole / 2) return true;
    return false;
  };
  EXPECT_TRUE(stops([&](const FitContext& context) { loss->begin_round(scores, context); }));
  EXPECT_TRUE(stops([&](const FitContext& context) { (void)loss->mean_loss(scores, context); }));
}

}  // namespace
}  // namespace kolosal
