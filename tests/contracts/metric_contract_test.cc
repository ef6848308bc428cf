// What every metric of the catalog promises, for every task it supports: weights that mean what they say, no effect of the
// order of rows, numbers that are finite or NaN, and an Error where there is nothing to judge or the input cannot be read.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kolosal/base/random.h"
#include "kolosal/metrics/metric.h"

namespace kolosal {
namespace {

constexpr Task kTasks[] = {Task::Binary, Task::Multiclass, Task::Regression, Task::MultiRegression, Task::Ranking};
constexpr size_t kRows = 60;

// Predictions, rounded so that some are equal, and what MetricInput looks at.
struct Judged {
  Task task;
  size_t n_outputs, n_targets;
  std::vector<double> target, prediction, weights;
  std::vector<uint32_t> group;

  MetricInput input() const { return {task, target, prediction, n_outputs, weights, group, 2}; }

  Judged take(std::span<const size_t> rows) const {
    Judged taken{task, n_outputs, n_targets, {}, {}, {}, {}};
    for (const size_t row : rows) {
      for (size_t k = 0; k < n_targets; ++k) taken.target.push_back(target[row * n_targets + k]);
      for (size_t k = 0; k < n_outputs; ++k) taken.prediction.push_back(prediction[row * n_outputs + k]);
      if (!weights.empty()) taken.weights.push_back(weights[row]);
      if (!group.empty()) taken.group.push_back(group[row]);
    }
    return taken;
  }
};

Judged make_judged(Task task, uint64_t seed) {
  RandomStream random(seed, "metric contract");
  Judged made{task, 1, 1, {}, {}, {}, {}};
  if (task == Task::Binary) made.n_outputs = 2;
  if (task == Task::Multiclass) made.n_outputs = 4;
  if (task == Task::MultiRegression) made.n_outputs = made.n_targets = 3;
  for (size_t row = 0; row < kRows; ++row) {
    if (is_classification(task)) {
      made.target.push_back(static_cast<double>(random.below(made.n_outputs)));
      std::vector<double> p(made.n_outputs);
      for (double& value : p) value = static_cast<double>(1 + random.below(5));
      const double total = std::accumulate(p.begin(), p.end(), 0.0);
      for (const double value : p) made.prediction.push_back(value / total);
      continue;
    }
    for (size_t k = 0; k < made.n_outputs; ++k) {
      made.target.push_back(task == Task::Ranking ? static_cast<double>(random.below(4)) : std::round(random.uniform() * 20) / 4);
      made.prediction.push_back(std::round(random.uniform() * 20) / 4);
    }
    if (task == Task::Ranking) made.group.push_back(static_cast<uint32_t>(row / 7));
  }
  return made;
}

struct Case {
  std::string name;
  Task task;
};

class MetricContract : public testing::TestWithParam<Case> {
 protected:
  double score(const Judged& judged) const { return metrics().make(GetParam().name)->score(judged.input()); }
  ErrorCode code_of(const Judged& judged) const {
    try {
      score(judged);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::Internal;
  }
};

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const std::string& name : metrics().names())
    for (const Task task : kTasks)
      if (metrics().make(name)->supports(task)) cases.push_back({name, task});
  return cases;
}

INSTANTIATE_TEST_SUITE_P(All, MetricContract, testing::ValuesIn(all_cases()),
                         [](const auto& instance) { return instance.param.name + "_" + std::string(enum_name(instance.param.task)); });

TEST_P(MetricContract, TakesWeightsOfOneForNone) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    Judged judged = make_judged(GetParam().task, seed);
    const double plain = score(judged);
    ASSERT_TRUE(std::isfinite(plain));
    judged.weights.assign(kRows, 1.0);
    EXPECT_EQ(score(judged), plain);
  }
}

TEST_P(MetricContract, DoesNotChangeWhenAllWeightsDouble) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    Judged judged = make_judged(GetParam().task, seed);
    const double plain = score(judged);
    judged.weights.assign(kRows, 2.0);
    EXPECT_NEAR(score(judged), plain, 1e-12);
  }
}

TEST_P(MetricContract, TakesRowsOfWeightZeroForAbsent) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    Judged judged = make_judged(GetParam().task, seed);
    RandomStream random(seed, "weights");
    std::vector<size_t> kept;
    for (size_t row = 0; row < kRows; ++row) {
      judged.weights.push_back(random.below(3) == 0 ? 0.0 : 0.5 + random.uniform());
      if (judged.weights.back() > 0) kept.push_back(row);
      else
        for (size_t k = 0; k < judged.n_outputs; ++k) judged.prediction[row * judged.n_outputs + k] = std::nan("");
    }
    EXPECT_EQ(score(judged), score(judged.take(kept)));
  }
}

TEST_P(MetricContract, DoesNotDependOnTheOrderOfRows) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    Judged judged = make_judged(GetParam().task, seed);
    RandomStream random(seed, "order");
    for (size_t row = 0; row < kRows; ++row) judged.weights.push_back(0.5 + random.uniform());
    std::vector<size_t> order(kRows);
    std::iota(order.begin(), order.end(), size_t{0});
    for (size_t i = kRows; i-- > 1;) std::swap(order[i], order[random.below(i + 1)]);
    EXPECT_NEAR(score(judged.take(order)), score(judged), 1e-12 * (1 + std::abs(score(judged))));
  }
}

TEST_P(MetricContract, PrefersTheTruthToNoise) {
  if (GetParam().name == "adjusted_r2" || GetParam().name == "r2") {
    Judged exact = make_judged(GetParam().task, 1);
    exact.prediction = exact.target;
    EXPECT_EQ(score(exact), 1);
  }
  const Judged noise = make_judged(GetParam().task, 1);
  Judged truth = noise;
  for (size_t row = 0; row < kRows; ++row)
    for (size_t k = 0; k < truth.n_outputs; ++k)
      truth.prediction[row * truth.n_outputs + k] =
          is_classification(truth.task) ? (truth.target[row] == static_cast<double>(k)) : truth.target[row * truth.n_targets + k];
  const bool higher = metrics().make(GetParam().name)->higher_is_better();
  EXPECT_GT(higher ? score(truth) - score(noise) : score(noise) - score(truth), 0);
}

TEST_P(MetricContract, RefusesToJudgeNoRows) {
  const Judged rows = make_judged(GetParam().task, 1);
  EXPECT_EQ(code_of(rows.take({})), ErrorCode::EmptyInput);
  Judged weightless = rows;
  weightless.weights.assign(kRows, 0.0);
  EXPECT_EQ(code_of(weightless), ErrorCode::EmptyInput);
}

TEST_P(MetricContract, RefusesSizesThatDifferAndValuesThatAreNotAllowed) {
  const Judged rows = make_judged(GetParam().task, 1);
  Judged bad = rows;
  bad.target.pop_back();
  EXPECT_EQ(code_of(bad), ErrorCode::BadValue);
  bad = rows;
  bad.weights.assign(kRows - 1, 1.0);
  EXPECT_EQ(code_of(bad), ErrorCode::BadValue);
  for (const double weight : {-1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    bad = rows;
    bad.weights.assign(kRows, 1.0);
    bad.weights[3] = weight;
    EXPECT_EQ(code_of(bad), ErrorCode::BadValue);
  }
  if (rows.n_outputs > 1) {
    bad = rows;
    bad.prediction.pop_back();
    EXPECT_EQ(code_of(bad), ErrorCode::BadValue);
  }
  if (is_classification(rows.task))
    for (const double number : {-1.0, 0.5, 4.0, 1e18, std::nan("")}) {
      bad = rows;
      bad.target[0] = number;
      EXPECT_EQ(code_of(bad), ErrorCode::BadValue) << number;
    }
}

TEST_P(MetricContract, AnswersForOneRowOneClassAndPredictionsThatAreNotNumbers) {
  const Judged rows = make_judged(GetParam().task, 1);
  EXPECT_NO_THROW(score(rows.take(std::vector<size_t>{0})));
  Judged not_numbers = rows;
  std::ranges::fill(not_numbers.prediction, std::nan(""));
  EXPECT_TRUE(std::isnan(score(not_numbers)));
  not_numbers = rows;
  not_numbers.prediction[5] = std::nan("");
  EXPECT_TRUE(std::isnan(score(not_numbers)));
  if (!is_classification(rows.task)) return;
  Judged one_class = rows;
  std::ranges::fill(one_class.target, 0.0);
  EXPECT_NO_THROW(score(one_class));
  const Judged only{rows.task, 1, 1, std::vector<double>(5, 0.0), std::vector<double>(5, 1.0), {}, {}};
  EXPECT_NO_THROW(score(only));
}

TEST(Metrics, HaveADefaultForEveryTaskThatSupportsIt) {
  for (const Task task : kTasks) EXPECT_TRUE(metrics().make(default_metric(task))->supports(task));
}

}  // namespace
}  // namespace kolosal
