#include "kolosal/explain/tree_shap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "kolosal/base/random.h"
#include "kolosal/explain/contributions.h"
#include "kolosal/models/learner.h"

namespace kolosal {
namespace {

constexpr size_t kFeatures = 4;

// Trees of random splits of four features, the last of which is a category; features come again on the way to a leaf.
class RandomForest {
 public:
  RandomForest(uint64_t seed, size_t n_trees, size_t depth, size_t leaf_width) : random_(seed, "shap test") {
    forest.n_features = kFeatures;
    forest.leaf_width = leaf_width;
    forest.base_score.assign(leaf_width, 0.25);
    forest.feature_gain.assign(kFeatures, 1);
    for (size_t tree = 0; tree < n_trees; ++tree) {
      forest.roots.push_back(static_cast<int32_t>(forest.nodes.size()));
      forest.tree_output.push_back(0);
      add(100, 1);
      grow(forest.nodes.size() - 1, depth);
    }
  }

  Forest forest;

 private:
  void add(float cover, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      forest.nodes.push_back({});
      forest.node_cover.push_back(cover);
    }
  }

  void grow(size_t node, size_t depth) {
    if (depth == 0 || random_.uniform() < 0.15) {
      forest.nodes[node].left = static_cast<int32_t>(forest.leaf_values.size() / forest.leaf_width);
      for (size_t c = 0; c < forest.leaf_width; ++c) forest.leaf_values.push_back(static_cast<float>(random_.normal()));
      return;
    }
    const auto feature = static_cast<uint32_t>(random_.below(kFeatures));
    const auto left = static_cast<int32_t>(forest.nodes.size());
    int32_t set = -1;
    if (feature == kFeatures - 1) set = add_category_set(forest, {random_.uniform() < 0.5, random_.uniform() < 0.5, true}, false);
    ForestNode& split = forest.nodes[node];
    split.feature = feature & ForestNode::kLeaf;
    split.threshold = static_cast<float>(random_.normal());
    split.left = left;
    split.default_left = random_.below(2) & 1U;
    split.category_set = set;
    const float cover = forest.node_cover[node], share = static_cast<float>(random_.uniform());
    add(cover * share, 1);
    add(cover - cover * share, 1);
    grow(static_cast<size_t>(left), depth - 1);
    grow(static_cast<size_t>(left) + 1, depth - 1);
  }

  RandomStream random_;
};

FeatureMatrix random_rows(size_t n) {
  FeatureMatrix x({{"a", 0}, {"b", 0}, {"c", 0}, {"d", 3}}, n);
  RandomStream random(5, "shap rows");
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j + 1 < kFeatures; ++j)
      x.column(j)[i] = random.uniform() < 0.1 ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(random.normal());
    x.column(kFeatures - 1)[i] = static_cast<float>(random.below(4));
  }
  return x;
}

// What a tree is worth where the features in `known` are known: unknown ones follow both branches in proportion to their covers.
double worth(const Forest& f, size_t node, const FeatureMatrix& x, size_t row, unsigned known, size_t output) {
  const ForestNode& n = f.nodes[node];
  if (n.is_leaf()) return static_cast<double>(f.leaf_values[static_cast<size_t>(n.left) * f.leaf_width + output]);
  const auto left = static_cast<size_t>(n.left);
  if ((known >> n.feature) & 1U) return worth(f, left + (goes_left(f, n, x.at(row, n.feature)) ? 0 : 1), x, row, known, output);
  double sum = 0;
  for (const size_t child : {left, left + 1})
    sum += static_cast<double>(f.node_cover[child]) / static_cast<double>(f.node_cover[node]) * worth(f, child, x, row, known, output);
  return sum;
}

double worth(const Forest& f, const FeatureMatrix& x, size_t row, unsigned known, size_t output) {
  double sum = f.base_score[output];
  for (const int32_t root : f.roots) sum += worth(f, static_cast<size_t>(root), x, row, known, output);
  return f.aggregation == ForestAggregation::Mean ? sum / static_cast<double>(f.roots.size()) : sum;
}

double factorial(int n) { return std::tgamma(n + 1.0); }

// The Shapley value of feature i, or where j is another feature the Shapley interaction index of both, by all subsets of the others.
double by_subsets(const Forest& f, const FeatureMatrix& x, size_t row, size_t output, size_t i, size_t j) {
  const unsigned both = (1U << i) | (1U << j);
  const int n_players = i == j ? 1 : 2;
  double sum = 0;
  for (unsigned set = 0; set < (1U << kFeatures); ++set) {
    if (set & both) continue;
    const int size = std::popcount(set), n = static_cast<int>(kFeatures);
    const double weight = factorial(size) * factorial(n - size - n_players) / factorial(n - n_players + 1);
    const auto v = [&](unsigned more) { return worth(f, x, row, set | more, output); };
    sum += weight * (i == j ? v(1U << i) - v(0) : (v(both) - v(1U << i) - v(1U << j) + v(0)) / 2);
  }
  return sum;
}

TEST(TreeShap, IsTheShapleyValueOverAllSubsetsOfTheFeatures) {
  for (const size_t leaf_width : {1, 2}) {
    RandomForest made(leaf_width, 3, 7, leaf_width);
    if (leaf_width == 2) made.forest.aggregation = ForestAggregation::Mean;
    const FeatureMatrix x = random_rows(21);
    const Contributions found = contributions(ForestModel(made.forest), x, nullptr, {});
    for (size_t row = 0; row < x.n_rows(); ++row)
      for (size_t c = 0; c < leaf_width; ++c) {
        EXPECT_NEAR(found.base[c], worth(made.forest, x, row, 0, c), 1e-12);
        for (size_t i = 0; i < kFeatures; ++i)
          EXPECT_NEAR(found.values[(row * leaf_width + c) * kFeatures + i], by_subsets(made.forest, x, row, c, i, i), 1e-12);
      }
  }
}

TEST(TreeShap, InteractionsAreTheShapleyIndexOverAllSubsetsAndSumToTheContributions) {
  const RandomForest made(3, 3, 7, 1);
  const ForestModel model(made.forest);
  const FeatureMatrix x = random_rows(9);
  const Interactions found = interactions(model, x, nullptr, {});
  const Contributions alone = contributions(model, x, nullptr, {});
  for (size_t row = 0; row < x.n_rows(); ++row)
    for (size_t i = 0; i < kFeatures; ++i) {
      double sum = 0;
      for (size_t j = 0; j < kFeatures; ++j) {
        const double value = found.values[(row * kFeatures + i) * kFeatures + j];
        sum += value;
        EXPECT_TRUE(i == j || std::abs(value - by_subsets(made.forest, x, row, 0, i, j)) < 1e-12);
      }
      EXPECT_NEAR(sum, alone.values[row * kFeatures + i], 1e-12);
    }
}

TEST(TreeShap, ContributionsAndBaseSumToTheScoresOfDeepTreesOnAnyNumberOfThreads) {
  const RandomForest made(11, 20, 14, 1);
  const ForestModel model(made.forest);
  const FeatureMatrix x = random_rows(300);
  FitContext alone, several;
  several.threads = std::make_shared<const Threads>(4);
  const Contributions found = contributions(model, x, nullptr, alone);
  EXPECT_EQ(contributions(model, x, nullptr, several).values, found.values);
  std::vector<double> scores(x.n_rows());
  model.predict_scores(x, scores);
  for (size_t row = 0; row < x.n_rows(); ++row) {
    const auto from = found.values.begin() + static_cast<ptrdiff_t>(row * kFeatures);
    EXPECT_NEAR(std::accumulate(from, from + kFeatures, found.base[0]), scores[row], 1e-9);
  }
}

TEST(TreeShap, CountsTheRowsThatComeToEachNode) {
  RandomForest made(4, 2, 5, 1);
  const FeatureMatrix x = random_rows(200);
  made.forest.node_cover = node_covers(made.forest, x, {});
  for (const int32_t root : made.forest.roots) EXPECT_EQ(made.forest.node_cover[static_cast<size_t>(root)], 200);
  std::vector<double> scores(x.n_rows());
  ForestModel(made.forest).predict_scores(x, scores);
  EXPECT_EQ(contributions(ForestModel(made.forest), x, nullptr, {}).values, contributions(ForestModel(made.forest), x, &x, {}).values);
  made.forest.node_cover.clear();
  EXPECT_THROW(contributions(ForestModel(made.forest), x, nullptr, {}), Error);
}

TEST(TreeShap, FindsInTreesOfOurOwnTheWeightOfTheRowsThatCameToEachNode) {
  const FeatureMatrix x = random_rows(300);
  std::vector<double> weights(300);
  std::vector<uint32_t> repeated;
  Target target;
  target.task = Task::Regression;
  target.n_rows = 300;
  for (uint32_t row = 0; row < 300; ++row) {
    target.values.push_back(std::abs(static_cast<double>(x.at(row, 0))) < 1 ? 1 : x.at(row, 3));
    weights[row] = row % 3;
    repeated.insert(repeated.end(), row % 3, row);
  }
  const std::vector<std::pair<std::string, Value::Object>> of_all_rows{
      {"decision_tree", {}}, {"extra_trees", {}}, {"gradient_boosting", {{"row_fraction", 1}}}};
  for (const auto& [name, parameters] : of_all_rows) {
    SCOPED_TRACE(name);
    const auto model = learners().make(name, Value(parameters))->fit({x, target, weights}, nullptr, {});
    const Forest& forest = dynamic_cast<const ForestModel&>(*model).forest();
    EXPECT_EQ(forest.node_cover, node_covers(forest, x.take(repeated), {}));
  }
}

TEST(TreeShap, EndsWhenCancelled) {
  const RandomForest made(4, 2, 5, 1);
  FitContext context;
  context.cancel.cancel();
  EXPECT_THROW(contributions(ForestModel(made.forest), random_rows(10), nullptr, context), Error);
}

}  // namespace
}  // namespace kolosal
