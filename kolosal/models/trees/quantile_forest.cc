// Quantile regression forest: a random forest that predicts quantiles of the targets of the training rows in its leaves.
//
// Cost     as a random forest, and 4 bytes for each row and tree.
// Source   Meinshausen, "Quantile Regression Forests", JMLR 7, 2006.
// Checked  quantile_forest_test.cc.
#include "kolosal/models/forms/quantile_forest.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kolosal/models/learner.h"
#include "kolosal/models/trees/training_rows.h"

namespace kolosal {
namespace {

struct QuantileForestParams {
  std::vector<double> quantiles = {0.5};
  int n_trees = 300;
  std::optional<int> max_depth;
  int min_rows_in_leaf = 5;
  double feature_fraction = 1.0 / 3;
  double row_fraction = 1;
};

void describe(Fields<QuantileForestParams>& f) {
  using P = QuantileForestParams;
  f.add("quantiles", &P::quantiles, "Which quantiles are predicted, one column each.");
  f.add("n_trees", &P::n_trees, "Number of trees.").min(1).max(1'000'000).alias("n_estimators");
  f.add("max_depth", &P::max_depth, "Most splits on the way to a leaf; null for no limit.").min(1).max(1'000'000);
  f.add("min_rows_in_leaf", &P::min_rows_in_leaf, "Fewest rows of a leaf.").min(1).search_log(1, 50).alias("min_samples_leaf");
  f.add("feature_fraction", &P::feature_fraction, "Share of the features, drawn anew, that each node may split by.")
      .above(0)
      .max(1)
      .search(0.1, 1)
      .alias("max_features");
  f.add("row_fraction", &P::row_fraction, "How many rows each tree draws, as a share of all.")
      .above(0)
      .max(1)
      .alias("max_samples")
      .alias("subsample");
}

// The rows of every leaf by ascending target.
QuantileForest targets_of_leaves(const Forest& forest, const TrainingRows& rows, const FitContext& context) {
  const size_t n = rows.rows.size(), n_trees = forest.roots.size();
  QuantileForest made;
  std::vector<uint32_t> order(n), rank(n);
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, {}, [&](uint32_t i) { return rows.target.values[i]; });
  for (const uint32_t i : order) {
    if (made.targets.empty() || rows.target.values[i] > made.targets.back()) made.targets.push_back(rows.target.values[i]);
    rank[i] = static_cast<uint32_t>(made.targets.size() - 1);
  }
  std::vector<std::vector<uint32_t>> leaves(n_trees);  // the leaf of each row
  context.threads->parallel_each(n_trees, [&](size_t t) {
    if (context.should_stop()) return;
    for (const uint32_t row : rows.rows) {
      const auto node = static_cast<size_t>(leaf_of(forest, forest.roots[t], rows.x, row));
      leaves[t].push_back(static_cast<uint32_t>(forest.nodes[node].left));
    }
  });
  context.check();
  made.leaf_starts.assign(forest.leaf_values.size() + 1, 0);
  for (const std::vector<uint32_t>& of_tree : leaves)
    for (const uint32_t leaf : of_tree) ++made.leaf_starts[leaf + 1];
  std::partial_sum(made.leaf_starts.begin(), made.leaf_starts.end(), made.leaf_starts.begin());
  made.leaf_targets.resize(n * n_trees);
  made.leaf_weights.resize(rows.weights.empty() ? 0 : n * n_trees);
  // Weights in units of a power of two near the largest: they fit float32, and the least that it has stands for those too small for it.
  const int unit = rows.weights.empty() ? 0 : std::ilogb(std::ranges::max(rows.weights));
  std::vector<uint32_t> next(made.leaf_starts.begin(), made.leaf_starts.end() - 1);
  context.threads->parallel_each(n_trees, [&](size_t t) {  // trees share no leaves
    for (const uint32_t i : order) {
      const uint32_t at = next[leaves[t][i]]++;
      made.leaf_targets[at] = rank[i];
      if (rows.weights.empty()) continue;
      const auto weight = static_cast<float>(std::ldexp(rows.weights[i], -unit));
      made.leaf_weights[at] = std::max(weight, std::numeric_limits<float>::denorm_min());
    }
  });
  return made;
}

class QuantileForestLearner : public Learner {
 public:
  explicit QuantileForestLearner(QuantileForestParams params) : params_(std::move(params)) {}

  bool supports(Task task) const override { return task == Task::Regression; }
  FeatureNeeds needs() const override { return {.accepts_missing = true, .accepts_categories = true}; }
  bool tells_progress() const override { return true; }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet*, const FitContext& context) const override {
    check_training_set(train);
    if (!supports(train.target.task)) throw Error(ErrorCode::Unsupported, "quantiles are of one number a row", "Use random_forest.");
    if (params_.quantiles.empty()) throw Error(ErrorCode::BadValue, "quantiles is empty", "Name one at least, such as 0.5.");
    for (const double quantile : params_.quantiles)
      if (!(quantile > 0 && quantile < 1))
        throw Error(ErrorCode::BadValue, "quantiles holds " + std::to_string(quantile), "Give shares above 0 and below 1.");
    const TrainingRows rows(train);
    const auto n_cells = rows.rows.size() * static_cast<size_t>(params_.n_trees);
    if (n_cells >= std::numeric_limits<uint32_t>::max())
      throw Error(ErrorCode::OutOfMemory, "the trees and rows are more than 4 billion together", "Lower n_trees, or draw fewer rows.");
    const MemoryLease lease(context.memory, n_cells * (rows.weights.empty() ? 8 : 12), "targets of leaves");
    const auto forest =
        learners()
            .make("random_forest", Value(Value::Object{{"n_trees", Value(params_.n_trees)},
                                                       {"max_depth", params_.max_depth ? Value(*params_.max_depth) : Value()},
                                                       {"max_leaves", Value()},
                                                       {"min_rows_in_leaf", Value(params_.min_rows_in_leaf)},
                                                       {"feature_fraction", Value(params_.feature_fraction)},
                                                       {"row_fraction", Value(params_.row_fraction)}}))
            ->fit(train, nullptr, context);
    const auto& grown = dynamic_cast<const ForestModel&>(*forest);
    QuantileForest parts = targets_of_leaves(grown.forest(), rows, context);
    parts.quantiles = params_.quantiles;
    return std::make_unique<QuantileForestModel>(grown, std::move(parts));
  }

 private:
  QuantileForestParams params_;
};

}  // namespace

void register_quantile_forest(Catalog<Learner>& catalog) {
  catalog.add<QuantileForestLearner, QuantileForestParams>("quantile_forest",
                                                           "Quantiles of a target by a random forest that knows its rows.", {"qrf"});
}

}  // namespace kolosal
