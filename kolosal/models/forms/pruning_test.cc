#include "kolosal/models/forms/pruning.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kolosal/models/forms/forest_rounds.h"
#include "kolosal/models/trees/trees_test_rows.h"

namespace kolosal {
namespace {

using namespace trees_test;

Forest grow(const char* learner, Value::Object parameters, const Rows& rows) {
  const auto model = learners().make(learner, Value(std::move(parameters)))->fit({rows.x, rows.target}, nullptr, context_of(1));
  return dynamic_cast<const ForestModel&>(*model).forest();
}

size_t n_leaves(const Forest& forest) { return static_cast<size_t>(std::ranges::count_if(forest.nodes, &ForestNode::is_leaf)); }

double train_error(const Forest& forest, const Rows& rows) { return squared_error(predict(ForestModel(forest), rows.x), rows.target); }

TEST(Pruning, CutsAsManyLeavesAsItsPathSaysAndNoMore) {
  const Rows rows = make_rows(Task::Regression, 400);
  const Forest tree = grow("decision_tree", {}, rows);
  const PruningPath path = pruning_path(tree, 0);
  EXPECT_TRUE(std::ranges::is_sorted(path.alphas, [](double a, double b) { return a < b - 1e-12; }));
  EXPECT_EQ(n_leaves(prune(tree, 0)), n_leaves(tree));
  EXPECT_EQ(n_leaves(prune(tree, path.alphas.back() * 1.001)), 1U);
  for (size_t step = 1; step < path.alphas.size(); step += 37) {
    const Forest pruned = prune(tree, path.alphas[step]);
    EXPECT_LT(n_leaves(pruned), n_leaves(prune(tree, path.alphas[step] * (1 - 1e-9))));
    // The impurity beyond the leaves' is the error beyond the tree's.
    EXPECT_NEAR(train_error(pruned, rows) - train_error(tree, rows), path.impurities[step], 1e-5 * path.impurities.back());
  }
}

TEST(Pruning, MakesTheSubtreeOfTheLeastCost) {
  const Rows rows = make_rows(Task::Regression, 300);
  const Forest tree = grow("decision_tree", {{"max_leaves", Value(40)}}, rows);
  const PruningPath path = pruning_path(tree, 0);
  for (const double alpha : {0.01, 0.05, 0.3}) {
    const auto cost = [&](const Forest& forest) { return train_error(forest, rows) + alpha * static_cast<double>(n_leaves(forest)); };
    const double least = cost(prune(tree, alpha));
    for (const double other : path.alphas) EXPECT_LE(least, cost(prune(tree, other)) + 1e-6);
  }
}

TEST(Pruning, GoesOverEveryTreeOfAForestAndItsCategories) {
  for (const Task task : {Task::Binary, Task::Multiclass, Task::MultiRegression}) {
    const Rows rows = make_rows(task, 500);
    const Forest forest = grow("random_forest", {{"n_trees", Value(4)}}, rows);
    const Forest pruned = prune(forest, 0.004);
    EXPECT_EQ(pruned.roots.size(), 4U);
    EXPECT_LT(n_leaves(pruned), n_leaves(forest));
    EXPECT_EQ(predict(ForestModel(prune(forest, 0)), rows.x), predict(ForestModel(forest), rows.x));
    EXPECT_LT(train_error(pruned, rows), 0.7 * train_error(prune(forest, 1e9), rows));
  }
}

TEST(Pruning, RefusesWhatItCannotPrune) {
  const Rows rows = make_rows(Task::Regression, 200);
  EXPECT_THROW(prune(grow("gradient_boosting", {{"n_trees", Value(2)}}, rows), 0.1), Error);
  Forest unknown = grow("decision_tree", {}, rows);
  EXPECT_THROW(pruning_path(unknown, 1), Error);
  unknown.node_gain.clear();
  EXPECT_THROW(prune(unknown, 0.1), Error);
}

}  // namespace
}  // namespace kolosal
