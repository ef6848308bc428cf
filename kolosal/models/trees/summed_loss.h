// SummedLoss: what losses that are a weighted sum over rows have in common.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "kolosal/models/trees/boosting_loss.h"

namespace kolosal {

/// Rows of a block of the loops over rows.
constexpr size_t kLossBlock = 4096;

/// Sum of block(begin, end) over blocks of rows, added up in order of the blocks; NaN where the context asks to stop.
double sum_blocks(size_t n, const FitContext& context, const std::function<double(size_t, size_t)>& block);

/// Holds targets and weights.
class SummedLoss : public BoostingLoss {
 public:
  explicit SummedLoss(const LossRows& rows);

 protected:
  double weight(size_t row) const { return weights_.empty() ? 1.0 : weights_[row]; }
  /// Target less score of the rows, with their weights, for the quantile of what is left.
  std::vector<std::pair<double, double>> residuals(std::span<const double> scores, std::span<const uint32_t> rows,
                                                   std::span<const float> times) const;

  const Target& target_;
  std::span<const double> weights_;
  size_t n_;
  double largest_weight_ = 0;
  double total_weight_ = 0;
};

/// The least number at or below which at least `share` of the weight lies.
double weighted_quantile(std::vector<std::pair<double, double>>& value_weights, double share);

/// The losses of one number that are neither squared error nor of classes: absolute, huber, quantile, poisson, gamma, tweedie. Throws
/// Error(BadValue) where a target is outside what the loss allows.
std::unique_ptr<BoostingLoss> make_number_loss(const LossRows& rows, const LossOptions& options);
/// Pinball losses of several quantiles, one score each. Throws Error(BadValue) where one is not between 0 and 1, or the task not
/// regression.
std::unique_ptr<BoostingLoss> make_quantiles_loss(const LossRows& rows, const std::vector<double>& quantiles);
/// Cox's negative partial log-likelihood; a target is a time, negative where it was censored.
std::unique_ptr<BoostingLoss> make_cox_loss(const LossRows& rows);
/// LambdaRank, or XE-NDCG by option.
std::unique_ptr<BoostingLoss> make_ranking_loss(const LossRows& rows, const LossOptions& options);
/// The loss of the caller.
std::unique_ptr<BoostingLoss> make_custom_loss(const LossRows& rows, const CustomLoss& loss);
/// Cross-entropy of two classes, each row times (1 - p)^focal_gamma, p being the probability given to its class.
std::unique_ptr<BoostingLoss> make_focal_loss(const LossRows& rows, const LossOptions& options);

}  // namespace kolosal
