#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <tuple>

#include "kolosal/models/forms/forest.h"
#include "kolosal/models/trees/tree_grower.h"
#include "kolosal/models/trees/trees_test_rows.h"

namespace kolosal {
namespace {

using namespace trees_test;

std::unique_ptr<Learner> symmetric_booster(Value::Object parameters) {
  parameters.emplace_back("growth", Value("symmetric"));
  return learners().make("gradient_boosting", Value(std::move(parameters)));
}

constexpr double kL2 = 1;
constexpr size_t kLeastRows = 5, kFeatures = 3;

// A tree of squared error grown level by level by trying everything: the leaf of each row, and their values.
class PlainLevels {
 public:
  PlainLevels(const FeatureMatrix& x, const std::vector<double>& gradients) : x_(x), g_(gradients), leaf(gradients.size(), 0) {}

  // Splits all leaves by the bound whose gains sum to the most.
  void split() {
    double best = 0;
    size_t best_feature = 0;
    float best_bound = 0;
    for (size_t f = 0; f < kFeatures; ++f)
      for (float bound = 0.5F; bound < 9; ++bound)
        if (const double gain = gain_of(f, bound); gain > best * (1 + 1e-9)) {
          best = gain;
          best_feature = f;
          best_bound = bound;
        }
    const size_t n = n_leaves_;
    for (size_t l = 0; l < n; ++l) {
      if (!gain_in(l, best_feature, best_bound)) continue;
      for (size_t i = 0; i < leaf.size(); ++i)
        if (leaf[i] == l && x_.at(i, best_feature) > best_bound) leaf[i] = n_leaves_;
      ++n_leaves_;
    }
  }

  double value_of(size_t row) const {
    double g = 0, h = kL2;
    for (size_t i = 0; i < leaf.size(); ++i)
      if (leaf[i] == leaf[row]) {
        g += g_[i];
        ++h;
      }
    return -g / h;
  }

 private:
  std::optional<double> gain_in(size_t of, size_t f, float bound) const {
    double g[2] = {}, n[2] = {};
    for (size_t i = 0; i < leaf.size(); ++i)
      if (leaf[i] == of) {
        const size_t side = x_.at(i, f) > bound ? 1 : 0;
        g[side] += g_[i];
        ++n[side];
      }
    if (std::min(n[0], n[1]) < static_cast<double>(kLeastRows)) return {};
    const auto score = [](double sum, double count) { return sum * sum / (count + kL2); };
    return score(g[0], n[0]) + score(g[1], n[1]) - score(g[0] + g[1], n[0] + n[1]);
  }

  double gain_of(size_t f, float bound) const {
    double gain = 0;
    for (size_t l = 0; l < n_leaves_; ++l) gain += gain_in(l, f, bound).value_or(0);
    return gain;
  }

  const FeatureMatrix& x_;
  const std::vector<double>& g_;
  size_t n_leaves_ = 1;

 public:
  std::vector<size_t> leaf;
};

TEST(SymmetricGrowth, SplitsEachLevelByTheBoundThatGainsMostOverAllItsLeaves) {
  constexpr size_t kRows = 300;
  FeatureMatrix x({{"a", 0}, {"b", 0}, {"c", 0}}, kRows);
  Target target;
  target.task = Task::Regression;
  target.n_rows = kRows;
  RandomStream stream(3, "levels");
  double mean = 0;
  for (size_t i = 0; i < kRows; ++i) {
    for (size_t f = 0; f < kFeatures; ++f) x.column(f)[i] = static_cast<float>(stream.below(10));
    const double a = x.at(i, 0), b = x.at(i, 1), c = x.at(i, 2);
    target.values.push_back((a > 4 ? b : 9 - b) + 0.1 * c * c + stream.normal());
    mean += target.values.back() / kRows;
  }
  std::vector<double> gradients;
  for (const double y : target.values) gradients.push_back(mean - y);
  PlainLevels plain(x, gradients);
  for (int n_levels = 1; n_levels <= 5; ++n_levels) {
    plain.split();
    const auto model = symmetric_booster({{"n_trees", Value(1)},
                                          {"learning_rate", Value(1.0)},
                                          {"max_leaves", Value(64)},
                                          {"max_depth", Value(n_levels)},
                                          {"l2", Value(kL2)},
                                          {"row_fraction", Value(1)},
                                          {"feature_fraction", Value(1)},
                                          {"min_rows_in_leaf", Value(static_cast<int64_t>(kLeastRows))}})
                           ->fit({x, target}, nullptr, context_of(1));
    const auto found = predict(*model, x);
    for (size_t i = 0; i < kRows; ++i) ASSERT_NEAR(found[i], mean + plain.value_of(i), 1e-5) << n_levels << ' ' << i;
  }
}

TEST(SymmetricGrowth, SplitsAllLeavesAlikeHoweverManyThreadsAndHoweverLittleMemory) {
  for (const size_t n_rows : {size_t{3000}, 2 * kFewRows})
    for (const Task task : {Task::Binary, Task::Regression}) {
      const Rows train = make_rows(task, n_rows);
      const auto learner = symmetric_booster(
          {{"n_trees", Value(6)}, {"max_leaves", Value(16)}, {"min_rows_in_leaf", Value(1)}, {"feature_fraction", Value(1)}});
      const auto one = learner->fit({train.x, train.target}, nullptr, context_of(1, 5));
      EXPECT_EQ(one->to_value(), learner->fit({train.x, train.target}, nullptr, context_of(8, 5))->to_value());
      FitContext tight = context_of(2, 5);
      tight.memory = std::make_shared<MemoryBudget>(n_rows < kFewRows ? size_t{420} << 10 : size_t{2560} << 10);
      EXPECT_EQ(one->to_value(), learner->fit({train.x, train.target}, nullptr, tight)->to_value());
      const Forest& forest = dynamic_cast<const ForestModel&>(*one).forest();
      // Four levels are four splits, wherever they stand: a leaf that one would leave with an empty side stays whole until the next.
      std::set<std::tuple<uint32_t, float, bool>> splits;
      for (size_t i = 0; i < static_cast<size_t>(forest.roots[1]); ++i)
        if (const ForestNode& node = forest.nodes[i]; !node.is_leaf()) splits.emplace(node.feature, node.threshold, node.default_left);
      EXPECT_LE(splits.size(), 4U);
      EXPECT_GT(forest.roots[1], 2 * 10);
    }
}

}  // namespace
}  // namespace kolosal
