// Decision tree (CART), random forest and extremely randomised trees.
//
// A forest averages trees: each on rows drawn with replacement (random forest) or on all rows (extra trees), each node choosing among
// features drawn anew. Leaves hold class shares or means, so a forest predicts probabilities or numbers, several targets at once too.
//
// Cost     see cart_grower.h, times n_trees; trees run in parallel. Where time or memory ends, the forest is the trees finished, up to the
//          first that is not.
// Source   Breiman et al., 1984; Breiman, Machine Learning 45, 2001; Geurts et al., Machine Learning 63, 2006.
// Checked  forest_learners_test.cc, histogram_forest_test.cc.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <mutex>
#include <numeric>
#include <optional>

#include "kolosal/base/random.h"
#include "kolosal/models/forms/forest_rounds.h"
#include "kolosal/models/forms/pruning.h"
#include "kolosal/models/learner.h"
#include "kolosal/models/trees/cart_grower.h"
#include "kolosal/models/trees/node_histograms.h"
#include "kolosal/models/trees/out_of_bag.h"
#include "kolosal/models/trees/training_rows.h"

namespace kolosal {
namespace {

// Where the bounds of splits lie: between all values, or between bins of them; by the size of the table.
enum class SplitMethod { Auto, Exact, Histogram };
constexpr auto enum_names(SplitMethod) {
  return std::to_array<std::pair<SplitMethod, std::string_view>>(
      {{SplitMethod::Auto, "auto"}, {SplitMethod::Exact, "exact"}, {SplitMethod::Histogram, "histogram"}});
}

constexpr size_t kManyRows = 50'000;  // from which on auto is histogram
constexpr int kMostBins = 255;

struct DecisionTreeParams {
  std::optional<int> max_depth;
  std::optional<int> max_leaves;
  int min_rows_in_leaf = 1;
  double min_weight_fraction_leaf = 0;
  double feature_fraction = 1;
  double prune_alpha = 0;
  ClassWeight class_weight = ClassWeight::None;
  SplitMethod split_method = SplitMethod::Auto;
  std::optional<int> max_bins;
};

template <bool kBootstrap>
struct ForestParams {
  int n_trees = 300;
  std::optional<int> max_depth;
  std::optional<int> max_leaves = 18'000;
  int min_rows_in_leaf = 1;
  double min_weight_fraction_leaf = 0;
  std::optional<double> feature_fraction;
  bool bootstrap = kBootstrap;
  double row_fraction = 1;
  double prune_alpha = 0;
  ClassWeight class_weight = ClassWeight::None;
  SplitMethod split_method = SplitMethod::Auto;
  std::optional<int> max_bins;
};

// The parameters that all three have.
template <class P>
void describe_growth(Fields<P>& f) {
  f.add("max_depth", &P::max_depth, "Most splits on the way to a leaf; null for no limit.").min(1).max(1'000'000);
  f.add("max_leaves", &P::max_leaves, "Most leaves of a tree; null for no limit.").min(1).alias("max_leaf_nodes").alias("num_leaves");
  f.add("min_rows_in_leaf", &P::min_rows_in_leaf, "Fewest rows of a leaf.")
      .min(1)
      .search_log(1, 50)
      .alias("min_samples_leaf")
      .alias("min_child_samples");
  f.add("min_weight_fraction_leaf", &P::min_weight_fraction_leaf, "Least weight of a leaf, as a share of the weight of all rows.")
      .min(0)
      .max(0.5);
  f.add("prune_alpha", &P::prune_alpha,
        "Decrease of impurity, as a share of the rows, that each leaf must be worth; others are pruned away.")
      .min(0)
      .alias("ccp_alpha");
  f.add("class_weight", &P::class_weight, "Whether classes count the same in sum, however many rows they have.");
}

// Those of trees that try every bound.
template <class P>
void describe_splits(Fields<P>& f) {
  f.add("split_method", &P::split_method,
        "Whether splits are looked for between all values of a feature (exact) or between bins of them (histogram); auto: between bins "
        "from 50,000 rows on, unless a category has codes beyond them that tell of the target. Codes beyond the bins count as missing.");
  f.add("max_bins", &P::max_bins, "Most bins that a feature is cut into by histogram splits, besides that of the missing; null: 255.")
      .min(2)
      .max(kMostBins)
      .alias("max_bin")
      .alias("n_bins");
}

void describe(Fields<DecisionTreeParams>& f) {
  describe_growth(f);
  describe_splits(f);
  f.add("feature_fraction", &DecisionTreeParams::feature_fraction, "Share of the features, drawn anew, that each node may split by.")
      .above(0)
      .max(1)
      .alias("max_features");
}

template <bool kBootstrap>
void describe(Fields<ForestParams<kBootstrap>>& f) {
  using P = ForestParams<kBootstrap>;
  f.add("n_trees", &P::n_trees, "Number of trees.").min(1).max(1'000'000).alias("n_estimators");
  describe_growth(f);
  f.add("feature_fraction", &P::feature_fraction,
        "Share of the features, drawn anew, that each node may split by; null: the square root of their number for classes, all for "
        "numbers.")
      .above(0)
      .max(1)
      .search(0.1, 1)
      .alias("max_features");
  f.add("bootstrap", &P::bootstrap, "Whether each tree is grown on rows drawn with replacement.");
  f.add("row_fraction", &P::row_fraction, "How many rows each tree draws, as a share of all.")
      .above(0)
      .max(1)
      .alias("max_samples")
      .alias("subsample");
  if constexpr (kBootstrap) describe_splits(f);
}

// What the three learners come down to.
struct ForestRecipe {
  int n_trees = 1;
  CartLimits limits;
  SplitMethod split_method = SplitMethod::Exact;
  int max_bins = kMostBins;
  bool bootstrap = false;
  double row_fraction = 1;
  double prune_alpha = 0;
  ClassWeight class_weight = ClassWeight::None;
};

template <class P>
CartLimits limits_of(const P& p, double feature_fraction, size_t n_features) {
  CartLimits limits;
  limits.max_depth = p.max_depth.value_or(0);
  limits.max_leaves = static_cast<size_t>(p.max_leaves.value_or(0));
  limits.min_rows_in_leaf = static_cast<size_t>(p.min_rows_in_leaf);
  limits.min_weight_fraction = p.min_weight_fraction_leaf;
  // A share that a whole number of features makes up counts as that number in spite of rounding.
  limits.n_tried = std::max<size_t>(1, static_cast<size_t>(feature_fraction * static_cast<double>(n_features) + 1e-9));
  return limits;
}

// Throws Error(BadValue) where bins are asked for that there are not.
template <class P>
void set_splits(const P& p, ForestRecipe& recipe) {
  if (p.max_bins && p.split_method == SplitMethod::Exact)
    throw Error(ErrorCode::BadValue, "max_bins is " + std::to_string(*p.max_bins) + ", but split_method is 'exact', which has no bins",
                "Leave out max_bins, or set split_method to 'histogram'.");
  recipe.split_method = p.split_method;
  recipe.max_bins = p.max_bins.value_or(kMostBins);
}

// The weight with which each row takes part in a tree.
std::vector<double> draw_weights(const ForestRecipe& recipe, const TrainingRows& rows, RandomStream& stream) {
  const size_t n = rows.rows.size();
  std::vector<double> weights = rows.weights;
  if (weights.empty()) weights.assign(n, 1.0);
  const size_t n_drawn = std::max<size_t>(1, static_cast<size_t>(std::lround(recipe.row_fraction * static_cast<double>(n))));
  if (!recipe.bootstrap && n_drawn == n) return weights;
  std::vector<uint32_t> times(n, 0);
  if (recipe.bootstrap) {
    for (size_t i = 0; i < n_drawn; ++i) ++times[stream.below(n)];
  } else {
    for (size_t i = 0, left = n_drawn; i < n; ++i)
      if (stream.below(n - i) < left) times[i] = 1, --left;
  }
  for (size_t i = 0; i < n; ++i) weights[i] *= times[i];
  return weights;
}

// Tells the listener of finished trees, one at a time, and keeps whether it wants more.
class Progress {
 public:
  Progress(const FitContext& context, int n_trees) : context_(context), n_trees_(n_trees) {}
  bool ended() const { return ended_.load(std::memory_order_relaxed); }
  void tree_finished() {
    if (!context_.on_iteration) return;
    const std::lock_guard lock(mutex_);
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    if (!ended() && !context_.on_iteration({++finished_, n_trees_, kNone, kNone})) ended_ = true;
  }

 private:
  const FitContext& context_;
  int n_trees_;
  int finished_ = 0;
  std::mutex mutex_;
  std::atomic<bool> ended_{false};
};

size_t bytes_of(const Forest& tree) {
  return tree.nodes.size() * (sizeof(ForestNode) + sizeof(float)) + tree.leaf_values.size() * sizeof(float) +
         tree.category_bits.size() * sizeof(uint32_t);
}

ForestLink link_of(const TrainingRows& rows) { return is_classification(rows.target.task) ? ForestLink::Normalize : ForestLink::Identity; }

// A forest without trees, for the rows' targets.
Forest no_trees(const TrainingRows& rows, const TreeTargets& targets) {
  Forest forest;
  forest.n_features = rows.x.n_features();
  forest.aggregation = ForestAggregation::Mean;
  forest.link = link_of(rows);
  forest.leaf_width = targets.leaf_width;
  forest.base_score = targets.base_score;
  forest.leaf_scale = targets.leaf_scale;
  forest.feature_gain.assign(forest.n_features, 0.0);
  return forest;
}

// Throws Error(BadValue) where `start` is no forest for the rows' targets.
void check_start(const Forest& start, const TrainingRows& rows) {
  const size_t n_features = rows.x.n_features(), leaf_width = rows.target.n_outputs();
  if (start.n_features == n_features && start.leaf_width == leaf_width && start.link == link_of(rows) &&
      start.aggregation == ForestAggregation::Mean && start.linear_starts.empty())
    return;
  throw Error(ErrorCode::BadValue,
              "the model to go on from has " + std::to_string(start.n_features) + " features and " + std::to_string(start.leaf_width) +
                  " numbers in a leaf; the rows ask for " + std::to_string(n_features) + " and " + std::to_string(leaf_width) +
                  ", averaged over trees",
              "Pass a forest that was fitted to the same features and classes.");
}

// Prunes a tree, gives back what it does not need, and takes room for it and its copy in the forest.
CartEnd keep_tree(Forest& tree, double prune_alpha, const std::shared_ptr<MemoryBudget>& memory, std::optional<MemoryLease>& lease) {
  try {
    lease.emplace(memory, 2 * bytes_of(tree), "trees");
    if (prune_alpha > 0) tree = prune(tree, prune_alpha);
    tree.nodes.shrink_to_fit();
    tree.node_cover.shrink_to_fit();
    tree.leaf_values.shrink_to_fit();
    if (prune_alpha > 0) lease.emplace(memory, 2 * bytes_of(tree), "trees");
  } catch (const Error&) {
    return CartEnd::OutOfMemory;
  }
  return CartEnd::Grown;
}

// Moves trees to the forest.
void add_trees(Forest& forest, std::span<Forest> trees) {
  size_t n_nodes = forest.nodes.size(), n_numbers = forest.leaf_values.size();
  for (const Forest& tree : trees) {
    n_nodes += tree.nodes.size();
    n_numbers += tree.leaf_values.size();
  }
  forest.nodes.reserve(n_nodes);
  forest.node_cover.reserve(n_nodes);
  forest.leaf_values.reserve(n_numbers);
  for (Forest& tree : trees) {
    append_trees(forest, tree);
    tree = Forest();
  }
}

// Bytes of a tree while it grows.
size_t bytes_of_grower(const ForestRecipe& recipe, const TrainingRows& rows, bool binned) {
  const size_t n = rows.rows.size();
  if (!binned) return CartGrower::bytes_for(n, n);
  const size_t most_bins = static_cast<size_t>(recipe.max_bins) + 1, width = TreeTargets::width_of(rows.target);
  return CartGrower::bytes_for(n, std::min(n, NodeHistograms::least_rows_for(most_bins, width))) +
         NodeHistograms::bytes_for(rows.x.n_features(), most_bins, width);
}

// `start` (may be null) is the forest that the trees are added to.
std::unique_ptr<Model> fit_forest(const ForestRecipe& recipe, const ForestModel* start, const TrainingSet& train,
                                  const FitContext& context) {
  const TrainingRows rows(train, recipe.class_weight);
  const size_t n = rows.rows.size(), n_trees = static_cast<size_t>(recipe.n_trees);
  const size_t n_growers = std::min(static_cast<size_t>(context.threads->size()), n_trees);
  const bool random = recipe.limits.random_bounds;
  const bool binned =
      recipe.split_method == SplitMethod::Histogram || (recipe.split_method == SplitMethod::Auto && n >= kManyRows &&
                                                        !loses_codes(rows.x, rows.rows, rows.weights, rows.target, recipe.max_bins));
  const MemoryLease lease(context.memory,
                          TreeColumns::bytes_for(n, train.x.n_features(), binned, random) + rows.target.values.size() * sizeof(double) +
                              n_growers * bytes_of_grower(recipe, rows, binned),
                          "growing trees");
  context.check();
  const TreeColumns columns =
      binned ? bin_columns(train.x, rows.rows, rows.weights, recipe.max_bins, context) : rank_columns(train.x, rows.rows, random, context);
  if (start != nullptr) check_start(start->forest(), rows);
  const TreeTargets targets(rows.target, rows.weights, start != nullptr ? &start->forest() : nullptr);
  Forest forest = start != nullptr ? start->forest() : no_trees(rows, targets);
  const size_t n_before = forest.roots.size();
  std::vector<Forest> trees(n_trees);
  std::vector<std::optional<MemoryLease>> tree_leases(n_trees);
  std::vector<char> finished(n_trees, 0);
  std::atomic<bool> full{false};
  Progress progress(context, recipe.n_trees);
  std::atomic<size_t> next{0};  // trees begin in their order, so that those finished lack few in between
  context.threads->parallel_each(n_trees, [&](size_t) {
    if (context.should_stop() || progress.ended() || full) return;
    const size_t t = next++;
    RandomStream stream(context.seed, "tree", n_before + t);
    const std::vector<double> weights = draw_weights(recipe, rows, stream);
    CartGrower grower(columns, targets, recipe.limits, context);
    CartEnd end = grower.grow(weights, stream, trees[t]);
    if (end == CartEnd::Grown) end = keep_tree(trees[t], recipe.prune_alpha, context.memory, tree_leases[t]);
    if (end != CartEnd::Grown) {
      full = full || end == CartEnd::OutOfMemory;
      trees[t] = Forest();
      return;
    }
    finished[t] = 1;
    progress.tree_finished();
  });
  // Trees behind one that is not finished are left out: tree t of a forest is always the one of stream t, as out_of_bag and fit_more take
  // it.
  const auto n_kept = static_cast<size_t>(std::ranges::find(finished, 0) - finished.begin());
  add_trees(forest, std::span(trees).first(n_kept));
  if (forest.roots.empty()) {
    context.check();
    throw full ? Error(ErrorCode::OutOfMemory, "not one tree fits into the memory limit", "Raise the memory limit, or lower max_leaves.")
               : Error(ErrorCode::Cancelled, "stopped on request");
  }
  return std::make_unique<ForestModel>(std::move(forest));
}

class TreeLearner : public Learner {
 public:
  bool supports(Task task) const override { return task != Task::Ranking; }
  FeatureNeeds needs() const override { return {.accepts_missing = true, .accepts_categories = true}; }
  bool tells_progress() const override { return true; }
  bool continues() const override { return n_trees_may_grow(); }

  std::unique_ptr<Model> fit_more(const Model& start, const TrainingSet& train, const TrainingSet* validation,
                                  const FitContext& context) const override {
    if (!continues()) return Learner::fit_more(start, train, validation, context);
    check_training_set(train);
    if (!supports(train.target.task)) throw Error(ErrorCode::Unsupported, "this learner does not rank", "Use gradient_boosting.");
    const auto* forest = dynamic_cast<const ForestModel*>(&start);
    if (forest == nullptr)
      throw Error(ErrorCode::BadValue, "the model to go on from is of form '" + std::string(start.form()) + "', not a forest",
                  "Pass a random forest or extra trees.");
    return fit_forest(recipe(train), forest, train, context);
  }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet*, const FitContext& context) const override {
    check_training_set(train);
    if (!supports(train.target.task)) throw Error(ErrorCode::Unsupported, "this learner does not rank", "Use gradient_boosting.");
    return fit_forest(recipe(train), nullptr, train, context);
  }

  std::vector<double> out_of_bag(const Model& model, const TrainingSet& train, const FitContext& context) const override {
    check_training_set(train);
    const ForestRecipe made_by = recipe(train);
    const TrainingRows rows(train, made_by.class_weight);
    const auto* forest = dynamic_cast<const ForestModel*>(&model);
    const auto n_trees = static_cast<size_t>(made_by.n_trees);
    if (forest == nullptr || forest->n_iterations() < n_trees)
      throw Error(ErrorCode::BadValue, "the model has not the " + std::to_string(made_by.n_trees) + " trees of a whole fit",
                  "Pass the model that this learner fitted to these rows.");
    if (!made_by.bootstrap && made_by.row_fraction >= 1)
      throw Error(ErrorCode::BadValue, "every tree is grown on all rows, so none is out of bag", "Set bootstrap, or row_fraction below 1.");
    return predict_out_of_bag(
        *forest, rows, forest->n_iterations() - n_trees,
        [&](size_t t) {
          RandomStream stream(context.seed, "tree", t);
          return draw_weights(made_by, rows, stream);
        },
        context);
  }

 protected:
  virtual ForestRecipe recipe(const TrainingSet& train) const = 0;
  // Whether more trees can be added to a model.
  virtual bool n_trees_may_grow() const { return false; }
};

class DecisionTree : public TreeLearner {
 public:
  explicit DecisionTree(DecisionTreeParams params) : params_(params) {}

 protected:
  ForestRecipe recipe(const TrainingSet& train) const override {
    ForestRecipe recipe;
    recipe.class_weight = params_.class_weight;
    recipe.prune_alpha = params_.prune_alpha;
    recipe.limits = limits_of(params_, params_.feature_fraction, train.x.n_features());
    set_splits(params_, recipe);
    return recipe;
  }

 private:
  DecisionTreeParams params_;
};

// Extra trees where the parameters do not bootstrap by default: their bounds are drawn at random.
template <bool kBootstrap>
class RandomForest : public TreeLearner {
 public:
  explicit RandomForest(ForestParams<kBootstrap> params) : params_(params) {}

 protected:
  ForestRecipe recipe(const TrainingSet& train) const override {
    const auto n_features = static_cast<double>(std::max<size_t>(1, train.x.n_features()));
    const double usual = is_classification(train.target.task) ? std::floor(std::sqrt(n_features)) / n_features : 1.0;
    ForestRecipe recipe;
    recipe.n_trees = params_.n_trees;
    recipe.bootstrap = params_.bootstrap;
    recipe.class_weight = params_.class_weight;
    recipe.prune_alpha = params_.prune_alpha;
    recipe.row_fraction = params_.row_fraction;
    recipe.limits = limits_of(params_, params_.feature_fraction.value_or(usual), train.x.n_features());
    recipe.limits.random_bounds = !kBootstrap;
    recipe.limits.drawn_order = true;
    if constexpr (kBootstrap) set_splits(params_, recipe);
    return recipe;
  }
  bool n_trees_may_grow() const override { return true; }

 private:
  ForestParams<kBootstrap> params_;
};

}  // namespace

void register_decision_tree(Catalog<Learner>& catalog) {
  catalog.add<DecisionTree, DecisionTreeParams>("decision_tree", "One tree that splits rows until its leaves are pure or small.", {"cart"});
}

void register_extra_trees(Catalog<Learner>& catalog) {
  catalog.add<RandomForest<false>, ForestParams<false>>("extra_trees", "The mean of trees whose splits are drawn at random.", {"xt"});
}

void register_random_forest(Catalog<Learner>& catalog) {
  catalog.add<RandomForest<true>, ForestParams<true>>("random_forest", "The mean of trees grown on rows drawn with replacement.", {"rf"});
}

}  // namespace kolosal
