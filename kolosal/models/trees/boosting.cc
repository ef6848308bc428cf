#include "kolosal/models/trees/boosting.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kolosal/base/random.h"
#include "kolosal/models/best_round.h"
#include "kolosal/models/trees/binned_rows.h"
#include "kolosal/models/trees/dropped_rounds.h"
#include "kolosal/models/trees/grown_forest.h"
#include "kolosal/models/trees/leaf_scale.h"
#include "kolosal/models/trees/linear_leaves.h"
#include "kolosal/models/trees/renewed_leaves.h"
#include "kolosal/models/trees/split_scan.h"
#include "kolosal/models/trees/tree_router.h"
#include "kolosal/models/trees/two_part_fit.h"
#include "kolosal/models/validation_set.h"

namespace kolosal {
namespace {

constexpr size_t kRowsPerBlock = 4096;
constexpr size_t kSlopeRows = 1024;                // rows whose gradients are found at a time
constexpr size_t kMostColumns = 32;                // features of which the bins are kept column by column, too
constexpr size_t kLeafSums = size_t{1} << 16;      // sums of leaves that are kept apart until all are added up
constexpr size_t kAmpleBytes = size_t{512} << 20;  // of memory that is free: more of it changes nothing
constexpr int kTrainLosses = 100;                  // how often the training loss is measured

LossOptions loss_options_of(const GradientBoostingParams& p, const CustomLoss* custom, uint64_t seed, uint64_t first_round) {
  return {p.loss, p.quantile, p.huber_delta, p.tweedie_power, p.focal_gamma, p.quantiles, custom, seed, first_round};
}

// Gradient and hessian of a row.
struct Gradient {
  float gradient = 0, hessian = 0;
};

// Gradients and hessians of a run of rows.
struct Slopes {
  std::array<double, kSlopeRows> gradients, hessians;
};

// Rows with their bins, loss and present scores.
struct BoostingRows {
  BoostingRows(std::shared_ptr<const BinnedRows> cut, const TrainingRows& rows, const LossOptions& options)
      : shared(std::move(cut)), binned(shared->matrix), loss(make_boosting_loss({rows.target, rows.weights}, options)) {}

  void start_at(const std::vector<double>& base) {
    scores.clear();
    for (const double b : base) scores.insert(scores.end(), binned.n_rows(), b);
  }

  // At the scores that a model gives the rows.
  void start_at(const Model& model, const TrainingRows& rows, const FitContext& context) {
    const size_t n = binned.n_rows(), width = model.n_scores();
    scores.resize(n * width);
    context.threads->parallel_for(n, kRowsPerBlock, [&](size_t begin, size_t end) {
      if (context.should_stop()) return;
      std::vector<double> block((end - begin) * width);
      model.predict_scores(rows.x.take(std::span(rows.rows).subspan(begin, end - begin)), block);
      for (size_t i = begin; i < end; ++i)
        for (size_t k = 0; k < width; ++k) scores[k * n + i] = block[(i - begin) * width + k];
    });
  }

  std::shared_ptr<const BinnedRows> shared;
  const BinnedMatrix& binned;
  std::unique_ptr<BoostingLoss> loss;
  std::vector<double> scores;  // (n_raw, n_rows)
};

// The rounds of one fit.
class Boosting {
 public:
  Boosting(const GradientBoostingParams& params, const CustomLoss* custom, const ForestModel* start, const TrainingSet& train,
           const TrainingSet* validation, const FitContext& context)
      : params_(params),
        context_(context),
        start_(start),
        n_before_(start != nullptr ? start->n_iterations() : 0),
        x_(train.x),
        rows_(train, params.class_weight),
        train_(bin_rows(rows_, params.max_bins, wants_columns(rows_, *context.memory), context), rows_,
               loss_options_of(params, custom, context.seed, n_before_)),
        bins_(*train_.shared->bins),
        lease_(context.memory, bytes_beside_bins(rows_, rows_.target.n_outputs()), "gradient boosting"),
        grower_(train_.binned, bins_, limits_of(params), context),
        coarse_(rows_.rows.size() > kFewRows),
        sums_(coarse_ ? 0 : rows_.rows.size()),
        exact_(params.linear_leaves ? rows_.rows.size() : 0),
        dropped_(params, context.seed) {
    if (start != nullptr) check_start();
    if (params.linear_leaves && train_.loss->renews_leaves())
      throw Error(ErrorCode::BadValue, "linear_leaves does not go with the absolute and quantile losses, which have no curvature",
                  "Use the loss 'huber' or 'squared', or leaves of one value.");
    base_ = start != nullptr ? start->forest().base_score : train_.loss->base_score();
    scales_ = scales_of_leaves(custom != nullptr);
    if (validation != nullptr) {
      held_out_rows_.emplace(*validation, params.class_weight);
      held_out_.emplace(bin_rows_like(*train_.shared, *held_out_rows_, context), *held_out_rows_,
                        loss_options_of(params_, custom, context.seed, n_before_));
      held_out_lease_.emplace(context.memory, bytes_beside_bins(*held_out_rows_, base_.size()), "validation rows of gradient boosting");
    }
    begin_at(train_, rows_);
    if (held_out_) begin_at(*held_out_, *held_out_rows_);
    for (size_t f = 0; f < bins_.size(); ++f)
      if (bins_[f].n_bins > 1 || (bins_[f].n_bins == 1 && has_missing(f))) usable_.push_back(static_cast<uint32_t>(f));
    if (!params.linear_leaves) rows_.rows = {};  // the features themselves are not looked at any more
  }

  // Of at most `most_rounds` rounds.
  std::unique_ptr<Model> run(int most_rounds) {
    BestRound best(params_.patience, params_.min_delta);
    const double first_loss = held_out_ ? held_out_->loss->mean_loss(held_out_->scores, context_) : 0;
    if (std::isnan(first_loss)) {
      context_.check();
      throw Error(ErrorCode::BadValue, "the loss of the rows held out is not known, so they cannot stop the fit",
                  "Let the loss give the losses of rows, too, or hold no rows out.");
    }
    best.note(0, first_loss);
    std::vector<double> best_factors;
    int round = 0;
    const bool one_class = is_classification(rows_.target.task) && rows_.target.n_classes() < 2;
    while (!one_class && round < most_rounds) {
      if (!grow_round(round)) break;
      ++round;
      double loss = std::numeric_limits<double>::quiet_NaN();
      if (held_out_) {
        loss = held_out_->loss->mean_loss(held_out_->scores, context_);
        if (best.note(round, loss)) best_factors = dropped_.factors();
      }
      if (context_.on_iteration && !context_.on_iteration({round, most_rounds, train_loss(round), loss})) break;
      if (best.is_over()) break;
      if (n_stumps_ >= base_.size() && (usable_.empty() || !params_.draws_at_random())) break;
    }
    if (round == 0 && !one_class) context_.check();
    return finish(held_out_ ? best_factors : dropped_.factors());
  }

 private:
  // Of few features, parting rows takes much of the time, and a second copy of the bins little room beside what each row has.
  static bool wants_columns(const TrainingRows& rows, const MemoryBudget& memory) {
    const size_t n = rows.rows.size(), n_features = rows.x.n_features();
    return n > kFewRows && n_features <= kMostColumns && memory.available() / 4 > BinnedMatrix::bytes_for(n, n_features, true);
  }

  static size_t bytes_beside_bins(const TrainingRows& rows, size_t n_raw) {
    const size_t n = rows.rows.size();
    const size_t of_row = sizeof(GradientRow) + 2 * sizeof(uint32_t) + (n > kFewRows ? sizeof(uint16_t) : sizeof(GradientSum));
    return n * (of_row + n_raw * (sizeof(double) + sizeof(float)));
  }

  ForestLink link() const {
    if (train_.loss->is_exponential()) return ForestLink::Exp;
    if (!is_classification(rows_.target.task)) return ForestLink::Identity;
    return train_.loss->n_raw() == 1 && rows_.target.n_classes() == 2 ? ForestLink::Sigmoid : ForestLink::Softmax;
  }

  // Scores that are numbers like the targets have scales of their own.
  std::vector<double> scales_of_leaves(bool custom) const {
    const bool like_targets =
        !custom && !train_.loss->is_exponential() && (rows_.target.task == Task::Regression || rows_.target.task == Task::MultiRegression);
    if (like_targets) return leaf_scales(rows_.target, base_, start_ != nullptr ? &start_->forest() : nullptr);
    return start_ != nullptr ? start_->forest().leaf_scale : std::vector<double>();
  }
  double scale_of(size_t k) const { return scales_.empty() ? 1 : scales_[k]; }
  // As it is after it was kept as a float32 in units of `scale`.
  static double in_float(double value, double scale) { return scale * static_cast<double>(float_within(value / scale)); }

  void check_start() const {
    const Forest& f = start_->forest();
    if (f.n_features == x_.n_features() && f.n_raw() == train_.loss->n_raw() && f.leaf_width == 1 && f.link == link() &&
        f.aggregation == ForestAggregation::Sum)
      return;
    throw Error(ErrorCode::BadValue,
                "the model to go on from has " + std::to_string(f.n_features) + " features, " + std::to_string(f.n_raw()) +
                    " scores and the link '" + std::string(enum_name(f.link)) + "'; the rows and the loss ask for " +
                    std::to_string(x_.n_features()) + ", " + std::to_string(train_.loss->n_raw()) + " and '" +
                    std::string(enum_name(link())) + "', summed over trees",
                "Pass a model of gradient boosting that was fitted to the same features, classes and loss.");
  }

  void begin_at(BoostingRows& boosted, const TrainingRows& rows) const {
    if (start_ != nullptr) boosted.start_at(*start_, rows, context_);
    else boosted.start_at(base_);
  }

  // The loss over the training rows, at the first and about a hundred of the planned rounds; NaN at the others.
  double train_loss(int round) const {
    if (round != 1 && round % std::max(1, params_.most_rounds() / kTrainLosses) != 0) return std::numeric_limits<double>::quiet_NaN();
    return train_.loss->mean_loss(train_.scores, context_);
  }

  bool has_missing(size_t f) const {
    const uint8_t* cells = train_.binned.column(f);
    for (size_t i = 0; i < train_.binned.n_rows(); ++i)
      if (cells[i * train_.binned.stride()] == bins_[f].n_bins) return true;
    return false;
  }

  // Which rows this round is grown on, and by how much each counts.
  void draw_rows(int round) {
    if (*params_.row_fraction >= 1) return;
    const bool early = params_.sampling == RowSampling::Goss && round < static_cast<int>(1 / params_.rate_of(0));
    sample_ = kolosal::draw_rows(params_.sampling, early ? 1 : *params_.row_fraction, train_.binned.n_rows(), *train_.loss,
                                 derive_seed(context_.seed, "boosting rows", n_before_ + static_cast<uint64_t>(round)), context_);
  }

  void draw_features(uint64_t tree) {
    features_ = usable_;
    if (*params_.feature_fraction >= 1 || usable_.empty()) return;
    RandomStream(context_.seed, "boosting features", tree).shuffle(std::span(features_));
    features_.resize(
        std::max<size_t>(1, static_cast<size_t>(std::lround(*params_.feature_fraction * static_cast<double>(usable_.size())))));
    std::ranges::sort(features_);
  }

  // The greatest |gradient| and hessian of the rows drawn, each times what its row counts.
  std::pair<double, double> largest_slopes(size_t k) const {
    if (sample_.weights.empty()) return {train_.loss->largest_gradient(k), train_.loss->largest_hessian(k)};
    const size_t n = train_.binned.n_rows();
    std::vector<std::pair<double, double>> part((n + kSlopeRows - 1) / kSlopeRows);
    context_.threads->parallel_for(n, kSlopeRows, [&](size_t begin, size_t end) {
      Slopes slopes;
      find_slopes(k, begin, end, slopes);
      auto& [most_g, most_h] = part[begin / kSlopeRows];
      for (size_t i = 0; i < end - begin; ++i) {
        most_g = std::max(most_g, std::abs(slopes.gradients[i]));
        most_h = std::max(most_h, slopes.hessians[i]);
      }
    });
    std::pair<double, double> most;
    for (const auto& [g, h] : part) most = {std::max(most.first, g), std::max(most.second, h)};
    return most;
  }

  // The gradients and hessians of raw output k for the rows [begin, end), each times what its row counts.
  void find_slopes(size_t k, size_t begin, size_t end, Slopes& slopes) const {
    train_.loss->gradients(k, begin, std::span(slopes.gradients).first(end - begin), std::span(slopes.hessians).first(end - begin));
    if (sample_.weights.empty()) return;
    for (size_t i = begin; i < end; ++i) {
      slopes.gradients[i - begin] *= static_cast<double>(sample_.weights[i]);
      slopes.hessians[i - begin] *= static_cast<double>(sample_.weights[i]);
    }
  }

  // Calls visit(begin, end, slopes) for the runs of rows that [begin, end) consists of.
  template <class Visit>
  void for_each_run(size_t k, size_t begin, size_t end, const Visit& visit) const {
    Slopes slopes;
    for (size_t first = begin; first < end; first += kSlopeRows) {
      const size_t last = std::min(end, first + kSlopeRows);
      find_slopes(k, first, last, slopes);
      visit(first, last, slopes);
    }
  }

  // Calls visit(place, row) for the rows drawn among [begin, end), which stand one after the other in the list of rows drawn.
  template <class Visit>
  void for_each_drawn(size_t begin, size_t end, const Visit& visit) const {
    if (sample_.rows.empty()) {
      for (size_t row = begin; row < end; ++row) visit(row, row);
      return;
    }
    for (size_t place = place_of(begin); place < sample_.rows.size() && sample_.rows[place] < end; ++place)
      visit(place, sample_.rows[place]);
  }

  // How many rows are drawn before this one.
  size_t place_of(size_t row) const {
    if (sample_.rows.empty()) return row;
    return static_cast<size_t>(std::ranges::lower_bound(sample_.rows, row) - sample_.rows.begin());
  }

  GradientScale pack_gradients(size_t k, uint64_t tree) {
    const size_t n = train_.binned.n_rows();
    const auto [most_g, most_h] = largest_slopes(k);
    const GradientScale scale = coarse_ ? GradientScale::coarse(n, most_g, most_h) : GradientScale::fine(n, most_g, most_h);
    const uint64_t seed = derive_seed(context_.seed, "boosting rounding", tree);
    gradient_unit_ = float_scale(most_g);
    in_bag_.resize(place_of(n));
    context_.threads->parallel_for(n, kRowsPerBlock, [&](size_t block_begin, size_t block_end) {
      for_each_run(k, block_begin, block_end, [&](size_t begin, size_t end, const Slopes& slopes) {
        const auto& [g, h] = slopes;
        if (!exact_.empty())
          for (size_t i = begin; i < end; ++i)
            exact_[i] = {static_cast<float>(g[i - begin] / gradient_unit_), static_cast<float>(h[i - begin])};
        for_each_drawn(begin, end, [&](size_t place, size_t row) { in_bag_[place].row = static_cast<uint32_t>(row); });
        if (coarse_) return round_run(scale, seed, begin, end, slopes);
        for (size_t i = begin; i < end; ++i) sums_[i] = scale.pack(g[i - begin], h[i - begin]);
      });
    });
    return scale;
  }

  // Gives those of the rows [begin, end) that are drawn their gradients and hessians in whole steps, up or down by chance so that the mean
  // is right.
  void round_run(const GradientScale& scale, uint64_t seed, size_t begin, size_t end, const Slopes& slopes) {
    const size_t first = place_of(begin), last = place_of(end);
    round_gradients(slopes.gradients.data(), slopes.hessians.data(), static_cast<uint32_t>(begin), 1 / scale.gradient, 1 / scale.hessian,
                    seed, std::span(in_bag_).subspan(first, last - first));
  }

  // Adds one tree for each raw output. False, with no tree added, where the context asks to stop or memory ends.
  bool grow_round(int round) {
    if (context_.should_stop()) return false;
    const std::vector<size_t> without = dropped_.draw(round);
    for (const size_t each : without) add_round(each, -dropped_.factors()[each]);
    train_.loss->begin_round(train_.scores, context_);
    draw_rows(round);
    if (context_.should_stop()) return false;
    n_stumps_ = 0;
    std::vector<GrownTree> grown(base_.size());
    for (size_t k = 0; k < base_.size(); ++k) {
      const uint64_t tree = (n_before_ + static_cast<uint64_t>(round)) * base_.size() + k;
      draw_features(tree);
      const GradientScale scale = pack_gradients(k, tree);
      if (!grower_.grow(sums_, scale, in_bag_, features_, derive_seed(context_.seed, "boosting tree", tree), grown[k])) return false;
      settle_leaves(grown[k], k, params_.rate_of(round), 1 / static_cast<double>(without.size() + 1));
      if (grown[k].leaves.size() < 2) ++n_stumps_;
      grown[k].leaves = {};
    }
    if (!lease_round(grown, round)) return false;
    for (GrownTree& tree : grown) trees_.push_back(std::move(tree));
    dropped_.add(without);
    for (const size_t each : without) add_round(each, dropped_.factors()[each]);
    return true;
  }

  // Takes room for the trees of a round and what the model keeps of them. False where there is none and the rounds before are the model; in
  // the first round that is an error.
  bool lease_round(const std::vector<GrownTree>& grown, int round) {
    size_t bytes = 0;
    for (const GrownTree& tree : grown) {
      bytes += tree.nodes.size() * (sizeof(GrownNode) + sizeof(ForestNode) + 3 * sizeof(float));
      for (const LeafSum& sum : tree.sums) bytes += sizeof(LeafSum) + 2 * sum.features.size() * (sizeof(uint32_t) + sizeof(double));
    }
    try {
      round_leases_.emplace_back(context_.memory, bytes, "trees of gradient boosting");
    } catch (const Error& error) {
      if (error.code() != ErrorCode::OutOfMemory || round == 0) throw;
      return false;
    }
    return true;
  }

  // Gives each leaf its value and its weight, and adds the tree, `factor` times, to the scores of all rows.
  void settle_leaves(GrownTree& tree, size_t k, double rate, double factor) {
    double* scores = train_.scores.data() + k * train_.binned.n_rows();
    const GrowthLimits limits = limits_of(params_);
    std::vector<std::vector<uint32_t>> features;
    if (params_.linear_leaves) {
      features = features_of_leaves(tree);
      tree.sums.resize(tree.nodes.size());
    }
    if (train_.loss->renews_leaves()) renew_leaves(*train_.loss, k, in_bag_, sample_.weights, limits, *context_.threads, tree);
    if (in_row_order()) {
      settle_in_row_order(tree, k, rate, factor, scores);
    } else {
      context_.threads->parallel_each(tree.leaves.size(), [&](size_t i) {
        const GrownLeaf& leaf = tree.leaves[i];
        const auto rows = std::span(in_bag_).subspan(leaf.begin, leaf.count);
        GrownNode& node = tree.nodes[static_cast<size_t>(leaf.node)];
        if (coarse_ && !train_.loss->renews_leaves()) node.value = value_by_gradients(leaf, rows, limits);
        if (is_idle(tree)) node.value = 0;
        node.value = in_float(rate * node.value, scale_of(k));
        node.cover = cover_of(rows);
        if (params_.linear_leaves) {
          tree.sums[static_cast<size_t>(leaf.node)] = sum_of(rows, features[static_cast<size_t>(leaf.node)], node.value, rate);
          for (const GradientRow& row : rows) scores[row.row] += factor * leaf_worth(tree, leaf.node, x_, rows_.rows[row.row]);
          return;
        }
        const double value = factor * node.value;
        for (const GradientRow& row : rows) scores[row.row] += value;
      });
    }
    for (size_t i = tree.nodes.size(); i-- > 0;) {
      GrownNode& node = tree.nodes[i];
      if (node.left >= 0)
        node.cover = tree.nodes[static_cast<size_t>(node.left)].cover + tree.nodes[static_cast<size_t>(node.left) + 1].cover;
    }
    add_routed(tree, train_.binned, rows_, sample_.others, scores, factor);
    if (held_out_) add_held_out(tree, k, factor);
  }

  // Whether the leaves of many rows are settled in one sweep over the rows, which lie far apart within a leaf.
  bool in_row_order() const { return coarse_ && !train_.loss->renews_leaves() && !params_.linear_leaves; }

  void settle_in_row_order(GrownTree& tree, size_t k, double rate, double factor, double* scores) {
    const size_t n = train_.binned.n_rows(), n_leaves = tree.leaves.size();
    leaf_of_.resize(n);
    std::vector<double> covers(n_leaves);
    context_.threads->parallel_each(n_leaves, [&](size_t i) {
      const auto rows = std::span(in_bag_).subspan(tree.leaves[i].begin, tree.leaves[i].count);
      for (const GradientRow& row : rows) leaf_of_[row.row] = static_cast<uint16_t>(i);
      covers[i] = cover_of(rows);
    });
    const GrowthLimits limits = limits_of(params_);
    const std::vector<std::array<double, 2>> sums = sums_of_leaves(k, n_leaves);
    std::vector<double> values(n_leaves);
    for (size_t i = 0; i < n_leaves; ++i) {
      const GrownLeaf& leaf = tree.leaves[i];
      GrownNode& node = tree.nodes[static_cast<size_t>(leaf.node)];
      const double value = leaf_value(sums[i][0], sums[i][1], static_cast<double>(leaf.count), leaf.range, limits);
      node.value = is_idle(tree) ? 0 : in_float(rate * value, scale_of(k));
      node.cover = covers[i];
      values[i] = factor * node.value;
    }
    context_.threads->parallel_for(n, kRowsPerBlock, [&](size_t begin, size_t end) {
      for_each_drawn(begin, end, [&](size_t, size_t row) { scores[row] += values[leaf_of_[row]]; });
    });
  }

  // Whether a tree did not split, and is of some of the rows only: it would just move all scores to and fro.
  bool is_idle(const GrownTree& tree) const { return tree.leaves.size() < 2 && !sample_.others.empty(); }

  // The exact gradients and hessians of each leaf's rows, added up in blocks that do not depend on the number of threads.
  std::vector<std::array<double, 2>> sums_of_leaves(size_t k, size_t n_leaves) const {
    const size_t n = leaf_of_.size(), n_blocks = std::clamp<size_t>(kLeafSums / n_leaves, 1, 64), n_each = (n + n_blocks - 1) / n_blocks;
    std::vector<std::array<double, 2>> parts(n_blocks * n_leaves);
    context_.threads->parallel_for(n, n_each, [&](size_t block_begin, size_t block_end) {
      std::array<double, 2>* const part = parts.data() + block_begin / n_each * n_leaves;
      for_each_run(k, block_begin, block_end, [&](size_t begin, size_t end, const Slopes& slopes) {
        for_each_drawn(begin, end, [&](size_t, size_t row) {
          std::array<double, 2>& sum = part[leaf_of_[row]];
          sum[0] += slopes.gradients[row - begin];
          sum[1] += slopes.hessians[row - begin];
        });
      });
    });
    for (size_t i = n_leaves; i < parts.size(); ++i) {
      parts[i % n_leaves][0] += parts[i][0];
      parts[i % n_leaves][1] += parts[i][1];
    }
    parts.resize(n_leaves);
    return parts;
  }

  // What a leaf of these rows sums, shrunk as its value is.
  LeafSum sum_of(std::span<const GradientRow> rows, const std::vector<uint32_t>& features, double value, double rate) const {
    std::vector<uint32_t> numbers;
    std::vector<double> g, h;
    for (const GradientRow& row : rows) {
      numbers.push_back(rows_.rows[row.row]);
      g.push_back(rate * gradient_unit_ * static_cast<double>(exact_[row.row].gradient));
      h.push_back(static_cast<double>(exact_[row.row].hessian));
    }
    return fit_leaf_sum(x_, numbers, g, h, features, params_.linear_l2, value);
  }

  // A leaf's value from the exact gradients of its rows.
  double value_by_gradients(const GrownLeaf& leaf, std::span<const GradientRow> rows, const GrowthLimits& limits) const {
    double g_sum = 0, h_sum = 0;
    for (const GradientRow& row : rows) {
      const auto [g, h] = exact_[row.row];
      g_sum += static_cast<double>(g);
      h_sum += static_cast<double>(h);
    }
    return leaf_value(gradient_unit_ * g_sum, h_sum, static_cast<double>(leaf.count), leaf.range, limits);
  }

  // The weight of rows.
  double cover_of(std::span<const GradientRow> rows) const {
    if (rows_.weights.empty() && sample_.weights.empty()) return static_cast<double>(rows.size());
    double cover = 0;
    for (const GradientRow& row : rows)
      cover += (rows_.weights.empty() ? 1.0 : rows_.weights[row.row]) *
               (sample_.weights.empty() ? 1.0 : static_cast<double>(sample_.weights[row.row]));
    return cover;
  }

  void add_held_out(const GrownTree& tree, size_t k, double factor) {
    add_routed(tree, held_out_->binned, *held_out_rows_, std::nullopt, held_out_->scores.data() + k * held_out_->binned.n_rows(), factor);
  }

  // Adds a tree, `factor` times, to the scores of those of `from` that `rows` lists, or of all.
  void add_routed(const GrownTree& tree, const BinnedMatrix& x, const TrainingRows& from, std::optional<std::span<const uint32_t>> rows,
                  double* scores, double factor) const {
    const TreeRouter router(tree, x);
    context_.threads->parallel_for(rows ? rows->size() : x.n_rows(), kRowsPerBlock, [&](size_t begin, size_t end) {
      std::array<int32_t, kRowsPerBlock> leaves;
      std::array<uint32_t, kRowsPerBlock> numbers;
      const size_t n = end - begin;
      if (!rows) std::iota(numbers.begin(), numbers.begin() + static_cast<ptrdiff_t>(n), static_cast<uint32_t>(begin));
      const std::span<const uint32_t> block = rows ? rows->subspan(begin, n) : std::span<const uint32_t>(numbers).first(n);
      router.route(block, std::span(leaves).first(n));
      for (size_t i = 0; i < n; ++i) {
        const double worth =
            tree.sums.empty() ? tree.nodes[static_cast<size_t>(leaves[i])].value : leaf_worth(tree, leaves[i], from.x, from.rows[block[i]]);
        scores[block[i]] += factor * worth;
      }
    });
  }

  // Adds an earlier round, `factor` times, to the scores of all rows, which are of no use where the context asks to stop.
  void add_round(size_t round, double factor) {
    for (size_t k = 0; k < base_.size() && !context_.should_stop(); ++k) {
      const GrownTree& tree = trees_[round * base_.size() + k];
      add_routed(tree, train_.binned, rows_, std::nullopt, train_.scores.data() + k * train_.binned.n_rows(), factor);
      if (held_out_) add_held_out(tree, k, factor);
    }
  }

  // The model of the first rounds, by how much each counts.
  std::unique_ptr<Model> finish(const std::vector<double>& factors) const {
    Forest forest;
    if (start_ != nullptr) {
      forest = start_->forest();
    } else {
      forest.n_features = x_.n_features();
      forest.base_score = base_;
      forest.leaf_scale = scales_;
      forest.feature_gain.assign(x_.n_features(), 0.0);
      forest.link = link();
    }
    if (params_.linear_leaves && forest.linear_starts.empty()) {
      forest.linear_starts.push_back(0);
      const Forest values;  // whose leaves have no sums
      for (size_t leaf = 0; leaf < forest.leaf_values.size(); ++leaf) add_linear_leaf(forest, values, leaf);
    }
    const bool knows_gains = forest.node_gain.size() == forest.nodes.size(), knows_covers = forest.node_cover.size() == forest.nodes.size();
    for (size_t t = 0; t < factors.size() * base_.size(); ++t)
      add_grown_tree(forest, trees_[t], bins_, t % base_.size(), factors[t / base_.size()]);
    if (!knows_gains) forest.node_gain.clear();
    if (!knows_covers) forest.node_cover.clear();
    return std::make_unique<ForestModel>(std::move(forest));
  }

  const GradientBoostingParams& params_;
  const FitContext& context_;
  const ForestModel* start_;
  uint64_t n_before_;  // rounds that the model begins with
  const FeatureMatrix& x_;
  TrainingRows rows_;
  BoostingRows train_;
  const std::vector<FeatureBins>& bins_;
  MemoryLease lease_;
  TreeGrower grower_;
  bool coarse_;                    // many rows: see tree_grower.h
  std::vector<GradientSum> sums_;  // of few rows
  std::vector<Gradient> exact_;    // for linear leaves
  std::vector<double> base_;
  std::vector<double> scales_;  // of the leaves of each raw output, or empty
  double gradient_unit_ = 1;    // of gradients that are kept as float32
  std::optional<TrainingRows> held_out_rows_;
  std::optional<MemoryLease> held_out_lease_;
  std::optional<BoostingRows> held_out_;
  std::vector<uint32_t> usable_, features_;
  RowSample sample_;
  std::vector<GradientRow> in_bag_;
  std::vector<uint16_t> leaf_of_;  // (n_rows,) place among the leaves of the tree grown last
  std::vector<GrownTree> trees_;   // of all rounds, those of a round together
  std::vector<MemoryLease> round_leases_;
  DroppedRounds dropped_;
  size_t n_stumps_ = 0;  // trees of the last round that did not split
};

}  // namespace

std::unique_ptr<Model> boost(const GradientBoostingParams& given, const CustomLoss* custom, const ForestModel* start,
                             const TrainingSet& train, const TrainingSet* validation, const FitContext& context) {
  check_training_set(train);
  validation = checked_validation_set(validation, train);
  // Buffers are sized by the memory that is free. Where that is little, nothing that other fits left may take a part of it.
  if (context.cache != nullptr)
    (void)context.memory->make_room(kAmpleBytes + 4 * BinnedMatrix::bytes_for(train.x.n_rows(), train.x.n_features(), true));
  check_boosting_params(given, train.x);
  const auto n_absent = static_cast<size_t>(std::ranges::count_if(train.weights, [](double weight) { return !(weight > 0); }));
  const GradientBoostingParams params = given.settled(train.target.n_rows - n_absent, train.target.task, custom != nullptr);
  if (!params.n_trees && validation == nullptr && start == nullptr && custom == nullptr)
    if (const auto parts = hold_out_rows(train, params.validation_fraction, context.seed)) {
      const auto fit_rounds = [&](const TrainingSet& rows, const TrainingSet* held_out, int n_rounds, const FitContext& part) {
        return Boosting(params, nullptr, nullptr, rows, held_out, part).run(n_rounds);
      };
      return fit_in_two_parts(train, *parts, params.most_rounds(), fit_rounds, context);
    }
  return Boosting(params, custom, start, train, validation, context).run(params.most_rounds());
}

}  // namespace kolosal
