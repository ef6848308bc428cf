#include "kolosal/models/trees/boosting_loss.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "kolosal/kernels/logistic.h"
#include "kolosal/models/trees/summed_loss.h"

namespace kolosal {
namespace {

constexpr size_t kLogRows = 512;  // whose chances are multiplied: 2^-512 is a number

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

  void begin_round(std::span<const double> scores, const FitContext& context) override {
    scores_ = scores;
    largest_gradient_.assign(n_raw(), 0.0);
    for (size_t k = 0; k < n_raw() && !context.should_stop(); ++k) {
      std::vector<double> part((n_ + kLossBlock - 1) / kLossBlock, 0.0);
      context.threads->parallel_for(n_, kLossBlock, [&](size_t begin, size_t end) {
        if (context.should_stop()) return;
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

  double mean_loss(std::span<const double> scores, const FitContext& context) const override {
    const double sum = sum_blocks(n_, context, [&](size_t begin, size_t end) {
      double part = 0;
      for (size_t k = 0; k < n_raw() && !context.should_stop(); ++k)
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

  void begin_round(std::span<const double> scores, const FitContext&) override { scores_ = scores; }
  double largest_gradient(size_t) const override { return largest_weight_; }
  double largest_hessian(size_t) const override { return largest_weight_ / 4; }

  void gradients(size_t, size_t begin, std::span<double> g, std::span<double> h) const override {
    logistic_slopes(scores_.subspan(begin, g.size()), std::span(target_.values).subspan(begin, g.size()), kLeastHessian, g, h);
    for (size_t i = 0; i < g.size() && !weights_.empty(); ++i) {
      g[i] *= weights_[begin + i];
      h[i] *= weights_[begin + i];
    }
  }

  double mean_loss(std::span<const double> scores, const FitContext& context) const override {
    const double sum = sum_blocks(n_, context, [&](size_t begin, size_t end) {
      double part = 0;
      for (size_t i = begin; i < end; i += kLogRows) part += loss_of(scores, i, std::min(end, i + kLogRows));
      return part;
    });
    return sum / total_weight_;
  }

 private:
  // The loss of up to kLogRows rows. The more likely class of each has a chance of a half or more, so that the product of all of them is a
  // number, and its logarithm one in place of many.
  double loss_of(std::span<const double> scores, size_t begin, size_t end) const {
    std::array<double, kLogRows> chances;
    const std::span<double> room = std::span(chances).first(end - begin);
    for (size_t i = begin; i < end; ++i) chances[i - begin] = std::abs(scores[i]);
    logistic(room, room);
    double loss = 0, product = 1;
    for (size_t i = begin; i < end; ++i) {
      loss += weight(i) * (std::max(scores[i], 0.0) - scores[i] * target_.values[i]);
      if (weights_.empty()) product *= chances[i - begin];
      else loss -= weight(i) * std::log(chances[i - begin]);
    }
    return loss - std::log(product);
  }

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

  void begin_round(std::span<const double> scores, const FitContext& context) override {
    probabilities_.resize(n_ * n_classes_);
    context.threads->parallel_for(n_, kLossBlock, [&](size_t begin, size_t end) {
      const std::vector<double> top = top_scores(scores, begin, end, context);
      std::vector<double> sum(end - begin, 0.0);
      for (size_t k = 0; k < n_classes_ && !context.should_stop(); ++k)
        for (size_t i = begin; i < end; ++i) {
          const double e = std::exp(scores[k * n_ + i] - top[i - begin]);
          probabilities_[k * n_ + i] = static_cast<float>(e);
          sum[i - begin] += e;
        }
      for (size_t k = 0; k < n_classes_ && !context.should_stop(); ++k)
        for (size_t i = begin; i < end; ++i) {
          float& p = probabilities_[k * n_ + i];
          p = static_cast<float>(static_cast<double>(p) / sum[i - begin]);
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

  double mean_loss(std::span<const double> scores, const FitContext& context) const override {
    const double sum = sum_blocks(n_, context, [&](size_t begin, size_t end) {
      const std::vector<double> top = top_scores(scores, begin, end, context);
      std::vector<double> total(end - begin, 0.0);
      for (size_t k = 0; k < n_classes_ && !context.should_stop(); ++k)
        for (size_t i = begin; i < end; ++i) total[i - begin] += std::exp(scores[k * n_ + i] - top[i - begin]);
      double part = 0;
      for (size_t i = begin; i < end; ++i) part += weight(i) * (std::log(total[i - begin]) + top[i - begin] - scores[class_of(i) * n_ + i]);
      return part;
    });
    return sum / total_weight_;
  }

 private:
  size_t class_of(size_t row) const { return static_cast<size_t>(target_.values[row]); }

  // The greatest score of each of the rows [begin, end). Classes are the outer loop: a row's scores lie n_ numbers apart.
  std::vector<double> top_scores(std::span<const double> scores, size_t begin, size_t end, const FitContext& context) const {
    std::vector<double> top(scores.begin() + static_cast<ptrdiff_t>(begin), scores.begin() + static_cast<ptrdiff_t>(end));
    for (size_t k = 1; k < n_classes_ && !context.should_stop(); ++k)
      for (size_t i = begin; i < end; ++i) top[i - begin] = std::max(top[i - begin], scores[k * n_ + i]);
    return top;
  }

  size_t n_classes_;
  double factor_;
  std::vector<float> probabilities_;  // (n_classes, n_rows)
};

}  // namespace

double sum_blocks(size_t n, const FitContext& context, const std::function<double(size_t, size_t)>& block) {
  std::vector<double> part((n + kLossBlock - 1) / kLossBlock);
  context.threads->parallel_for(n, kLossBlock, [&](size_t begin, size_t end) {
    if (!context.should_stop()) part[begin / kLossBlock] = block(begin, end);
  });
  return context.should_stop() ? std::numeric_limits<double>::quiet_NaN() : std::accumulate(part.begin(), part.end(), 0.0);
}

SummedLoss::SummedLoss(const LossRows& rows) : target_(rows.target), weights_(rows.weights), n_(rows.target.n_rows) {
  for (const double w : weights_) largest_weight_ = std::max(largest_weight_, w);
  if (weights_.empty()) largest_weight_ = 1;
  for (size_t i = 0; i < n_; ++i) total_weight_ += weight(i);
}

std::vector<std::pair<double, double>> SummedLoss::residuals(std::span<const double> scores, std::span<const uint32_t> rows,
                                                             std::span<const float> times) const {
  std::vector<std::pair<double, double>> left;
  left.reserve(rows.size());
  for (const uint32_t row : rows)
    left.emplace_back(target_.values[row] - scores[row], weight(row) * (times.empty() ? 1.0 : static_cast<double>(times[row])));
  return left;
}

double weighted_quantile(std::vector<std::pair<double, double>>& value_weights, double share) {
  std::ranges::sort(value_weights);
  double total = 0, below = 0;
  for (const auto& [value, weight] : value_weights) total += weight;
  for (const auto& [value, weight] : value_weights)
    if ((below += weight) >= share * total) return value;
  return value_weights.back().first;
}

double BoostingLoss::renewed_leaf(size_t, std::span<const uint32_t>, std::span<const float>) const {
  throw Error(ErrorCode::Internal, "this loss does not renew leaves");
}

std::unique_ptr<BoostingLoss> make_boosting_loss(const LossRows& rows, const LossOptions& options) {
  const bool numbers = rows.target.task == Task::Regression || rows.target.task == Task::MultiRegression;
  const BoostingLossKind loss = options.loss;
  if (options.custom != nullptr) return make_custom_loss(rows, *options.custom);
  if (loss == BoostingLossKind::Custom)
    throw Error(ErrorCode::BadValue, "the loss 'custom' is one that a program passes as a function", "Pass the function, or name a loss.");
  if (loss == BoostingLossKind::Focal) return make_focal_loss(rows, options);
  if (loss == BoostingLossKind::LambdaRank || loss == BoostingLossKind::XeNdcg) return make_ranking_loss(rows, options);
  if (loss == BoostingLossKind::Cox) return make_cox_loss(rows);
  if (loss == BoostingLossKind::Quantile && !options.quantiles.empty()) return make_quantiles_loss(rows, options.quantiles);
  if (loss != BoostingLossKind::Default && (loss != BoostingLossKind::Squared || !numbers)) return make_number_loss(rows, options);
  switch (rows.target.task) {
    case Task::Binary:
      if (rows.target.n_classes() == 2) return std::make_unique<LogisticLoss>(rows);
      return std::make_unique<SoftmaxLoss>(rows);
    case Task::Multiclass: return std::make_unique<SoftmaxLoss>(rows);
    case Task::Ranking: return make_ranking_loss(rows, options);
    case Task::Regression:
    case Task::MultiRegression: break;
  }
  return std::make_unique<SquaredLoss>(rows);
}

}  // namespace kolosal
