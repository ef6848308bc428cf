// Several quantiles at once: pinball losses, one score each, whose leaves take the quantile of what is left of the targets.
#include <algorithm>

#include "kolosal/models/trees/summed_loss.h"

namespace kolosal {
namespace {

class QuantilesLoss : public SummedLoss {
 public:
  QuantilesLoss(const LossRows& rows, const std::vector<double>& quantiles) : SummedLoss(rows), quantiles_(quantiles) {}

  size_t n_raw() const override { return quantiles_.size(); }
  bool renews_leaves() const override { return true; }
  void begin_round(std::span<const double> scores, const FitContext&) override { scores_ = scores; }
  double largest_gradient(size_t) const override { return largest_weight_; }
  double largest_hessian(size_t) const override { return largest_weight_; }

  std::vector<double> base_score() const override {
    std::vector<std::pair<double, double>> all;
    for (size_t i = 0; i < n_; ++i) all.emplace_back(target_.values[i], weight(i));
    std::vector<double> base;
    for (const double quantile : quantiles_) base.push_back(weighted_quantile(all, quantile));
    return base;
  }

  void gradients(size_t k, size_t begin, std::span<double> g, std::span<double> h) const override {
    for (size_t i = 0; i < g.size(); ++i) {
      h[i] = weight(begin + i);
      g[i] = h[i] * (target_.values[begin + i] > scores_[k * n_ + begin + i] ? -quantiles_[k] : 1 - quantiles_[k]);
    }
  }

  double renewed_leaf(size_t k, std::span<const uint32_t> rows, std::span<const float> times) const override {
    auto left = residuals(scores_.subspan(k * n_, n_), rows, times);
    return weighted_quantile(left, quantiles_[k]);
  }

  double mean_loss(std::span<const double> scores, const FitContext& context) const override {
    const double sum = sum_blocks(n_, context, [&](size_t begin, size_t end) {
      double part = 0;
      for (size_t k = 0; k < n_raw() && !context.should_stop(); ++k)
        for (size_t i = begin; i < end; ++i) {
          const double left = target_.values[i] - scores[k * n_ + i];
          part += weight(i) * (left > 0 ? quantiles_[k] * left : (quantiles_[k] - 1) * left);
        }
      return part;
    });
    return sum / total_weight_ / static_cast<double>(n_raw());
  }

 private:
  std::vector<double> quantiles_;
  std::span<const double> scores_;
};

}  // namespace

std::unique_ptr<BoostingLoss> make_quantiles_loss(const LossRows& rows, const std::vector<double>& quantiles) {
  if (rows.target.task != Task::Regression)
    throw Error(ErrorCode::BadValue, "the loss 'quantile' is for regression of one target", "Leave out `loss`.");
  for (const double quantile : quantiles)
    if (!(quantile > 0 && quantile < 1))
      throw Error(ErrorCode::BadValue, "quantiles holds " + std::to_string(quantile), "Give shares above 0 and below 1.");
  return std::make_unique<QuantilesLoss>(rows, quantiles);
}

}  // namespace kolosal
