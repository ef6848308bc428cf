#include "kolosal/models/trees/boosting_loss.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "kolosal/kernels/logistic.h"
#include "kolosal/models/trees/summed_loss.h"

namespace kolosal {
namespace {

constexpr double kLeastHessian = 1e-16;
constexpr size_t kRankTruncation = 30;  // pairs have a member among so many best-scored rows of the group

class SquaredLoss : public SummedLoss {
 public:
  using SummedLoss::SummedLoss;
  size_t n_raw() const override { return target_.n_targets; }

  std::vector<double> base_score() const override {
    std::vector<double> mean(n_raw(), 0.0);
    for (size_t i = 0; i < n_; ++i)
      for (size_t k = 0; k < n_raw(); ++k) mean[k] += weight(i) * value(i, k);
    for (double& m : mean) m /= total_weight_;
    return mean;
  }

  void begin_round(std::span<const double> scores, const Threads& threads) override {
    scores_ = scores;
    largest_gradient_.assign(n_raw(), 0.0);
    for (size_t k = 0; k < n_raw(); ++k) {
      std::vector<double> part((n_ + kLossBlock - 1) / kLossBlock, 0.0);
      threads.parallel_for(n_, kLossBlock, [&](size_t begin, size_t end) {
        double largest = 0;
        for (size_t i = begin; i < end; ++i) largest = std::max(largest, std::abs(weight(i) * (scores_[k * n_ + i] - value(i, k))));
        part[begin / kLossBlock] = largest;
      });
      for (const double largest : part) largest_gradient_[k] = std::max(largest_gradient_[k], largest);
    }
  }

  double largest_gradient(size_t k) const override { return largest_gradient_[k]; }
  double largest_hessian(size_t) const override { return largest_weight_; }

  void gradients(size_t k, size_t begin, std::span<double> g, std::span<double> h) const override {
    for (size_t i = 0; i < g.size(); ++i) {
      h[i] = weight(begin + i);
      g[i] = h[i] * (scores_[k * n_ + begin + i] - value(begin + i, k));
    }
  }

  double mean_loss(std::span<const double> scores, const Threads& threads) const override {
    const double sum = sum_blocks(n_, threads, [&](size_t begin, size_t end) {
      double part = 0;
      for (size_t k = 0; k < n_raw(); ++k)
        for (size_t i = begin; i < end; ++i) {
          const double difference = scores[k * n_ + i] - value(i, k);
          part += weight(i) * difference * difference;
        }
      return part;
    });
    return sum / total_weight_ / static_cast<double>(n_raw());
  }

 private:
  double value(size_t row, size_t k) const { return target_.values[row * target_.n_targets + k]; }

  std::span<const double> scores_;
  std::vector<double> largest_gradient_;
};

class LogisticLoss : public SummedLoss {
 public:
  using SummedLoss::SummedLoss;
  size_t n_raw() const override { return 1; }

  std::vector<double> base_score() const override {
    double positive = 0;
    for (size_t i = 0; i < n_; ++i) positive += weight(i) * target_.values[i];
    const double share = std::clamp(positive / total_weight_, 1e-9, 1 - 1e-9);
    return {std::log(share / (1 - share))};
  }

  void begin_round(std::span<const double> scores, const Threads&) override { scores_ = scores; }
  double largest_gradient(size_t) const override { return largest_weight_; }
  double largest_hessian(size_t) const override { return largest_weight_ / 4; }

  void gradients(size_t, size_t begin, std::span<double> g, std::span<double> h) const override {
    logistic(scores_.subspan(begin, g.size()), g);
    for (size_t i = 0; i < g.size(); ++i) {
      const double p = g[i], w = weight(begin + i);
      g[i] = w * (p - target_.values[begin + i]);
      h[i] = w * std::max(p * (1 - p), kLeastHessian);
    }
  }

  double mean_loss(std::span<const double> scores, const Threads& threads) const override {
    const double sum = sum_blocks(n_, threads, [&](size_t begin, size_t end) {
      double part = 0;
      for (size_t i = begin; i < end; ++i) {
        const double s = scores[i];
        part += weight(i) * (std::max(s, 0.0) - s * target_.values[i] + std::log1p(std::exp(-std::abs(s))));
      }
      return part;
    });
    return sum / total_weight_;
  }

 private:
  std::span<const double> scores_;
};

class SoftmaxLoss : public SummedLoss {
 public:
  explicit SoftmaxLoss(const LossRows& rows)
      : SummedLoss(rows),
        n_classes_(rows.target.n_classes()),
        factor_(n_classes_ > 1 ? static_cast<double>(n_classes_) / static_cast<double>(n_classes_ - 1) : 1.0) {}
  size_t n_raw() const override { return n_classes_; }

  std::vector<double> base_score() const override {
    std::vector<double> score(n_classes_, 0.0);
    for (size_t i = 0; i < n_; ++i) score[class_of(i)] += weight(i);
    for (double& s : score) s = std::log(std::max(s / total_weight_, 1e-9));
    return score;
  }

  void begin_round(std::span<const double> scores, const Threads& threads) override {
    probabilities_.resize(n_ * n_classes_);
    threads.parallel_for(n_, kLossBlock, [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) {
        double top = scores[i], sum = 0;
        for (size_t k = 1; k < n_classes_; ++k) top = std::max(top, scores[k * n_ + i]);
        for (size_t k = 0; k < n_classes_; ++k) {
          const double e = std::exp(scores[k * n_ + i] - top);
          probabilities_[k * n_ + i] = static_cast<float>(e);
          sum += e;
        }
        for (size_t k = 0; k < n_classes_; ++k)
          probabilities_[k * n_ + i] = static_cast<float>(static_cast<double>(probabilities_[k * n_ + i]) / sum);
      }
    });
  }

  double largest_gradient(size_t) const override { return largest_weight_; }
  double largest_hessian(size_t) const override { return largest_weight_ * factor_ / 4; }

  void gradients(size_t k, size_t begin, std::span<double> g, std::span<double> h) const override {
    for (size_t i = 0; i < g.size(); ++i) {
      const double p = static_cast<double>(probabilities_[k * n_ + begin + i]);
      const double w = weight(begin + i);
      g[i] = w * (p - (class_of(begin + i) == k ? 1.0 : 0.0));
      h[i] = w * factor_ * std::max(p * (1 - p), kLeastHessian);
    }
  }

  double mean_loss(std::span<const double> scores, const Threads& threads) const override {
    const double sum = sum_blocks(n_, threads, [&](size_t begin, size_t end) {
      double part = 0;
      for (size_t i = begin; i < end; ++i) {
        double top = scores[i], total = 0;
        for (size_t k = 1; k < n_classes_; ++k) top = std::max(top, scores[k * n_ + i]);
        for (size_t k = 0; k < n_classes_; ++k) total += std::exp(scores[k * n_ + i] - top);
        part += weight(i) * (std::log(total) + top - scores[class_of(i) * n_ + i]);
      }
      return part;
    });
    return sum / total_weight_;
  }

 private:
  size_t class_of(size_t row) const { return static_cast<size_t>(target_.values[row]); }

  size_t n_classes_;
  double factor_;
  std::vector<float> probabilities_;  // (n_classes, n_rows)
};

class LambdaRankLoss : public SummedLoss {
 public:
  explicit LambdaRankLoss(const LossRows& rows) : SummedLoss(rows), rows_of_group_(n_), gradient_(n_), hessian_(n_) {
    std::iota(rows_of_group_.begin(), rows_of_group_.end(), 0U);
    std::ranges::stable_sort(rows_of_group_, {}, [&](uint32_t row) { return target_.group[row]; });
    for (size_t i = 0; i < n_; ++i)
      if (i == 0 || target_.group[rows_of_group_[i]] != target_.group[rows_of_group_[i - 1]]) starts_.push_back(i);
    starts_.push_back(n_);
  }
  size_t n_raw() const override { return 1; }
  std::vector<double> base_score() const override { return {0.0}; }
  double largest_gradient(size_t) const override { return largest_gradient_; }
  double largest_hessian(size_t) const override { return largest_hessian_; }

  void begin_round(std::span<const double> scores, const Threads& threads) override {
    std::ranges::fill(gradient_, 0.0);
    std::ranges::fill(hessian_, 0.0);
    threads.parallel_each(starts_.size() - 1, [&](size_t group) { add_group(scores, starts_[group], starts_[group + 1]); });
    largest_gradient_ = largest_hessian_ = 0;
    for (size_t i = 0; i < n_; ++i) {
      largest_gradient_ = std::max(largest_gradient_, std::abs(gradient_[i]));
      largest_hessian_ = std::max(largest_hessian_, hessian_[i]);
    }
  }

  void gradients(size_t, size_t begin, std::span<double> g, std::span<double> h) const override {
    std::copy_n(gradient_.begin() + static_cast<ptrdiff_t>(begin), g.size(), g.begin());
    std::copy_n(hessian_.begin() + static_cast<ptrdiff_t>(begin), h.size(), h.begin());
  }

  // Groups without a relevant row count as perfectly ranked.
  double mean_loss(std::span<const double> scores, const Threads& threads) const override {
    std::vector<double> part(starts_.size() - 1);
    threads.parallel_each(part.size(), [&](size_t group) {
      const std::vector<uint32_t> order = by_score(scores, starts_[group], starts_[group + 1]);
      double dcg = 0;
      for (size_t i = 0; i < order.size(); ++i) dcg += gain(order[i]) * discount(i);
      const double best = ideal_dcg(starts_[group], starts_[group + 1], order.size());
      part[group] = best > 0 ? 1 - dcg / best : 0;
    });
    return std::accumulate(part.begin(), part.end(), 0.0) / static_cast<double>(part.size());
  }

 private:
  double gain(uint32_t row) const { return std::exp2(std::min(target_.values[row], 60.0)) - 1; }
  static double discount(size_t place) { return 1 / std::log2(static_cast<double>(place) + 2); }

  std::vector<uint32_t> by_score(std::span<const double> scores, size_t begin, size_t end) const {
    std::vector<uint32_t> order(rows_of_group_.begin() + static_cast<ptrdiff_t>(begin),
                                rows_of_group_.begin() + static_cast<ptrdiff_t>(end));
    std::ranges::stable_sort(order, [&](uint32_t a, uint32_t b) { return scores[a] > scores[b]; });
    return order;
  }

  double ideal_dcg(size_t begin, size_t end, size_t depth) const {
    std::vector<double> gains;
    for (size_t i = begin; i < end; ++i) gains.push_back(gain(rows_of_group_[i]));
    std::ranges::sort(gains, std::greater<>());
    double dcg = 0;
    for (size_t i = 0; i < std::min(depth, gains.size()); ++i) dcg += gains[i] * discount(i);
    return dcg;
  }

  void add_group(std::span<const double> scores, size_t begin, size_t end) {
    const std::vector<uint32_t> order = by_score(scores, begin, end);
    const double best = ideal_dcg(begin, end, kRankTruncation);
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

  std::vector<uint32_t> rows_of_group_;  // rows, group after group
  std::vector<size_t> starts_;           // (n_groups + 1,) into rows_of_group_
  std::vector<double> gradient_, hessian_;
  double largest_gradient_ = 0, largest_hessian_ = 0;
};

}  // namespace

double sum_blocks(size_t n, const Threads& threads, const std::function<double(size_t, size_t)>& block) {
  std::vector<double> part((n + kLossBlock - 1) / kLossBlock);
  threads.parallel_for(n, kLossBlock, [&](size_t begin, size_t end) { part[begin / kLossBlock] = block(begin, end); });
  return std::accumulate(part.begin(), part.end(), 0.0);
}

SummedLoss::SummedLoss(const LossRows& rows) : target_(rows.target), weights_(rows.weights), n_(rows.target.n_rows) {
  for (const double w : weights_) largest_weight_ = std::max(largest_weight_, w);
  if (weights_.empty()) largest_weight_ = 1;
  for (size_t i = 0; i < n_; ++i) total_weight_ += weight(i);
}

double BoostingLoss::renewed_leaf(std::span<const uint32_t>) const { throw Error(ErrorCode::Internal, "this loss does not renew leaves"); }

std::unique_ptr<BoostingLoss> make_boosting_loss(const LossRows& rows, const LossOptions& options) {
  const bool numbers = rows.target.task == Task::Regression || rows.target.task == Task::MultiRegression;
  if (options.loss == BoostingLossKind::Focal) return make_focal_loss(rows, options);
  if (options.loss != BoostingLossKind::Default && (options.loss != BoostingLossKind::Squared || !numbers))
    return make_number_loss(rows, options);
  switch (rows.target.task) {
    case Task::Binary:
      if (rows.target.n_classes() == 2) return std::make_unique<LogisticLoss>(rows);
      return std::make_unique<SoftmaxLoss>(rows);
    case Task::Multiclass: return std::make_unique<SoftmaxLoss>(rows);
    case Task::Ranking: return std::make_unique<LambdaRankLoss>(rows);
    case Task::Regression:
    case Task::MultiRegression: break;
  }
  return std::make_unique<SquaredLoss>(rows);
}

}  // namespace kolosal
