// Decision tree and random forest by histogram splits.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "kolosal/models/forms/forest.h"
#include "kolosal/models/trees/trees_test_rows.h"

namespace kolosal {
namespace {

using namespace trees_test;

constexpr const char* kLearners[] = {"decision_tree", "random_forest"};
constexpr Task kTasks[] = {Task::Binary, Task::Multiclass, Task::Regression, Task::MultiRegression};

std::unique_ptr<Learner> learner(const char* name, const char* split_method, Value::Object parameters = {}) {
  parameters.emplace_back("split_method", Value(split_method));
  if (std::string(name) == "random_forest") parameters.emplace_back("n_trees", Value(8));
  return learners().make(name, Value(std::move(parameters)));
}

const Forest& forest_of(const Model& model) { return dynamic_cast<const ForestModel&>(model).forest(); }

// Rows whose numbers have at most 201 values each, the targets 60.
Rows coarse_rows(Task task, size_t n, uint64_t seed = 0) {
  Rows rows = make_rows(task, n, seed);
  for (const size_t f : {0, 1, 2, 4})
    for (float& x : rows.x.column(f)) x = std::round(std::clamp(x, -4.0F, 4.0F) * 25) / 25;
  if (!is_classification(task))
    for (double& y : rows.target.values) y = std::round(y * 8) / 8;
  return rows;
}

void expect_same_trees(const Forest& a, const Forest& b) {
  ASSERT_EQ(a.nodes.size(), b.nodes.size());
  for (size_t i = 0; i < a.nodes.size(); ++i) {
    ASSERT_EQ(a.nodes[i].feature, b.nodes[i].feature) << "node " << i;
    ASSERT_EQ(a.nodes[i].threshold, b.nodes[i].threshold) << "node " << i;
    ASSERT_EQ(a.nodes[i].left, b.nodes[i].left) << "node " << i;
    ASSERT_EQ(a.nodes[i].default_left, b.nodes[i].default_left) << "node " << i;
  }
  EXPECT_EQ(a.category_bits, b.category_bits);
  EXPECT_EQ(a.leaf_values, b.leaf_values);
  EXPECT_EQ(a.node_cover, b.node_cover);
}

TEST(HistogramForest, GrowsTheSameTreesAsExactSplitsWhereEachValueHasABin) {
  for (const char* name : kLearners)
    for (const Task task : kTasks) {
      SCOPED_TRACE(std::string(name) + " " + std::string(enum_name(task)));
      const Rows rows = coarse_rows(task, 4000);
      std::vector<double> weights(4000);
      for (size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<double>(i % 5) / 2;
      for (const std::vector<double>& each : {std::vector<double>(), weights}) {
        const TrainingSet train{rows.x, rows.target, each};
        const Value::Object parameters = {{"min_rows_in_leaf", Value(5)}, {"feature_fraction", Value(0.6)}};
        const auto exact = learner(name, "exact", parameters)->fit(train, nullptr, context_of(2));
        const auto binned = learner(name, "histogram", parameters)->fit(train, nullptr, context_of(2));
        expect_same_trees(forest_of(*exact), forest_of(*binned));
      }
    }
}

TEST(HistogramForest, CountsItsHistogramsInTheMemoryLimit) {
  Rows rows = make_rows(Task::Multiclass, 2000);
  rows.target.class_names.clear();
  for (size_t k = 0; k < 500; ++k) rows.target.class_names.push_back(std::to_string(k));
  for (size_t i = 0; i < 2000; ++i) rows.target.values[i] = static_cast<double>(i % 500);
  const auto tree = learner("decision_tree", "histogram", {{"max_leaves", Value(2)}});
  const auto fits_within = [&](size_t bytes) {
    FitContext context = context_of(1);
    context.memory = std::make_shared<MemoryBudget>(bytes);
    try {
      (void)tree->fit({rows.x, rows.target}, nullptr, context);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::OutOfMemory);
      return false;
    }
    return true;
  };
  EXPECT_FALSE(fits_within(2'000'000)) << "256 bins of 500 classes are 16 bytes each";
  EXPECT_TRUE(fits_within(4'000'000));
}

TEST(HistogramForest, WeighsClassesAsExactSplitsDo) {
  const Rows rows = coarse_rows(Task::Binary, 6000);
  std::vector<double> weights(6000, 0.0);  // of 2000 and 1000 rows, which balanced are 0.75 and 1.5 each
  size_t left[] = {2000, 1000};
  for (size_t i = 0; i < weights.size(); ++i)
    if (size_t& n = left[static_cast<size_t>(rows.target.values[i])]; n > 0) weights[i] = 1, --n;
  const TrainingSet train{rows.x, rows.target, weights};
  for (const char* name : kLearners) {
    const Value::Object parameters = {{"min_rows_in_leaf", Value(5)}, {"class_weight", Value("balanced")}};
    const auto binned = learner(name, "histogram", parameters)->fit(train, nullptr, context_of(2));
    expect_same_trees(forest_of(*learner(name, "exact", parameters)->fit(train, nullptr, context_of(2))), forest_of(*binned));
    const auto alike = learner(name, "histogram", {{"min_rows_in_leaf", Value(5)}})->fit(train, nullptr, context_of(2));
    EXPECT_NE(forest_of(*alike).leaf_values, forest_of(*binned).leaf_values);
  }
}

TEST(HistogramForest, IsAboutAsGoodAsExactSplitsOnNumbersOfManyValues) {
  for (const char* name : kLearners)
    for (const Task task : kTasks) {
      SCOPED_TRACE(std::string(name) + " " + std::string(enum_name(task)));
      const Rows train = make_rows(task, 6000), test = make_rows(task, 2000, 1);
      const TrainingSet rows{train.x, train.target};
      const Value::Object parameters = {{"min_rows_in_leaf", Value(5)}};
      const auto exact = learner(name, "exact", parameters)->fit(rows, nullptr, context_of(2));
      const auto binned = learner(name, "histogram", parameters)->fit(rows, nullptr, context_of(2));
      const double error = squared_error(predict(*exact, test.x), test.target);
      EXPECT_NEAR(squared_error(predict(*binned, test.x), test.target), error, 0.08 * error);
      EXPECT_FALSE(exact->to_value() == binned->to_value());
    }
}

TEST(HistogramForest, CutsFeaturesIntoAsManyBinsAsAreAskedFor) {
  const Rows rows = make_rows(Task::Regression, 5000);
  const auto model = learner("random_forest", "histogram", {{"max_bins", Value(4)}})->fit({rows.x, rows.target}, nullptr, context_of(2));
  std::vector<std::set<float>> bounds(5);
  for (const ForestNode& node : forest_of(*model).nodes)
    if (!node.is_leaf() && node.category_set < 0 && std::isfinite(node.threshold)) bounds[node.feature].insert(node.threshold);
  // Between two of four bins that a node's rows are in.
  for (const size_t f : {0, 1, 2, 4}) {
    EXPECT_GE(bounds[f].size(), 3U);
    EXPECT_LE(bounds[f].size(), 6U);
  }
}

TEST(HistogramForest, GivesTheSameBytesOnAnyNumberOfThreads) {
  for (const Task task : kTasks) {
    const Rows rows = make_rows(task, 5000);
    const auto forest = learner("random_forest", "histogram");
    EXPECT_EQ(forest->fit({rows.x, rows.target}, nullptr, context_of(1, 3))->to_value(),
              forest->fit({rows.x, rows.target}, nullptr, context_of(8, 3))->to_value());
  }
}

TEST(HistogramForest, KnowsItsErrorOnRowsOutOfBag) {
  const Rows train = make_rows(Task::Regression, 4000), test = make_rows(Task::Regression, 4000, 1);
  const auto forest = learner("random_forest", "histogram");
  const auto model = forest->fit({train.x, train.target}, nullptr, context_of(2));
  const std::vector<double> out = forest->out_of_bag(*model, {train.x, train.target}, context_of(2));
  double sum = 0, n = 0;
  for (size_t i = 0; i < out.size(); ++i)
    if (!std::isnan(out[i])) sum += (out[i] - train.target.values[i]) * (out[i] - train.target.values[i]), ++n;
  EXPECT_GT(n, 3500);
  const double error = squared_error(predict(*model, test.x), test.target);
  EXPECT_GT(sum / n, 0.9 * error);
  EXPECT_LT(sum / n, 1.6 * error);  // by about a third of the trees
}

TEST(HistogramForest, GrowsOnWithMoreTrees) {
  const Rows rows = make_rows(Task::Multiclass, 3000);
  const TrainingSet train{rows.x, rows.target};
  const auto once = learners().make("random_forest", Value(Value::Object{{"n_trees", Value(6)}, {"split_method", Value("histogram")}}));
  const auto half = learners().make("random_forest", Value(Value::Object{{"n_trees", Value(3)}, {"split_method", Value("histogram")}}));
  const auto first = half->fit(train, nullptr, context_of(2));
  EXPECT_EQ(half->fit_more(*first, train, nullptr, context_of(2))->to_value(), once->fit(train, nullptr, context_of(2))->to_value());
}

TEST(HistogramForest, TakesWeightsOfAllSizes) {
  const Rows rows = make_rows(Task::Binary, 3000);
  std::vector<double> weights(3000);
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = std::ldexp(1.0, -static_cast<int>(i % 60));
  const auto model = learner("random_forest", "histogram")->fit({rows.x, rows.target, weights}, nullptr, context_of(2));
  for (const double share : predict(*model, rows.x)) ASSERT_TRUE(share >= 0 && share <= 1);
}

TEST(HistogramForest, IsWhatLargeTablesGetThatAreToldNothing) {
  const Rows rows = make_rows(Task::Binary, 50'000);
  const Value::Object one_split = {{"max_depth", Value(6)}};
  const auto value = [&](const char* split_method, size_t n) {
    std::vector<double> weights(50'000, 0.0);
    std::fill_n(weights.begin(), n, 1.0);
    return learner("decision_tree", split_method, one_split)->fit({rows.x, rows.target, weights}, nullptr, context_of(1))->to_value();
  };
  EXPECT_EQ(value("auto", 50'000), value("histogram", 50'000));
  EXPECT_FALSE(value("auto", 50'000) == value("exact", 50'000));
  EXPECT_EQ(value("auto", 49'999), value("exact", 49'999));
}

TEST(HistogramForest, RefusesBinsOfExactSplits) {
  const Rows rows = make_rows(Task::Binary, 100);
  for (const char* name : kLearners) {
    try {
      (void)learner(name, "exact", {{"max_bins", Value(16)}})->fit({rows.x, rows.target}, nullptr, context_of(1));
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::BadValue);
      EXPECT_NE(std::string(error.what()).find("max_bins"), std::string::npos);
    }
  }
  EXPECT_THROW((void)learners().make("extra_trees", Value(Value::Object{{"split_method", Value("histogram")}})), Error);
}

}  // namespace
}  // namespace kolosal
