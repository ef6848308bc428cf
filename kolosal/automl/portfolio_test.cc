#include "kolosal/automl/portfolio.h"

#include <gtest/gtest.h>

#include <set>

namespace kolosal {
namespace {

TableSize binary_table(size_t n_rows, size_t smallest_class) { return {n_rows, 10, 2, smallest_class, Task::Binary}; }

TEST(PlanSplit, MoreBudgetNeverGivesFewerFolds) {
  int before = 0;
  for (const double limit : {1.0, 10.0, 60.0, 600.0, 6000.0}) {
    TrainOptions options;
    options.time_limit = limit;
    const int folds = plan_split(binary_table(100'000, 50'000), options).n_used;
    EXPECT_GE(folds, before) << limit;
    before = folds;
  }
  EXPECT_EQ(before, 8);
}

TEST(PlanSplit, AHoldoutOfALargeTableIsSmall) {
  TrainOptions options;
  options.time_limit = 10;
  const SplitPlan plan = plan_split({1'000'000, 20, 0, 0, Task::Regression}, options);
  EXPECT_EQ(plan.n_used, 1);
  EXPECT_EQ(plan.options.n_folds, 50);
}

TEST(PlanSplit, FoldsFollowTheColumnsThatTheUserNames) {
  TrainOptions options;
  EXPECT_EQ(plan_split(binary_table(1000, 300), options).options.strategy, FoldStrategy::Stratified);
  EXPECT_EQ(plan_split(binary_table(1000, 1), options).options.strategy, FoldStrategy::KFold);
  options.group = "g";
  EXPECT_EQ(plan_split(binary_table(1000, 300), options).options.strategy, FoldStrategy::StratifiedGroup);
  options.time = "t";
  EXPECT_EQ(plan_split(binary_table(1000, 300), options).options.strategy, FoldStrategy::TimeSeries);
  options.fold = "f";
  EXPECT_EQ(plan_split(binary_table(1000, 300), options).options.strategy, FoldStrategy::Predefined);
}

TEST(PlanSplit, ThereAreNeverMoreFoldsThanRows) { EXPECT_EQ(plan_split({3, 2, 0, 0, Task::Regression}, {}).options.n_folds, 3); }

TEST(PlanCandidates, TheBaselineIsFirstAndNamesAreDistinct) {
  for (const Task task : {Task::Binary, Task::Regression, Task::Ranking, Task::MultiRegression}) {
    const TableSize size{5'000, 10, is_classification(task) ? 2U : 0U, 100, task};
    const auto specs = plan_candidates(size, plan_split(size, {}), {});
    EXPECT_EQ(specs.front().learner, "constant");
    std::set<std::string> names;
    for (const CandidateSpec& spec : specs) EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
    EXPECT_GT(specs.size(), 2U);
  }
}

TEST(PlanCandidates, ANetworkIsTriedWhereTheTimeAllowsItEnoughPasses) {
  const auto epochs_of = [](size_t n_rows, double limit) {
    TrainOptions options;
    options.time_limit = limit;
    const TableSize size = binary_table(n_rows, n_rows / 3);
    for (const CandidateSpec& spec : plan_candidates(size, plan_split(size, options), options))
      if (spec.learner == "mlp") return spec.parameters.at("n_epochs").as_integer();
    return int64_t{0};
  };
  EXPECT_EQ(epochs_of(1'000, 600), 256);
  EXPECT_EQ(epochs_of(1'000'000, 10), 0);
  EXPECT_GE(epochs_of(10'000, 60), 20);
}

TEST(PlanCandidates, MaxModelsCountsModelsBesideTheBaseline) {
  TrainOptions options;
  options.max_models = 2;
  const TableSize size = binary_table(5'000, 100);
  EXPECT_EQ(plan_candidates(size, plan_split(size, options), options).size(), 3U);
}

TEST(PlanCandidates, OnlyTheLearnersThatTheUserNamesAreUsed) {
  TrainOptions options;
  options.learners = {"random_forest"};
  const TableSize size = binary_table(5'000, 100);
  const auto specs = plan_candidates(size, plan_split(size, options), options);
  ASSERT_EQ(specs.size(), 2U);
  EXPECT_EQ(specs[1].learner, "random_forest");
  options.learners = {"random_forrest"};
  EXPECT_THROW(plan_candidates(size, plan_split(size, options), options), Error);
  options.learners = {"logistic"};
  EXPECT_THROW(plan_candidates({5'000, 10, 0, 0, Task::Regression}, {}, options), Error);
}

TEST(PlanCandidates, AShortLimitRaisesTheLearningRate) {
  TrainOptions fast;
  fast.time_limit = 5;
  const TableSize size = binary_table(300'000, 1000);
  const auto hurried = plan_candidates(size, plan_split(size, fast), fast)[1].parameters.at("learning_rate").as_real();
  const auto unhurried = plan_candidates(size, plan_split(size, {}), {})[1].parameters.at("learning_rate").as_real();
  EXPECT_GT(hurried, unhurried);
}

}  // namespace
}  // namespace kolosal
