// Losses of one score a row, each given by its value, first and second derivative at a score.
//
// Absolute and quantile loss have no curvature: their trees are grown with hessian 1, and their leaves then take the quantile of what is
// left of the targets. These and Huber's begin at a quantile, which no few wild targets move. Poisson, gamma and Tweedie see the
// exponential of the score.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "kolosal/models/trees/summed_loss.h"

namespace kolosal {
namespace {

struct Slopes {
  double gradient, hessian;
};

// Pinball loss; the absolute loss is twice that of the median.
struct Pinball {
  static constexpr bool kExponential = false, kRenewsLeaves = true, kStartsAtQuantile = true;
  double quantile, factor;

  double value(double score, double y) const { return factor * (y > score ? quantile * (y - score) : (1 - quantile) * (score - y)); }
  Slopes slopes(double score, double y) const { return {factor * (y > score ? -quantile : 1 - quantile), 1}; }
};

struct Huber {
  static constexpr bool kExponential = false, kRenewsLeaves = false, kStartsAtQuantile = true;
  double delta;
  double quantile = 0.5;

  double value(double score, double y) const {
    const double size = std::abs(score - y);
    return size <= delta ? size * size / 2 : delta * (size - delta / 2);
  }
  Slopes slopes(double score, double y) const { return {std::clamp(score - y, -delta, delta), 1}; }
};

struct Poisson {
  static constexpr bool kExponential = true, kRenewsLeaves = false, kStartsAtQuantile = false;
  static constexpr double kSlack = 0.7;  // by how much a step may raise the score before the hessian is too small

  double value(double score, double y) const { return std::exp(score) - y * score; }
  Slopes slopes(double score, double y) const { return {std::exp(score) - y, std::exp(score + kSlack)}; }
};

struct Gamma {
  static constexpr bool kExponential = true, kRenewsLeaves = false, kStartsAtQuantile = false;

  double value(double score, double y) const { return score + y * std::exp(-score); }
  Slopes slopes(double score, double y) const {
    const double ratio = y * std::exp(-score);
    return {1 - ratio, ratio};
  }
};

struct Tweedie {
  static constexpr bool kExponential = true, kRenewsLeaves = false, kStartsAtQuantile = false;
  double power;  // between 1 and 2

  double value(double score, double y) const {
    return -y * std::exp((1 - power) * score) / (1 - power) + std::exp((2 - power) * score) / (2 - power);
  }
  Slopes slopes(double score, double y) const {
    const double a = y * std::exp((1 - power) * score), b = std::exp((2 - power) * score);
    return {b - a, (2 - power) * b - (1 - power) * a};
  }
};

// Two classes; the score is the logarithm of the odds of class 1.
struct Focal {
  static constexpr bool kExponential = false, kRenewsLeaves = false, kStartsAtQuantile = false;
  double gamma;

  static double share(double score, double y) { return 1 / (1 + std::exp(y > 0 ? -score : score)); }
  static double log_share(double score, double y) {
    const double towards = y > 0 ? score : -score;
    return std::min(towards, 0.0) - std::log1p(std::exp(-std::abs(towards)));
  }
  double value(double score, double y) const { return -std::pow(1 - share(score, y), gamma) * log_share(score, y); }
  Slopes slopes(double score, double y) const {
    const double p = share(score, y), log_p = log_share(score, y), rest = 1 - p, sign = y > 0 ? 1 : -1;
    const double down = gamma * p * log_p + p - 1, factor = std::pow(rest, gamma);
    return {sign * factor * down, p * factor * (rest * (gamma * log_p + gamma + 1) - gamma * down)};
  }
};

template <class Loss>
class PointLoss : public SummedLoss {
 public:
  PointLoss(const LossRows& rows, Loss loss) : SummedLoss(rows), loss_(loss) {}

  size_t n_raw() const override { return 1; }
  bool is_exponential() const override { return Loss::kExponential; }
  bool renews_leaves() const override { return Loss::kRenewsLeaves; }

  std::vector<double> base_score() const override {
    if constexpr (Loss::kStartsAtQuantile) {
      std::vector<std::pair<double, double>> all;
      for (size_t i = 0; i < n_; ++i) all.emplace_back(target_.values[i], weight(i));
      return {weighted_quantile(all, loss_.quantile)};
    }
    double mean = 0;
    for (size_t i = 0; i < n_; ++i) mean += weight(i) * target_.values[i] / total_weight_;
    if (Loss::kExponential && !(mean > 0))
      throw Error(ErrorCode::BadValue, "all targets are 0, whose mean has no logarithm", "Use the loss 'squared'.");
    if (Loss::kExponential) return {std::log(mean)};
    if (!is_classification(target_.task)) return {mean};
    const double share = std::clamp(mean, 1e-9, 1 - 1e-9);
    return {std::log(share / (1 - share))};
  }

  void begin_round(std::span<const double> scores, const FitContext& context) override {
    scores_ = scores;
    slopes_.resize(n_);
    std::vector<Slopes> largest((n_ + kLossBlock - 1) / kLossBlock, Slopes{0, 0});
    context.threads->parallel_for(n_, kLossBlock, [&](size_t begin, size_t end) {
      if (context.should_stop()) return;
      Slopes& most = largest[begin / kLossBlock];
      for (size_t i = begin; i < end; ++i) {
        const auto [g, h] = loss_.slopes(scores[i], target_.values[i]);
        slopes_[i] = {weight(i) * g, weight(i) * std::max(h, kLeastHessian)};
        most = {std::max(most.gradient, std::abs(slopes_[i].gradient)), std::max(most.hessian, slopes_[i].hessian)};
      }
    });
    largest_ = {0, 0};
    for (const Slopes& most : largest) largest_ = {std::max(largest_.gradient, most.gradient), std::max(largest_.hessian, most.hessian)};
  }

  double largest_gradient(size_t) const override { return largest_.gradient; }
  double largest_hessian(size_t) const override { return largest_.hessian; }

  void gradients(size_t, size_t begin, std::span<double> g, std::span<double> h) const override {
    for (size_t i = 0; i < g.size(); ++i) {
      g[i] = slopes_[begin + i].gradient;
      h[i] = slopes_[begin + i].hessian;
    }
  }

  double renewed_leaf(size_t k, std::span<const uint32_t> rows, std::span<const float> times) const override {
    if constexpr (Loss::kRenewsLeaves) {
      auto left = residuals(scores_, rows, times);
      return weighted_quantile(left, loss_.quantile);
    } else {
      return SummedLoss::renewed_leaf(k, rows, times);
    }
  }

  double mean_loss(std::span<const double> scores, const FitContext& context) const override {
    const double sum = sum_blocks(n_, context, [&](size_t begin, size_t end) {
      double part = 0;
      for (size_t i = begin; i < end; ++i) part += weight(i) * loss_.value(scores[i], target_.values[i]);
      return part;
    });
    return sum / total_weight_;
  }

 private:
  Loss loss_;
  std::span<const double> scores_;
  std::vector<Slopes> slopes_;
  Slopes largest_{0, 0};
};

template <class Loss>
std::unique_ptr<BoostingLoss> point_loss(const LossRows& rows, Loss loss) {
  return std::make_unique<PointLoss<Loss>>(rows, loss);
}

// A mean has a variance that is a power of it from 0 on; the gamma loss takes the logarithm of every target.
void check_targets(const LossRows& rows, BoostingLossKind kind) {
  const bool above = kind == BoostingLossKind::Gamma;
  for (size_t i = 0; i < rows.target.n_rows; ++i) {
    const double y = rows.target.values[i];
    if (above ? y > 0 : y >= 0) continue;
    throw Error(ErrorCode::BadValue,
                "the loss '" + std::string(enum_name(kind)) + "' allows targets " + (above ? "above 0" : "from 0 on") + "; one is " +
                    std::to_string(y),
                "Use the loss 'squared', or leave such rows out.");
  }
}

}  // namespace

std::unique_ptr<BoostingLoss> make_number_loss(const LossRows& rows, const LossOptions& options) {
  if (rows.target.task != Task::Regression)
    throw Error(ErrorCode::BadValue, "the loss '" + std::string(enum_name(options.loss)) + "' is for regression of one target",
                "Leave out `loss`.");
  switch (options.loss) {
    case BoostingLossKind::Absolute: return point_loss(rows, Pinball{0.5, 2});
    case BoostingLossKind::Quantile: return point_loss(rows, Pinball{options.quantile, 1});
    case BoostingLossKind::Huber: return point_loss(rows, Huber{.delta = options.huber_delta});
    default: break;
  }
  check_targets(rows, options.loss);
  if (options.loss == BoostingLossKind::Poisson) return point_loss(rows, Poisson{});
  if (options.loss == BoostingLossKind::Gamma) return point_loss(rows, Gamma{});
  return point_loss(rows, Tweedie{options.tweedie_power});
}

std::unique_ptr<BoostingLoss> make_focal_loss(const LossRows& rows, const LossOptions& options) {
  if (rows.target.task != Task::Binary || rows.target.n_classes() != 2)
    throw Error(ErrorCode::BadValue, "the loss 'focal' is for two classes", "Leave out `loss`.");
  return point_loss(rows, Focal{options.focal_gamma});
}

}  // namespace kolosal
