// BoostingLoss: what boosting minimises: gradients and hessians at the present scores, and the mean loss of held-out rows.
//
// Squared error / 2, logistic, softmax with hessian K/(K-1) p (1-p), and LambdaRank: pairs of a group whose relevance differs,
// weighted by what swapping them changes in NDCG; its reported loss is 1 - NDCG. By option, for one number: absolute, Huber, quantile,
// and with a logarithmic link Poisson, gamma and Tweedie; for two classes the focal loss.
//
// Shapes   scores (n_raw, n_rows): one run of n_rows for each raw output.
// Source   Friedman, Annals of Statistics 29(5), 2001; Burges, MSR-TR-2010-82; Lin et al., "Focal loss", ICCV 2017.
// Checked  boosting_loss_test.cc: gradients against differences of the loss.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kolosal/base/fields.h"
#include "kolosal/base/threads.h"
#include "kolosal/table/target.h"

namespace kolosal {

/// Which loss; Default is the one of the task.
enum class BoostingLossKind { Default, Squared, Absolute, Huber, Quantile, Poisson, Gamma, Tweedie, Focal };
constexpr auto enum_names(BoostingLossKind) {
  return std::to_array<std::pair<BoostingLossKind, std::string_view>>({{BoostingLossKind::Default, "default"},
                                                                       {BoostingLossKind::Squared, "squared"},
                                                                       {BoostingLossKind::Absolute, "absolute"},
                                                                       {BoostingLossKind::Huber, "huber"},
                                                                       {BoostingLossKind::Quantile, "quantile"},
                                                                       {BoostingLossKind::Poisson, "poisson"},
                                                                       {BoostingLossKind::Gamma, "gamma"},
                                                                       {BoostingLossKind::Tweedie, "tweedie"},
                                                                       {BoostingLossKind::Focal, "focal"}});
}

/// Which loss, and the numbers that shape it.
struct LossOptions {
  BoostingLossKind loss = BoostingLossKind::Default;
  double quantile = 0.5;
  double huber_delta = 1;
  double tweedie_power = 1.5;
  double focal_gamma = 2;
};

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
  /// Whether predictions are the exponential of the score.
  virtual bool is_exponential() const { return false; }
  /// Whether the value of a leaf is renewed_leaf() of its rows rather than what gradients and hessians give.
  virtual bool renews_leaves() const { return false; }
  /// The best value of a leaf with these rows, before the learning rate.
  virtual double renewed_leaf(std::span<const uint32_t> rows) const;
  /// Weighted mean loss at `scores`, the same on any number of threads.
  virtual double mean_loss(std::span<const double> scores, const Threads& threads) const = 0;
};

/// The loss over these rows. Throws Error(BadValue) where it does not fit the task or the targets.
std::unique_ptr<BoostingLoss> make_boosting_loss(const LossRows& rows, const LossOptions& options = {});

}  // namespace kolosal
