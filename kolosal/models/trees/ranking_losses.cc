// Losses of an order within groups of rows: LambdaRank and XE-NDCG. Both report 1 - NDCG.
//
// XE-NDCG is the cross-entropy between the softmax of a group's scores and its gains less a number drawn anew each round, up to the second
// order in how the scores are normalised.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "kolosal/base/random.h"
#include "kolosal/models/trees/summed_loss.h"

namespace kolosal {
namespace {

constexpr size_t kRankTruncation = 30;  // pairs have a member among so many best-scored rows of the group

// Holds groups, gradients and hessians; those of a group are for the derived class to fill.
class RankingLoss : public SummedLoss {
 public:
  explicit RankingLoss(const LossRows& rows) : SummedLoss(rows), gradient_(n_), hessian_(n_), rows_of_group_(n_) {
    std::iota(rows_of_group_.begin(), rows_of_group_.end(), 0U);
    std::ranges::stable_sort(rows_of_group_, {}, [&](uint32_t row) { return target_.group[row]; });
    for (size_t i = 0; i < n_; ++i)
      if (i == 0 || target_.group[rows_of_group_[i]] != target_.group[rows_of_group_[i - 1]]) starts_.push_back(i);
    starts_.push_back(n_);
    for (size_t group = 0; group + 1 < starts_.size(); ++group) total_group_weight_ += weight_of(group);
  }
  size_t n_raw() const override { return 1; }
  std::vector<double> base_score() const override { return {0.0}; }
  double largest_gradient(size_t) const override { return largest_gradient_; }
  double largest_hessian(size_t) const override { return largest_hessian_; }

  void begin_round(std::span<const double> scores, const FitContext& context) override {
    std::ranges::fill(gradient_, 0.0);
    std::ranges::fill(hessian_, 0.0);
    context.threads->parallel_each(starts_.size() - 1, [&](size_t group) {
      if (!context.should_stop()) add_group(scores, group, rows_of(group));
    });
    largest_gradient_ = largest_hessian_ = 0;
    for (size_t i = 0; i < n_; ++i) {
      largest_gradient_ = std::max(largest_gradient_, std::abs(gradient_[i]));
      largest_hessian_ = std::max(largest_hessian_, hessian_[i]);
    }
    ++n_rounds_;
  }

  void gradients(size_t, size_t begin, std::span<double> g, std::span<double> h) const override {
    std::copy_n(gradient_.begin() + static_cast<ptrdiff_t>(begin), g.size(), g.begin());
    std::copy_n(hessian_.begin() + static_cast<ptrdiff_t>(begin), h.size(), h.begin());
  }

  // A group counts by the mean weight of its rows. Groups without a relevant row count as perfectly ranked.
  double mean_loss(std::span<const double> scores, const FitContext& context) const override {
    std::vector<double> part(starts_.size() - 1);
    context.threads->parallel_each(part.size(), [&](size_t group) {
      if (context.should_stop()) return;
      const std::vector<uint32_t> order = by_score(scores, rows_of(group));
      double dcg = 0;
      for (size_t i = 0; i < order.size(); ++i) dcg += gain(order[i]) * discount(i);
      const double best = ideal_dcg(rows_of(group), order.size());
      part[group] = best > 0 ? weight_of(group) * (1 - dcg / best) : 0;
    });
    if (context.should_stop()) return std::numeric_limits<double>::quiet_NaN();
    return std::accumulate(part.begin(), part.end(), 0.0) / total_group_weight_;
  }

 protected:
  // Adds to gradient_ and hessian_ of the rows of a group.
  virtual void add_group(std::span<const double> scores, size_t group, std::span<const uint32_t> rows) = 0;

  double gain(uint32_t row) const { return std::exp2(std::min(target_.values[row], 60.0)) - 1; }
  static double discount(size_t place) { return 1 / std::log2(static_cast<double>(place) + 2); }

  static std::vector<uint32_t> by_score(std::span<const double> scores, std::span<const uint32_t> rows) {
    std::vector<uint32_t> order(rows.begin(), rows.end());
    std::ranges::stable_sort(order, [&](uint32_t a, uint32_t b) { return scores[a] > scores[b]; });
    return order;
  }

  double ideal_dcg(std::span<const uint32_t> rows, size_t depth) const {
    std::vector<double> gains;
    for (const uint32_t row : rows) gains.push_back(gain(row));
    std::ranges::sort(gains, std::greater<>());
    double dcg = 0;
    for (size_t i = 0; i < std::min(depth, gains.size()); ++i) dcg += gains[i] * discount(i);
    return dcg;
  }

  uint64_t n_rounds() const { return n_rounds_; }

  std::vector<double> gradient_, hessian_;

 private:
  // The mean weight of its rows.
  double weight_of(size_t group) const {
    double sum = 0;
    for (const uint32_t row : rows_of(group)) sum += weight(row);
    return sum / static_cast<double>(starts_[group + 1] - starts_[group]);
  }

  std::span<const uint32_t> rows_of(size_t group) const {
    return std::span(rows_of_group_).subspan(starts_[group], starts_[group + 1] - starts_[group]);
  }

  std::vector<uint32_t> rows_of_group_;  // rows, group after group
  std::vector<size_t> starts_;           // (n_groups + 1,) into rows_of_group_
  double largest_gradient_ = 0, largest_hessian_ = 0, total_group_weight_ = 0;
  uint64_t n_rounds_ = 0;
};

class LambdaRankLoss : public RankingLoss {
 public:
  using RankingLoss::RankingLoss;

 protected:
  void add_group(std::span<const double> scores, size_t, std::span<const uint32_t> rows) override {
    const std::vector<uint32_t> order = by_score(scores, rows);
    const double best = ideal_dcg(rows, kRankTruncation);
    if (!(best > 0)) return;
    const double spread = scores[order.front()] - scores[order.back()];
    double total = 0;
    for (size_t i = 0; i < std::min(order.size(), kRankTruncation); ++i)
      for (size_t j = i + 1; j < order.size(); ++j) {
        if (target_.values[order[i]] == target_.values[order[j]]) continue;
        const bool first_is_better = target_.values[order[i]] > target_.values[order[j]];
        const uint32_t high = first_is_better ? order[i] : order[j], low = first_is_better ? order[j] : order[i];
        const double difference = scores[high] - scores[low];
        double change = (gain(high) - gain(low)) * std::abs(discount(i) - discount(j)) / best;
        if (spread > 0) change /= 0.01 + std::abs(difference);
        const double p = 1 / (1 + std::exp(difference));
        gradient_[high] -= p * change;
        gradient_[low] += p * change;
        hessian_[high] += p * (1 - p) * change;
        hessian_[low] += p * (1 - p) * change;
        total += 2 * p * change;
      }
    const double norm = total > 0 ? std::log2(1 + total) / total : 0;
    for (const uint32_t row : order) {
      gradient_[row] *= norm * weight(row);
      hessian_[row] *= norm * weight(row);
    }
  }
};

class XeNdcgLoss : public RankingLoss {
 public:
  XeNdcgLoss(const LossRows& rows, uint64_t seed, uint64_t first_round) : RankingLoss(rows), seed_(seed), first_round_(first_round) {}

 protected:
  void add_group(std::span<const double> scores, size_t group, std::span<const uint32_t> rows) override {
    const size_t n = rows.size();
    if (n < 2) return;
    RandomStream stream(derive_seed(seed_, "xendcg", first_round_ + n_rounds()), "group", group);
    double top = scores[rows[0]], sum = 0, worth = 0;
    for (const uint32_t row : rows) top = std::max(top, scores[row]);
    std::vector<double> share(n), wanted(n), first(n), second(n);
    for (size_t i = 0; i < n; ++i) {
      sum += share[i] = std::exp(scores[rows[i]] - top);
      worth += wanted[i] = gain(rows[i]) + 1 - stream.uniform();
    }
    const double scale = 1 / std::max(worth, kLeast);
    double first_sum = 0, second_sum = 0;
    for (size_t i = 0; i < n; ++i) {
      share[i] /= sum;
      const double term = share[i] - wanted[i] * scale;
      gradient_[rows[i]] = term;
      first_sum += first[i] = term / std::max(1 - share[i], kLeast);
    }
    for (size_t i = 0; i < n; ++i) {
      const double term = share[i] * (first_sum - first[i]);
      gradient_[rows[i]] += term;
      second_sum += second[i] = term / std::max(1 - share[i], kLeast);
    }
    for (size_t i = 0; i < n; ++i) {
      const double w = weight(rows[i]);
      gradient_[rows[i]] = w * (gradient_[rows[i]] + share[i] * (second_sum - second[i]));
      hessian_[rows[i]] = w * std::max(share[i] * (1 - share[i]), kLeast);
    }
  }

 private:
  static constexpr double kLeast = 1e-15;
  uint64_t seed_, first_round_;
};

}  // namespace

std::unique_ptr<BoostingLoss> make_ranking_loss(const LossRows& rows, const LossOptions& options) {
  if (rows.target.task != Task::Ranking)
    throw Error(ErrorCode::BadValue, "the loss '" + std::string(enum_name(options.loss)) + "' is for ranking rows of groups",
                "Leave out `loss`.");
  if (options.loss == BoostingLossKind::XeNdcg) return std::make_unique<XeNdcgLoss>(rows, options.seed, options.first_round);
  return std::make_unique<LambdaRankLoss>(rows);
}

}  // namespace kolosal
