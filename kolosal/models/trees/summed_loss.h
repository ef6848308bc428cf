// SummedLoss: what losses that are a weighted sum over rows have in common.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "kolosal/models/trees/boosting_loss.h"

namespace kolosal {

/// Rows of a block of the loops over rows.
constexpr size_t kLossBlock = 4096;

/// Sum of block(begin, end) over blocks of rows, added up in order of the blocks.
double sum_blocks(size_t n, const Threads& threads, const std::function<double(size_t, size_t)>& block);

/// Holds targets and weights.
class SummedLoss : public BoostingLoss {
 public:
  explicit SummedLoss(const LossRows& rows);

 protected:
  double weight(size_t row) const { return weights_.empty() ? 1.0 : weights_[row]; }

  const Target& target_;
  std::span<const double> weights_;
  size_t n_;
  double largest_weight_ = 0;
  double total_weight_ = 0;
};

/// The losses of one number that are neither squared error nor of classes: absolute, huber, quantile, poisson, gamma, tweedie. Throws
/// Error(BadValue) where a target is outside what the loss allows.
std::unique_ptr<BoostingLoss> make_number_loss(const LossRows& rows, const LossOptions& options);
/// Cross-entropy of two classes, each row times (1 - p)^focal_gamma, p being the probability given to its class.
std::unique_ptr<BoostingLoss> make_focal_loss(const LossRows& rows, const LossOptions& options);

}  // namespace kolosal
