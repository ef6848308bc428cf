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
    forest.leaf_scale.assign(leaf_width, 4);
    forest.leaf_scale.back() = 0.5;
    forest.feature_gain.assign(kFeatures, 1);
    for (size_t tree = 0; tree < n_trees; ++tree) {
      forest.roots.push_back(static_cast<int32_t>(forest.nodes.size()));
      forest.tree_output.push_back(0);
      add(100, 1);
      grow(forest.nodes.size() - 1, depth);
    }
  }

  // Gives every other leaf a sum of one to three of the numbers, on its path or not.
  void add_sums() {
    forest.linear_starts = {0};
    for (size_t leaf = 0; leaf < forest.leaf_values.size(); ++leaf) {
      const size_t first = random_.below(kFeatures - 1), n = leaf % 2 == 0 ? 1 + random_.below(kFeatures - 1) : 0;
      for (size_t term = 0; term < n; ++term) {
        forest.linear_features.push_back(static_cast<uint32_t>((first + term) % (kFeatures - 1)));
        forest.linear_weights.push_back(random_.normal());
      }
      forest.linear_constants.push_back(random_.normal());
      forest.linear_starts.push_back(static_cast<uint32_t>(forest.linear_features.size()));
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

FeatureMatrix random_rows(size_t n, uint64_t seed = 5) {
  FeatureMatrix x({{"a", 0}, {"b", 0}, {"c", 0}, {"d", 3}}, n);
  RandomStream random(seed, "shap rows");
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j + 1 < kFeatures; ++j)
      x.column(j)[i] = random.uniform() < 0.1 ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(random.normal());
    x.column(kFeatures - 1)[i] = static_cast<float>(random.below(4));
  }
  return x;
}

// What a leaf is worth where the features in `known` are known: of a sum, the unknown ones are their means; known ones that are missing
// make its value count.
double leaf_worth(const Forest& f, const NodeRows& behind, size_t leaf, const FeatureMatrix& x, size_t row, unsigned known, size_t output) {
  const auto value = static_cast<double>(f.leaf_values[leaf * f.leaf_width + output]);
  if (f.linear_starts.empty() || f.linear_starts[leaf] == f.linear_starts[leaf + 1]) return value;
  double sum = f.linear_constants[leaf];
  for (uint32_t term = f.linear_starts[leaf]; term < f.linear_starts[leaf + 1]; ++term) {
    const bool is_known = ((known >> f.linear_features[term]) & 1U) != 0;
    const auto number = is_known ? static_cast<double>(x.at(row, f.linear_features[term])) : behind.means[term];
    if (!std::isfinite(number)) return value;
    sum += f.linear_weights[term] * number;
  }
  return sum;
}

// What a tree is worth where the features in `known` are known: unknown ones follow both branches in proportion to their covers.
double worth(const Forest& f, const NodeRows& behind, size_t node, const FeatureMatrix& x, size_t row, unsigned known, size_t output) {
  const ForestNode& n = f.nodes[node];
  if (n.is_leaf()) return leaf_worth(f, behind, static_cast<size_t>(n.left), x, row, known, output);
  const auto left = static_cast<size_t>(n.left);
  if ((known >> n.feature) & 1U) return worth(f, behind, left + (goes_left(f, n, x.at(row, n.feature)) ? 0 : 1), x, row, known, output);
  double sum = 0;
  for (const size_t child : {left, left + 1})
    if (behind.covers[child] > 0)
      sum += static_cast<double>(behind.covers[child]) / static_cast<double>(behind.covers[node]) *
             worth(f, behind, child, x, row, known, output);
  return sum;
}

double worth(const Forest& f, const NodeRows& behind, const FeatureMatrix& x, size_t row, unsigned known, size_t output) {
  double sum = 0;
  for (const int32_t root : f.roots) sum += worth(f, behind, static_cast<size_t>(root), x, row, known, output);
  if (f.aggregation == ForestAggregation::Mean) sum /= static_cast<double>(f.roots.size());
  return f.base_score[output] + f.scale_of(output) * sum;
}

double factorial(int n) { return std::tgamma(n + 1.0); }

// The Shapley value of feature i, or where j is another feature the Shapley interaction index of both, by all subsets of the others.
double by_subsets(const Forest& f, const NodeRows& behind, const FeatureMatrix& x, size_t row, size_t output, size_t i, size_t j) {
  const unsigned both = (1U << i) | (1U << j);
  const int n_players = i == j ? 1 : 2;
  double sum = 0;
  for (unsigned set = 0; set < (1U << kFeatures); ++set) {
    if (set & both) continue;
    const int size = std::popcount(set), n = static_cast<int>(kFeatures);
    const double weight = factorial(size) * factorial(n - size - n_players) / factorial(n - n_players + 1);
    const auto v = [&](unsigned more) { return worth(f, behind, x, row, set | more, output); };
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
        EXPECT_NEAR(found.base[c], worth(made.forest, {made.forest.node_cover, {}}, x, row, 0, c), 1e-12);
        for (size_t i = 0; i < kFeatures; ++i)
          EXPECT_NEAR(found.values[(row * leaf_width + c) * kFeatures + i],
                      by_subsets(made.forest, {made.forest.node_cover, {}}, x, row, c, i, i), 1e-12);
      }
  }
}

TEST(TreeShap, OfLeavesThatSumFeaturesIsTheShapleyValueOverAllSubsetsAndAddsUpToTheScores) {
  for (const ForestAggregation aggregation : {ForestAggregation::Sum, ForestAggregation::Mean}) {
    RandomForest made(8, 4, 6, 1);
    made.add_sums();
    made.forest.aggregation = aggregation;
    const ForestModel model(made.forest);
    const FeatureMatrix x = random_rows(45), background = random_rows(200, 6);
    const NodeRows behind{node_covers(made.forest, background, {}), term_means(made.forest, background, {})};
    const Contributions found = contributions(model, x, &background, {});
    std::vector<double> scores(x.n_rows());
    model.predict_scores(x, scores);
    EXPECT_NEAR(found.base[0], worth(made.forest, behind, x, 0, 0, 0), 1e-12);
    for (size_t row = 0; row < x.n_rows(); ++row) {
      double sum = found.base[0];
      for (size_t i = 0; i < kFeatures; ++i) {
        EXPECT_NEAR(found.values[row * kFeatures + i], by_subsets(made.forest, behind, x, row, 0, i, i), 1e-12) << row << " " << i;
        sum += found.values[row * kFeatures + i];
      }
      EXPECT_NEAR(sum, scores[row], 1e-9);
    }
  }
}

TEST(TreeShap, OfLeavesThatSumFeaturesHasTheMeanScoreOfABackgroundWithoutHolesAsItsBase) {
  RandomForest made(8, 4, 6, 1);
  made.add_sums();
  const ForestModel model(made.forest);
  FeatureMatrix background = random_rows(200);
  for (const size_t j : {0U, 1U, 2U})
    for (float& value : background.column(j)) value = std::isnan(value) ? 0.5F : value;
  std::vector<double> scores(200);
  model.predict_scores(background, scores);
  const Contributions found = contributions(model, random_rows(3), &background, {});
  EXPECT_NEAR(found.base[0], std::accumulate(scores.begin(), scores.end(), 0.0) / 200, 1e-5);  // covers are float32
  EXPECT_THROW(contributions(model, background, nullptr, {}), Error);
}

TEST(TreeShap, OfLearntLeavesThatSumFeaturesAddsUpToTheScores) {
  const FeatureMatrix x = random_rows(300);
  Target target;
  target.task = Task::Regression;
  target.n_rows = 300;
  for (size_t row = 0; row < 300; ++row) {
    const float a = std::isnan(x.at(row, 0)) ? 2 : x.at(row, 0), b = std::isnan(x.at(row, 1)) ? 0 : x.at(row, 1);
    target.values.push_back(static_cast<double>(a > 0 ? b : x.at(row, 3)));
  }
  const auto model = learners()
                         .make("gradient_boosting", Value(Value::Object{{"linear_leaves", true}, {"n_trees", 30}}))
                         ->fit({x, target, {}}, nullptr, {});
  ASSERT_FALSE(dynamic_cast<const ForestModel&>(*model).forest().linear_features.empty());
  std::vector<double> scores(300);
  model->predict_scores(x, scores);
  const Contributions found = contributions(*model, x, &x, {});
  for (size_t row = 0; row < 300; ++row) {
    const auto from = found.values.begin() + static_cast<ptrdiff_t>(row * kFeatures);
    EXPECT_NEAR(std::accumulate(from, from + kFeatures, found.base[0]), scores[row], 1e-9);
  }
}

TEST(TreeShap, InteractionsAreTheShapleyIndexOverAllSubsetsAndSumToTheContributions) {
  for (const bool has_sums : {false, true}) {
    RandomForest made(3, 3, 7, 1);
    if (has_sums) made.add_sums();
    const ForestModel model(made.forest);
    const FeatureMatrix x = random_rows(9), rows = random_rows(200, 6);
    const FeatureMatrix* background = has_sums ? &rows : nullptr;
    const NodeRows behind =
        has_sums ? NodeRows{node_covers(made.forest, rows, {}), term_means(made.forest, rows, {})} : NodeRows{made.forest.node_cover, {}};
    const Interactions found = interactions(model, x, background, {});
    const Contributions alone = contributions(model, x, background, {});
    for (size_t row = 0; row < x.n_rows(); ++row)
      for (size_t i = 0; i < kFeatures; ++i) {
        double sum = 0;
        for (size_t j = 0; j < kFeatures; ++j) {
          const double value = found.values[(row * kFeatures + i) * kFeatures + j];
          sum += value;
          EXPECT_TRUE(i == j || std::abs(value - by_subsets(made.forest, behind, x, row, 0, i, j)) < 1e-12);
        }
        EXPECT_NEAR(sum, alone.values[row * kFeatures + i], 1e-12);
      }
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
