// Gradient boosting of histogram trees.
//
// Each round adds, for each raw output, a tree grown on the gradients and hessians of the loss, shrunk by the learning rate.
// Missing values and categories are split as they are. With validation rows the best prefix of the trees is kept, and growing
// ends after `patience` rounds without a better one.
//
// Cost     O(n_trees n_raw n_rows n_features log max_leaves) time; n_rows (n_features + 24 + 12 n_raw) bytes.
// Source   Friedman, Annals of Statistics 29(5), 2001; Ke et al., "LightGBM", NeurIPS 2017.
// Checked  gradient_boosting_test.cc.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kolosal/base/random.h"
#include "kolosal/models/forms/forest.h"
#include "kolosal/models/learner.h"
#include "kolosal/models/trees/boosting_loss.h"
#include "kolosal/models/trees/split_scan.h"
#include "kolosal/models/trees/training_rows.h"
#include "kolosal/models/trees/tree_grower.h"

namespace kolosal {
namespace {

constexpr size_t kRowsPerBlock = 4096;
constexpr int kTrainLosses = 100;       // how often the training loss is measured
constexpr double kLastRateShare = 0.1;  // what a decaying learning rate ends at

/// How the learning rate falls over the planned rounds, to a tenth at the last.
enum class LearningRateDecay { None, Cosine, Exponential };
constexpr auto enum_names(LearningRateDecay) {
  return std::to_array<std::pair<LearningRateDecay, std::string_view>>(
      {{LearningRateDecay::None, "none"}, {LearningRateDecay::Cosine, "cosine"}, {LearningRateDecay::Exponential, "exponential"}});
}

struct GradientBoostingParams {
  BoostingLossKind loss = BoostingLossKind::Default;
  double quantile = 0.5;
  double huber_delta = 1;
  double tweedie_power = 1.5;
  double focal_gamma = 2;
  ClassWeight class_weight = ClassWeight::None;
  int n_trees = 1000;
  double learning_rate = 0.05;
  LearningRateDecay learning_rate_decay = LearningRateDecay::None;
  TreeGrowth growth = TreeGrowth::Leaf;
  int max_leaves = 31;
  std::optional<int> max_depth;
  int min_rows_in_leaf = 20;
  double min_hessian = 1e-3;
  double min_gain = 0;
  double l1 = 0;
  double l2 = 1;
  double row_fraction = 1;
  double feature_fraction = 1;
  int max_bins = 255;
  double cat_smooth = 10;
  double cat_l2 = 10;
  int max_categories_onehot = 4;
  bool extra_random = false;
  double path_smooth = 0;
  std::vector<int32_t> monotone;
  std::optional<int> patience = 50;
  double min_delta = 0;
};

void describe(Fields<GradientBoostingParams>& f) {
  using P = GradientBoostingParams;
  f.add("loss", &P::loss,
        "What is made small; default: squared error, cross-entropy or, for ranking, 1 - NDCG. Poisson, gamma and tweedie predict the "
        "exponential of the trees' sum.")
      .alias("objective");
  f.add("quantile", &P::quantile, "Which quantile the quantile loss predicts.").min(0.001).max(0.999).alias("alpha");
  f.add("huber_delta", &P::huber_delta, "From which error on the huber loss grows linearly.").above(0);
  f.add("tweedie_power", &P::tweedie_power, "Power of the mean that the tweedie loss takes the variance to be.")
      .min(1.01)
      .max(1.99)
      .alias("tweedie_variance_power");
  f.add("focal_gamma", &P::focal_gamma, "By which power of its error the focal loss weighs a row.").min(0);
  f.add("class_weight", &P::class_weight, "Whether classes count the same in sum, however many rows they have.");
  f.add("n_trees", &P::n_trees, "Most rounds of boosting; each adds one tree for each raw output.")
      .min(1)
      .max(1'000'000)
      .alias("n_estimators")
      .alias("num_iterations")
      .alias("iterations");
  f.add("learning_rate", &P::learning_rate, "By how much each tree is shrunk.").above(0).max(1).search_log(0.01, 0.3).alias("eta");
  f.add("learning_rate_decay", &P::learning_rate_decay, "How the learning rate falls over the planned rounds, to a tenth at the last.");
  f.add("growth", &P::growth, "Whether the leaf of the greatest gain is split next, or that of the least depth.").alias("grow_policy");
  f.add("max_leaves", &P::max_leaves, "Most leaves of a tree.")
      .min(1)
      .max(65536)
      .search_log(4, 256)
      .alias("num_leaves")
      .alias("max_leaf_nodes");
  f.add("max_depth", &P::max_depth, "Most splits on the way to a leaf; null for no limit.").min(1).max(1000);
  f.add("min_rows_in_leaf", &P::min_rows_in_leaf, "Fewest rows of a leaf.")
      .min(1)
      .search_log(2, 100)
      .alias("min_child_samples")
      .alias("min_data_in_leaf")
      .alias("min_samples_leaf");
  f.add("min_hessian", &P::min_hessian, "Least sum of hessians of a leaf.")
      .min(0)
      .alias("min_child_weight")
      .alias("min_sum_hessian_in_leaf");
  f.add("min_gain", &P::min_gain, "Least gain of a split.").min(0).alias("gamma").alias("min_split_gain").alias("min_gain_to_split");
  f.add("l1", &P::l1, "Strength of the absolute penalty on leaf values.").min(0).search(0, 1).alias("reg_alpha").alias("lambda_l1");
  f.add("l2", &P::l2, "Strength of the squared penalty on leaf values.")
      .min(0)
      .search_log(0.1, 10)
      .alias("reg_lambda")
      .alias("lambda_l2")
      .alias("l2_regularization");
  f.add("row_fraction", &P::row_fraction, "Share of the rows, drawn anew, that each round is grown on.")
      .above(0)
      .max(1)
      .search(0.4, 1)
      .alias("subsample")
      .alias("bagging_fraction");
  f.add("feature_fraction", &P::feature_fraction, "Share of the features, drawn anew, that each tree may split by.")
      .above(0)
      .max(1)
      .search(0.4, 1)
      .alias("colsample_bytree");
  f.add("max_bins", &P::max_bins, "Most bins that a feature is cut into, besides that of the missing.").min(2).max(255).alias("max_bin");
  f.add("cat_smooth", &P::cat_smooth, "What is added to a category's hessian before categories are sorted by their mean gradient.")
      .min(0)
      .search_log(1, 100);
  f.add("cat_l2", &P::cat_l2, "What is added to l2 where categories are split in two sets.").min(0).search_log(0.1, 100);
  f.add("max_categories_onehot", &P::max_categories_onehot, "Features of at most so many categories are split one against the rest.")
      .min(1)
      .max(255)
      .alias("max_cat_to_onehot");
  f.add("extra_random", &P::extra_random, "Whether each node tries one random bound of a feature in place of all.").alias("extra_trees");
  f.add("path_smooth", &P::path_smooth, "Rows of a leaf by whose number its value is drawn half way to that of its parent; 0 for not.")
      .min(0);
  f.add("monotone", &P::monotone, "For each feature 1 where predictions may only rise with it, -1 where only fall, else 0; empty for none.")
      .alias("monotone_constraints")
      .alias("monotonic_cst");
  f.add("patience", &P::patience, "Rounds without a better validation loss after which growing ends; null for never.")
      .min(1)
      .alias("early_stopping_rounds")
      .alias("n_iter_no_change");
  f.add("min_delta", &P::min_delta, "By how much a validation loss must be lower to be better.").min(0).alias("tol");
}

LossOptions loss_options_of(const GradientBoostingParams& p) { return {p.loss, p.quantile, p.huber_delta, p.tweedie_power, p.focal_gamma}; }

GrowthLimits limits_of(const GradientBoostingParams& p) {
  GrowthLimits limits;
  limits.max_leaves = p.max_leaves;
  limits.max_depth = p.max_depth.value_or(0);
  limits.min_rows_in_leaf = p.min_rows_in_leaf;
  limits.min_hessian = p.min_hessian;
  limits.min_gain = p.min_gain;
  limits.l1 = p.l1;
  limits.l2 = p.l2;
  limits.cat_smooth = p.cat_smooth;
  limits.cat_l2 = p.cat_l2;
  limits.max_categories_onehot = p.max_categories_onehot;
  limits.extra_random = p.extra_random;
  limits.growth = p.growth;
  limits.path_smooth = p.path_smooth;
  if (std::ranges::any_of(p.monotone, [](int32_t direction) { return direction != 0; })) limits.directions = p.monotone;
  return limits;
}

// Rows with their bins, loss and present scores.
struct BoostingRows {
  BoostingRows(const TrainingRows& rows, const std::vector<FeatureBins>& bins, const LossOptions& options, const FitContext& context)
      : binned(rows.x, rows.rows, bins, context), loss(make_boosting_loss({rows.target, rows.weights}, options)) {}

  void start_at(const std::vector<double>& base) {
    scores.clear();
    for (const double b : base) scores.insert(scores.end(), binned.n_rows(), b);
  }

  BinnedMatrix binned;
  std::unique_ptr<BoostingLoss> loss;
  std::vector<double> scores;  // (n_raw, n_rows)
};

// The rounds of one fit.
class Boosting {
 public:
  Boosting(const GradientBoostingParams& params, const TrainingSet& train, const TrainingSet* validation, const FitContext& context)
      : params_(params),
        context_(context),
        x_(train.x),
        rows_(train, params.class_weight),
        lease_(context.memory, bytes_for(rows_, rows_.target.n_outputs()), "gradient boosting"),
        bins_(make_bins(train.x, rows_.rows, rows_.weights, params.max_bins, context)),
        train_(rows_, bins_, loss_options_of(params), context),
        grower_(train_.binned, bins_, limits_of(params), context),
        coarse_(rows_.rows.size() > kFewRows),
        sums_(coarse_ ? 0 : rows_.rows.size()),
        exact_(coarse_ ? rows_.rows.size() : 0) {
    base_ = train_.loss->base_score();
    train_.start_at(base_);
    if (validation != nullptr) held_out_rows_.emplace(*validation);
    if (held_out_rows_ && !held_out_rows_->rows.empty()) {
      held_out_lease_.emplace(context.memory, bytes_for(*held_out_rows_, base_.size()), "validation rows of gradient boosting");
      held_out_.emplace(*held_out_rows_, bins_, loss_options_of(params_), context);
      held_out_->start_at(base_);
    }
    for (size_t f = 0; f < bins_.size(); ++f)
      if (bins_[f].n_bins > 1 || (bins_[f].n_bins == 1 && has_missing(f))) usable_.push_back(static_cast<uint32_t>(f));
  }

  std::unique_ptr<Model> run() {
    double best_loss = held_out_ ? held_out_->loss->mean_loss(held_out_->scores, *context_.threads) : 0;
    int best_round = 0, round = 0;
    const bool one_class = is_classification(rows_.target.task) && rows_.target.n_classes() < 2;
    while (!one_class && round < params_.n_trees) {
      if (!grow_round(round)) break;
      ++round;
      double loss = std::numeric_limits<double>::quiet_NaN();
      if (held_out_) {
        loss = held_out_->loss->mean_loss(held_out_->scores, *context_.threads);
        if (loss < best_loss - params_.min_delta) {
          best_loss = loss;
          best_round = round;
        }
      }
      if (context_.on_iteration && !context_.on_iteration({round, params_.n_trees, train_loss(round), loss})) break;
      if (held_out_ && params_.patience && round - best_round >= *params_.patience) break;
      if (n_stumps_ >= base_.size() && params_.row_fraction >= 1 && params_.feature_fraction >= 1 && !params_.extra_random) break;
    }
    if (round == 0 && !one_class) context_.check();
    return finish(held_out_ ? best_round : round);
  }

 private:
  static size_t bytes_for(const TrainingRows& rows, size_t n_raw) {
    const size_t n = rows.rows.size();
    return BinnedMatrix::bytes_for(n, rows.x.n_features()) +
           n * (sizeof(GradientSum) + sizeof(GradientRow) + n_raw * (sizeof(double) + sizeof(float)));
  }

  // The loss over the training rows, at the first and about a hundred of the planned rounds; NaN at the others.
  double train_loss(int round) const {
    if (round != 1 && round % std::max(1, params_.n_trees / kTrainLosses) != 0) return std::numeric_limits<double>::quiet_NaN();
    return train_.loss->mean_loss(train_.scores, *context_.threads);
  }

  bool has_missing(size_t f) const {
    const uint8_t* cells = train_.binned.column(f);
    for (size_t i = 0; i < train_.binned.n_rows(); ++i)
      if (cells[i * train_.binned.stride()] == bins_[f].n_bins) return true;
    return false;
  }

  double rate(int round) const {
    const double passed = params_.n_trees > 1 ? static_cast<double>(round) / (params_.n_trees - 1) : 0;
    switch (params_.learning_rate_decay) {
      case LearningRateDecay::Cosine:
        return params_.learning_rate * (kLastRateShare + (1 - kLastRateShare) * 0.5 * (1 + std::cos(3.14159265358979323846 * passed)));
      case LearningRateDecay::Exponential: return params_.learning_rate * std::pow(kLastRateShare, passed);
      case LearningRateDecay::None: break;
    }
    return params_.learning_rate;
  }

  // Which rows this round is grown on: all, or each with probability row_fraction.
  void draw_rows(int round) {
    const size_t n = train_.binned.n_rows();
    in_bag_.clear();
    out_of_bag_.clear();
    if (params_.row_fraction >= 1) {
      in_bag_.resize(n);
      for (size_t i = 0; i < n; ++i) in_bag_[i].row = static_cast<uint32_t>(i);
      return;
    }
    RandomStream stream(context_.seed, "boosting rows", static_cast<uint64_t>(round));
    const auto bound = static_cast<uint64_t>(params_.row_fraction * 65536);
    for (size_t i = 0; i < n; i += 4) {
      uint64_t numbers = stream.next();
      for (size_t row = i; row < std::min(n, i + 4); ++row, numbers >>= 16) {
        if ((numbers & 65535) < bound) in_bag_.push_back({static_cast<uint32_t>(row), 0, 0});
        else out_of_bag_.push_back(static_cast<uint32_t>(row));
      }
    }
    if (!in_bag_.empty()) return;
    for (const uint32_t row : out_of_bag_) in_bag_.push_back({row, 0, 0});
    out_of_bag_.clear();
  }

  void draw_features(uint64_t tree) {
    features_ = usable_;
    if (params_.feature_fraction >= 1 || usable_.empty()) return;
    RandomStream(context_.seed, "boosting features", tree).shuffle(std::span(features_));
    features_.resize(std::max<size_t>(1, static_cast<size_t>(std::lround(params_.feature_fraction * static_cast<double>(usable_.size())))));
    std::ranges::sort(features_);
  }

  GradientScale pack_gradients(size_t k, uint64_t tree) {
    const size_t n = train_.binned.n_rows();
    const double most_g = train_.loss->largest_gradient(k), most_h = train_.loss->largest_hessian(k);
    const GradientScale scale = coarse_ ? GradientScale::coarse(n, most_g, most_h) : GradientScale::fine(n, most_g, most_h);
    context_.threads->parallel_for(n, kRowsPerBlock, [&](size_t begin, size_t end) {
      std::array<double, kRowsPerBlock> g, h;
      train_.loss->gradients(k, begin, std::span(g).first(end - begin), std::span(h).first(end - begin));
      if (coarse_)
        for (size_t i = begin; i < end; ++i) exact_[i] = {static_cast<float>(g[i - begin]), static_cast<float>(h[i - begin])};
      else
        for (size_t i = begin; i < end; ++i) sums_[i] = scale.pack(g[i - begin], h[i - begin]);
    });
    if (coarse_) round_at_random(scale, derive_seed(context_.seed, "boosting rounding", tree));
    return scale;
  }

  // Gives the rows drawn their gradients and hessians in whole steps, up or down by chance so that the mean is right.
  void round_at_random(const GradientScale& scale, uint64_t seed) {
    const auto up = static_cast<float>(1 / scale.gradient), hessian_up = static_cast<float>(1 / scale.hessian);
    context_.threads->parallel_for(in_bag_.size(), kRowsPerBlock, [&](size_t begin, size_t end) {
      round_gradients(exact_.data(), up, hessian_up, seed, std::span(in_bag_).subspan(begin, end - begin));
    });
  }

  // Adds one tree for each raw output. False, with nothing added, where the context asks to stop.
  bool grow_round(int round) {
    if (context_.should_stop()) return false;
    train_.loss->begin_round(train_.scores, *context_.threads);
    n_stumps_ = 0;
    std::vector<GrownTree> grown(base_.size());
    for (size_t k = 0; k < base_.size(); ++k) {
      const uint64_t tree = static_cast<uint64_t>(round) * base_.size() + k;
      draw_rows(round);
      draw_features(tree);
      const GradientScale scale = pack_gradients(k, tree);
      if (!grower_.grow(sums_, scale, in_bag_, features_, derive_seed(context_.seed, "boosting tree", tree), grown[k])) return false;
      if (train_.loss->renews_leaves()) renew_by_loss(grown[k]);
      else if (coarse_) renew_leaves(grown[k]);
      for (GrownNode& node : grown[k].nodes) node.value = static_cast<double>(static_cast<float>(rate(round) * node.value));
      set_covers(grown[k]);
      if (grown[k].leaves.size() < 2) ++n_stumps_;
      add_to_scores(grown[k], k);
    }
    for (GrownTree& tree : grown) trees_.push_back(std::move(tree));
    return true;
  }

  // Values of leaves from the exact gradients of their rows.
  void renew_leaves(GrownTree& tree) const {
    const GrowthLimits limits = limits_of(params_);
    context_.threads->parallel_each(tree.leaves.size(), [&](size_t i) {
      const GrownLeaf& leaf = tree.leaves[i];
      double g_sum = 0, h_sum = 0;
      for (size_t r = leaf.begin; r < leaf.begin + leaf.count; ++r) {
        const auto [g, h] = exact_[in_bag_[r].row];
        g_sum += static_cast<double>(g);
        h_sum += static_cast<double>(h);
      }
      tree.nodes[static_cast<size_t>(leaf.node)].value = leaf_value(g_sum, h_sum, static_cast<double>(leaf.count), leaf.range, limits);
    });
  }

  // Values of leaves that gradients and hessians do not give.
  void renew_by_loss(GrownTree& tree) const {
    context_.threads->parallel_each(tree.leaves.size(), [&](size_t i) {
      const GrownLeaf& leaf = tree.leaves[i];
      std::vector<uint32_t> rows;
      for (size_t r = leaf.begin; r < leaf.begin + leaf.count; ++r) rows.push_back(in_bag_[r].row);
      tree.nodes[static_cast<size_t>(leaf.node)].value = std::clamp(train_.loss->renewed_leaf(rows), leaf.range.least, leaf.range.most);
    });
  }

  // The weight of the rows drawn that come to each node.
  void set_covers(GrownTree& tree) const {
    for (const GrownLeaf& leaf : tree.leaves) {
      double& cover = tree.nodes[static_cast<size_t>(leaf.node)].cover;
      if (rows_.weights.empty()) cover = static_cast<double>(leaf.count);
      else
        for (size_t r = leaf.begin; r < leaf.begin + leaf.count; ++r) cover += rows_.weights[in_bag_[r].row];
    }
    for (size_t i = tree.nodes.size(); i-- > 0;) {
      GrownNode& node = tree.nodes[i];
      if (node.left >= 0)
        node.cover = tree.nodes[static_cast<size_t>(node.left)].cover + tree.nodes[static_cast<size_t>(node.left) + 1].cover;
    }
  }

  void add_to_scores(const GrownTree& tree, size_t k) {
    double* scores = train_.scores.data() + k * train_.binned.n_rows();
    context_.threads->parallel_each(tree.leaves.size(), [&](size_t i) {
      const GrownLeaf& leaf = tree.leaves[i];
      const double value = tree.nodes[static_cast<size_t>(leaf.node)].value;
      for (size_t r = leaf.begin; r < leaf.begin + leaf.count; ++r) scores[in_bag_[r].row] += value;
    });
    add_routed(tree, train_.binned, out_of_bag_, scores);
    if (held_out_) add_routed(tree, held_out_->binned, held_out_rows_->places, held_out_->scores.data() + k * held_out_->binned.n_rows());
  }

  void add_routed(const GrownTree& tree, const BinnedMatrix& x, std::span<const uint32_t> rows, double* scores) const {
    context_.threads->parallel_for(rows.size(), kRowsPerBlock, [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) scores[rows[i]] += tree.nodes[static_cast<size_t>(tree.leaf_of(x, rows[i]))].value;
    });
  }

  void add_tree(Forest& forest, const GrownTree& tree, size_t output) const {
    const auto root = static_cast<int32_t>(forest.nodes.size());
    forest.roots.push_back(root);
    forest.tree_output.push_back(static_cast<int32_t>(output));
    for (const GrownNode& grown : tree.nodes) {
      ForestNode node;
      if (grown.left < 0) {
        node.left = static_cast<int32_t>(forest.leaf_values.size());
        forest.leaf_values.push_back(static_cast<float>(grown.value));
      } else {
        node.feature = grown.feature & ForestNode::kLeaf;
        node.default_left = grown.default_left;
        node.left = root + grown.left;
        forest.feature_gain[grown.feature] += grown.gain;
        const FeatureBins& bins = bins_[grown.feature];
        if (grown.categorical) node.category_set = add_category_set(forest, codes_left(bins, grown), grown.default_left);
        else node.threshold = grown.bin < bins.upper.size() ? bins.upper[grown.bin] : std::numeric_limits<float>::infinity();
      }
      forest.nodes.push_back(node);
      forest.node_cover.push_back(static_cast<float>(grown.cover));
    }
  }

  static std::vector<bool> codes_left(const FeatureBins& bins, const GrownNode& node) {
    std::vector<bool> left(bins.bin_of_code.size());
    for (size_t code = 0; code < left.size(); ++code) {
      const uint8_t bin = bins.bin_of_code[code];
      left[code] = ((node.left_bins[bin / 64] >> (bin % 64)) & 1) != 0;
    }
    return left;
  }

  std::unique_ptr<Model> finish(int n_rounds) const {
    Forest forest;
    forest.n_features = x_.n_features();
    forest.base_score = base_;
    forest.feature_gain.assign(x_.n_features(), 0.0);
    if (is_classification(rows_.target.task))
      forest.link = base_.size() == 1 && rows_.target.n_classes() == 2 ? ForestLink::Sigmoid : ForestLink::Softmax;
    if (train_.loss->is_exponential()) forest.link = ForestLink::Exp;
    for (size_t t = 0; t < static_cast<size_t>(n_rounds) * base_.size(); ++t) add_tree(forest, trees_[t], t % base_.size());
    return std::make_unique<ForestModel>(std::move(forest));
  }

  const GradientBoostingParams& params_;
  const FitContext& context_;
  const FeatureMatrix& x_;
  TrainingRows rows_;
  MemoryLease lease_;
  std::vector<FeatureBins> bins_;
  BoostingRows train_;
  TreeGrower grower_;
  bool coarse_;                    // many rows: see tree_grower.h
  std::vector<GradientSum> sums_;  // of few rows
  std::vector<Gradient> exact_;    // of many rows
  std::vector<double> base_;
  std::optional<TrainingRows> held_out_rows_;
  std::optional<MemoryLease> held_out_lease_;
  std::optional<BoostingRows> held_out_;
  std::vector<uint32_t> usable_, features_, out_of_bag_;
  std::vector<GradientRow> in_bag_;
  std::vector<GrownTree> trees_;
  size_t n_stumps_ = 0;  // trees of the last round that did not split
};

class GradientBoosting : public Learner {
 public:
  explicit GradientBoosting(const GradientBoostingParams& params) : params_(params) {}

  bool supports(Task) const override { return true; }
  FeatureNeeds needs() const override { return {.accepts_missing = true, .accepts_categories = true}; }
  bool uses_validation() const override { return true; }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet* validation, const FitContext& context) const override {
    check_training_set(train);
    check_directions(train.x);
    return Boosting(params_, train, validation, context).run();
  }

 private:
  void check_directions(const FeatureMatrix& x) const {
    const std::vector<int32_t>& directions = params_.monotone;
    if (!directions.empty() && directions.size() != x.n_features())
      throw Error(
          ErrorCode::BadValue,
          "monotone has " + std::to_string(directions.size()) + " numbers; there are " + std::to_string(x.n_features()) + " features",
          "Give one number for each feature: 1, 0 or -1.");
    for (size_t f = 0; f < directions.size(); ++f) {
      if (directions[f] < -1 || directions[f] > 1)
        throw Error(ErrorCode::BadValue, "monotone holds " + std::to_string(directions[f]), "Give 1, 0 or -1 for each feature.");
      if (directions[f] != 0 && x.features()[f].n_categories > 0)
        throw Error(ErrorCode::BadValue, "monotone is not 0 for feature '" + x.features()[f].name + "', whose values are categories",
                    "Give 0 for it.");
    }
  }

  GradientBoostingParams params_;
};

}  // namespace

void register_gradient_boosting(Catalog<Learner>& catalog) {
  catalog.add<GradientBoosting, GradientBoostingParams>("gradient_boosting", "Trees that each correct those before, grown from histograms.",
                                                        {"gbdt", "hist_gradient_boosting"});
}

}  // namespace kolosal
