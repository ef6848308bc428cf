#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cmath>
#include <numeric>

#include "kolosal/models/forms/forest_rounds.h"
#include "kolosal/models/trees/trees_test_rows.h"

namespace kolosal {
namespace {

using namespace trees_test;

constexpr const char* kLearners[] = {"decision_tree", "random_forest", "extra_trees"};
constexpr Task kTasks[] = {Task::Binary, Task::Multiclass, Task::Regression, Task::MultiRegression};

std::unique_ptr<Model> fit(const char* name, Value::Object parameters, const TrainingSet& rows, const FitContext& context = context_of(1)) {
  if (std::string(name) != "decision_tree") parameters.emplace_back("n_trees", Value(20));
  return learners().make(name, Value(std::move(parameters)))->fit(rows, nullptr, context);
}

const Forest& forest_of(const Model& model) { return dynamic_cast<const ForestModel&>(model).forest(); }

TEST(ForestLearners, LearnEveryTaskFromNumbersHolesAndCategories) {
  for (const char* name : kLearners)
    for (const Task task : kTasks) {
      SCOPED_TRACE(std::string(name) + " " + std::string(enum_name(task)));
      const Rows train = make_rows(task, 3000), test = make_rows(task, 1000, 1);
      const auto model = fit(name, {{"min_rows_in_leaf", Value(3)}}, {train.x, train.target}, context_of(2));
      const auto root = fit(name, {{"max_depth", Value(1)}, {"min_rows_in_leaf", Value(3000)}}, {train.x, train.target});
      const auto out = predict(*model, test.x);
      EXPECT_LT(squared_error(out, test.target), 0.55 * squared_error(predict(*root, test.x), test.target));
      if (is_classification(task)) {
        for (size_t i = 0; i < 1000; ++i)
          ASSERT_NEAR(std::accumulate(out.begin() + static_cast<ptrdiff_t>(i * model->n_outputs()),
                                      out.begin() + static_cast<ptrdiff_t>((i + 1) * model->n_outputs()), 0.0),
                      1, 1e-12);
      }
      const auto importance = model->feature_importance();
      EXPECT_NEAR(std::accumulate(importance.begin(), importance.end(), 0.0), 1, 1e-9);
      EXPECT_GT(importance[0], importance[4]);
    }
}

TEST(ForestLearners, AreTheSameBytesOnOneAndEightThreads) {
  for (const char* name : kLearners)
    for (const Task task : kTasks) {
      const Rows train = make_rows(task, 2000);
      const TrainingSet rows{train.x, train.target};
      EXPECT_EQ(fit(name, {}, rows, context_of(1, 3))->to_value(), fit(name, {}, rows, context_of(8, 3))->to_value());
    }
  const Rows train = make_rows(Task::Binary, 500);
  EXPECT_FALSE(fit("random_forest", {}, {train.x, train.target}, context_of(1, 3))->to_value() ==
               fit("random_forest", {}, {train.x, train.target}, context_of(1, 4))->to_value());
}

TEST(ForestLearners, DoNotSeeRowsOfWeightZero) {
  for (const char* name : kLearners)
    for (const Task task : kTasks) {
      const Rows all = make_rows(task, 600);
      std::vector<double> weights(600);
      std::vector<uint32_t> kept;
      for (uint32_t i = 0; i < 600; ++i)
        if ((weights[i] = i % 3 != 0)) kept.push_back(i);
      const FeatureMatrix x = all.x.take(kept);
      const Target target = all.target.take(kept);
      EXPECT_EQ(fit(name, {}, {all.x, all.target, weights})->to_value(), fit(name, {}, {x, target})->to_value());
    }
}

TEST(DecisionTree, TakesAWeightOfTwoForARowTwice) {
  for (const Task task : {Task::Binary, Task::Multiclass}) {
    const Rows all = make_rows(task, 400);
    std::vector<double> weights;
    std::vector<uint32_t> twice;
    for (uint32_t i = 0; i < 400; ++i) {
      weights.push_back(i % 4 == 0 ? 2 : 1);
      twice.insert(twice.end(), i % 4 == 0 ? 2 : 1, i);
    }
    const FeatureMatrix x = all.x.take(twice);
    const Target target = all.target.take(twice);
    const Value::Object shallow = {{"max_depth", Value(6)}};
    EXPECT_EQ(predict(*fit("decision_tree", shallow, {all.x, all.target, weights}), all.x),
              predict(*fit("decision_tree", shallow, {x, target}), all.x));
  }
}

TEST(DecisionTree, FitsDistinctRowsExactlyAndSplitsAtMidpoints) {
  FeatureMatrix x({{"x", 0}}, 4);
  std::ranges::copy(std::vector<float>{1, 2, 4, 8}, x.column(0).begin());
  const Target target{Task::Regression, 4, 1, {10, 10, 20, 40}, {}, {}};
  const auto model = fit("decision_tree", {}, {x, target});
  EXPECT_EQ(predict(*model, x), (std::vector<double>{10, 10, 20, 40}));
  const Forest& forest = forest_of(*model);
  EXPECT_EQ(forest.nodes[0].threshold, 6);
  EXPECT_EQ(forest.nodes.size(), 5U);
  EXPECT_EQ(model->feature_importance(), (std::vector<double>{1}));
}

TEST(DecisionTree, SolvesExclusiveOrThoughNoSingleSplitHelps) {
  FeatureMatrix x({{"a", 0}, {"b", 0}}, 40);
  Target target{Task::Binary, 40, 1, {}, {"0", "1"}, {}};
  for (size_t i = 0; i < 40; ++i) {
    x.column(0)[i] = static_cast<float>(i % 2);
    x.column(1)[i] = static_cast<float>(i / 2 % 2);
    target.values.push_back(static_cast<double>((i % 2) ^ (i / 2 % 2)));
  }
  const auto out = predict(*fit("decision_tree", {}, {x, target}), x);
  for (size_t i = 0; i < 40; ++i) EXPECT_EQ(out[2 * i + 1], target.values[i]);
}

TEST(DecisionTree, FindsTheBestTwoSetsOfCategoriesAndSendsTheUnseenToTheGreaterSide) {
  FeatureMatrix x({{"c", 10}}, 90);
  Target target{Task::Regression, 90, 1, {}, {}, {}};
  for (size_t i = 0; i < 90; ++i) {
    const size_t code = i % 9;
    x.column(0)[i] = static_cast<float>(code);
    target.values.push_back(code % 3 == 0 ? 1 : 0);
  }
  const auto model = fit("decision_tree", {{"max_depth", Value(1)}}, {x, target});
  const auto out = predict(*model, x);
  for (size_t i = 0; i < 90; ++i) EXPECT_NEAR(out[i], target.values[i], 1e-12);
  FeatureMatrix unseen({{"c", 10}}, 2);
  unseen.column(0)[0] = 9;
  unseen.column(0)[1] = std::numeric_limits<float>::quiet_NaN();
  for (const double value : predict(*model, unseen)) EXPECT_NEAR(value, 0, 1e-12);
}

TEST(ForestLearners, FollowTheirLimits) {
  const Rows train = make_rows(Task::Regression, 1000);
  for (const char* name : kLearners) {
    const auto biggest = [&](Value::Object parameters) {
      const Forest forest = forest_of(*fit(name, std::move(parameters), {train.x, train.target}));
      size_t most = 0;
      for (size_t t = 0; t < forest.roots.size(); ++t) most = std::max(most, forest.end_of_tree(t) - static_cast<size_t>(forest.roots[t]));
      return most;
    };
    EXPECT_EQ(biggest({{"max_depth", Value(2)}}), 7U);
    EXPECT_EQ(biggest({{"max_leaves", Value(10)}}), 19U);
    EXPECT_LE(biggest({{"min_rows_in_leaf", Value(200)}}), 9U);
    EXPECT_LE(biggest({{"min_weight_fraction_leaf", Value(0.2)}}), 9U);
    EXPECT_GT(biggest({}), 300U);
  }
  const auto values = [&](Value::Object parameters) {
    return forest_of(*fit("extra_trees", std::move(parameters), {train.x, train.target})).leaf_values;
  };
  EXPECT_NE(values({}), values({{"bootstrap", Value(true)}}));
  EXPECT_NE(values({}), values({{"row_fraction", Value(0.5)}}));
  EXPECT_NE(values({}), values({{"feature_fraction", Value(0.4)}}));
}

TEST(ForestLearners, ReturnTheFinishedTreesWhenToldToStop) {
  const Rows train = make_rows(Task::Binary, 500);
  for (const char* name : {"random_forest", "extra_trees"}) {
    FitContext context = context_of(1);
    context.on_iteration = [&](const FitProgress& progress) { return progress.iteration < 5; };
    EXPECT_EQ(fit(name, {}, {train.x, train.target}, context)->n_iterations(), 5U);
    context.on_iteration = [&](const FitProgress& progress) {
      if (progress.iteration == 3) context.cancel.cancel();
      return true;
    };
    EXPECT_EQ(fit(name, {}, {train.x, train.target}, context)->n_iterations(), 3U);
    EXPECT_THROW(fit(name, {}, {train.x, train.target}, context), Error);
  }
}

TEST(ForestLearners, ToldToStopAreTheFirstTreesOfAWholeFit) {
  const Rows train = make_rows(Task::Regression, 500);
  for (const char* name : {"random_forest", "extra_trees"}) {
    const auto whole = fit(name, {}, {train.x, train.target}, context_of(1));
    FitContext context = context_of(4);
    context.on_iteration = [](const FitProgress& progress) { return progress.iteration < 6; };
    const auto stopped = fit(name, {}, {train.x, train.target}, context);
    EXPECT_GE(stopped->n_iterations(), 6U);
    EXPECT_LT(stopped->n_iterations(), 20U);
    EXPECT_EQ(predict(*stopped, train.x), predict(ForestModel(slice_rounds(forest_of(*whole), 0, stopped->n_iterations())), train.x));
  }
}

TEST(ForestLearners, KeepToTheMemoryLimitAndGiveItBack) {
  const Rows train = make_rows(Task::Regression, 2000);
  FitContext context = context_of(1);
  context.memory = std::make_shared<MemoryBudget>(size_t{1} << 20);
  EXPECT_LT(fit("random_forest", {}, {train.x, train.target}, context)->n_iterations(), 20U);
  EXPECT_EQ(context.memory->used(), 0U);
  context.memory = std::make_shared<MemoryBudget>(size_t{1} << 16);
  EXPECT_THROW(fit("random_forest", {}, {train.x, train.target}, context), Error);
}

TEST(ForestLearners, AnswerForOneRowOneClassAndConstantColumns) {
  for (const char* name : kLearners) {
    const Rows row = make_rows(Task::Regression, 1);
    EXPECT_NEAR(predict(*fit(name, {}, {row.x, row.target}), row.x)[0], row.target.values[0], 1e-6);
    for (const Task task : {Task::Binary, Task::Multiclass}) {
      Rows one = make_rows(task, 20);
      one.target.class_names = {"only"};
      std::ranges::fill(one.target.values, 0.0);
      EXPECT_EQ(predict(*fit(name, {}, {one.x, one.target}), one.x)[0], 1);
    }
    Rows flat = make_rows(Task::Regression, 100);
    for (size_t j = 0; j < 5; ++j) std::ranges::fill(flat.x.column(j), j == 1 ? std::numeric_limits<float>::quiet_NaN() : 1.0F);
    EXPECT_EQ(forest_of(*fit(name, {}, {flat.x, flat.target})).nodes.size(), forest_of(*fit(name, {}, {flat.x, flat.target})).roots.size());
    EXPECT_THROW(fit(name, {}, {row.x, make_rows(Task::Ranking, 1).target}), Error);
  }
}

TEST(ForestLearners, PredictRowsOutOfBagByTheTreesThatDidNotSeeThem) {
  for (const Task task : {Task::Regression, Task::Binary}) {
    SCOPED_TRACE(enum_name(task));
    const Rows train = make_rows(task, 1500), test = make_rows(task, 3000, 1);
    const auto learner = learners().make("random_forest", Value(Value::Object{{"n_trees", Value(60)}}));
    const auto model = learner->fit({train.x, train.target}, nullptr, context_of(2, 3));
    const auto out = learner->out_of_bag(*model, {train.x, train.target}, context_of(1, 3));
    EXPECT_EQ(out, learner->out_of_bag(*model, {train.x, train.target}, context_of(4, 3)));
    const double seen = squared_error(predict(*model, train.x), train.target), unseen = squared_error(predict(*model, test.x), test.target);
    EXPECT_NEAR(squared_error(out, train.target), unseen, 0.15 * unseen);
    EXPECT_LT(seen, 0.5 * unseen);
    // By another seed, trees saw what is taken for unseen.
    EXPECT_LT(squared_error(learner->out_of_bag(*model, {train.x, train.target}, context_of(1, 4)), train.target), 0.8 * unseen);
  }
  const Rows train = make_rows(Task::Regression, 300);
  const TrainingSet set{train.x, train.target};
  const auto one = learners().make("random_forest", Value(Value::Object{{"n_trees", Value(1)}}));
  const auto out = one->out_of_bag(*one->fit(set, nullptr, context_of(1)), set, context_of(1));
  const auto n_seen = std::ranges::count_if(out, [](double value) { return std::isnan(value); });
  EXPECT_NEAR(static_cast<double>(n_seen), 300 * (1 - std::exp(-1.0)), 30);
  const auto all = learners().make("extra_trees", Value(Value::Object{{"n_trees", Value(2)}}));
  EXPECT_THROW(all->out_of_bag(*all->fit(set, nullptr, context_of(1)), set, context_of(1)), Error);
  const auto two = learners().make("random_forest", Value(Value::Object{{"n_trees", Value(2)}}));
  EXPECT_THROW(two->out_of_bag(*one->fit(set, nullptr, context_of(1)), set, context_of(1)), Error);
}

TEST(ForestLearners, PruneEachTreeWhereTold) {
  const Rows train = make_rows(Task::Binary, 800);
  const auto n_nodes = [&](double alpha) {
    return forest_of(*fit("random_forest", {{"prune_alpha", Value(alpha)}}, {train.x, train.target})).nodes.size();
  };
  EXPECT_GT(n_nodes(0), 2 * n_nodes(0.005));
  EXPECT_EQ(n_nodes(10), forest_of(*fit("random_forest", {}, {train.x, train.target})).roots.size());
}

TEST(ForestLearners, AreTheSameAfterSavingAndLoading) {
  const Rows train = make_rows(Task::Multiclass, 300);
  for (const char* name : kLearners) {
    const auto model = fit(name, {}, {train.x, train.target});
    EXPECT_EQ(predict(*model_from_value(model_to_value(*model)), train.x), predict(*model, train.x));
  }
}

// In nodes of two rows every feature that tells them apart is as good: the trees of a forest split them by features of any place.
TEST(RandomForest, SplitsByAnyOfTheFeaturesThatAreEquallyGood) {
  const Rows rows = make_rows(Task::Regression, 300);
  FeatureMatrix x({{"a", 0}, {"same", 0}, {"again", 0}}, 300);
  for (size_t f = 0; f < 3; ++f) std::ranges::copy(rows.x.column(0), x.column(f).begin());
  for (const char* name : {"random_forest", "extra_trees"}) {
    const auto model = fit(name, {}, {x, rows.target});
    std::array<size_t, 3> splits{};
    for (const ForestNode& node : forest_of(*model).nodes)
      if (!node.is_leaf()) ++splits[node.feature];
    for (const size_t n : splits) EXPECT_GT(n, 500U) << name;
  }
}

}  // namespace
}  // namespace kolosal
