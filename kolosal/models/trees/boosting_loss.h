// BoostingLoss: what boosting minimises: gradients and hessians at the present scores, and the mean loss of held-out rows.
//
// Squared error / 2, logistic, softmax with hessian K/(K-1) p (1-p), and LambdaRank: pairs of a group whose relevance differs,
// weighted by what swapping them changes in NDCG; its reported loss is 1 - NDCG.
//
// Shapes   scores (n_raw, n_rows): one run of n_rows for each raw output.
// Source   Friedman, Annals of Statistics 29(5), 2001; Burges, MSR-TR-2010-82.
// Checked  boosting_loss_test.cc: gradients against differences of the loss.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kolosal/base/threads.h"
#include "kolosal/table/target.h"

namespace kolosal {

/// Rows that a loss is taken over. All weights are > 0.
struct LossRows {
  const Target& target;             ///< as many rows as there are weights
  std::span<const double> weights;  ///< (n_rows,), or empty for all ones
};

/// The loss over fixed rows.
class BoostingLoss {
 public:
  virtual ~BoostingLoss() = default;

  /// Scores that a row has.
  virtual size_t n_raw() const = 0;
  /// (n_raw,) the best constant scores.
  virtual std::vector<double> base_score() const = 0;
  /// Takes note of the scores at which gradients will be asked for.
  virtual void begin_round(std::span<const double> scores, const Threads& threads) = 0;
  /// Bounds of |gradient| and hessian of raw output k at these scores.
  virtual double largest_gradient(size_t k) const = 0;
  virtual double largest_hessian(size_t k) const = 0;
  /// Gradients and hessians of raw output k for the rows [begin, begin + g.size()).
  virtual void gradients(size_t k, size_t begin, std::span<double> g, std::span<double> h) const = 0;
  /// Weighted mean loss at `scores`, the same on any number of threads.
  virtual double mean_loss(std::span<const double> scores, const Threads& threads) const = 0;
};

/// The loss that fits the task of the rows' target.
std::unique_ptr<BoostingLoss> make_boosting_loss(const LossRows& rows);

}  // namespace kolosal
