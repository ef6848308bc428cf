// BoostingLoss: what boosting minimises: gradients and hessians at the present scores, and the mean loss of held-out rows.
//
// Squared error / 2, logistic, softmax with hessian K/(K-1) p (1-p), and LambdaRank: pairs of a group whose relevance differs,
// weighted by what swapping them changes in NDCG; its reported loss is 1 - NDCG. By option, for one number: absolute, Huber, quantile
// (several at once), and with a logarithmic link Poisson, gamma, Tweedie and Cox's partial likelihood; for two classes the focal loss; for
// ranking XE-NDCG, a cross-entropy that bounds NDCG; a loss of the caller's own.
//
// Shapes   scores (n_raw, n_rows): one run of n_rows for each raw output.
// Source   Friedman, Annals of Statistics 29(5), 2001; Burges, MSR-TR-2010-82; Lin et al., "Focal loss", ICCV 2017; Bruch, "An Alternative
//          Cross Entropy Loss for Learning-to-Rank", WWW 2021; Cox, JRSS B 34, 1972, ties as Breslow, Biometrics 30, 1974.
// Checked  boosting_loss_test.cc: gradients against differences of the loss.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "kolosal/base/fields.h"
#include "kolosal/base/fit_context.h"
#include "kolosal/table/target.h"

namespace kolosal {

/// What a hessian is at least, of a weight of 1: nothing is divided by less.
constexpr double kLeastHessian = 1e-16;

/// Which loss; Default is the one of the task.
enum class BoostingLossKind {
  Default,
  Squared,
  Absolute,
  Huber,
  Quantile,
  Poisson,
  Gamma,
  Tweedie,
  Cox,
  Focal,
  LambdaRank,
  XeNdcg,
  Custom
};
constexpr auto enum_names(BoostingLossKind) {
  return std::to_array<std::pair<BoostingLossKind, std::string_view>>({{BoostingLossKind::Default, "default"},
                                                                       {BoostingLossKind::Squared, "squared"},
                                                                       {BoostingLossKind::Absolute, "absolute"},
                                                                       {BoostingLossKind::Huber, "huber"},
                                                                       {BoostingLossKind::Quantile, "quantile"},
                                                                       {BoostingLossKind::Poisson, "poisson"},
                                                                       {BoostingLossKind::Gamma, "gamma"},
                                                                       {BoostingLossKind::Tweedie, "tweedie"},
                                                                       {BoostingLossKind::Cox, "cox"},
                                                                       {BoostingLossKind::Focal, "focal"},
                                                                       {BoostingLossKind::LambdaRank, "lambdarank"},
                                                                       {BoostingLossKind::XeNdcg, "xendcg"},
                                                                       {BoostingLossKind::Custom, "custom"}});
}

/// A loss of the caller's own. Classes have one score where there are two, else one each; other targets one for each of their numbers. Both
/// functions are called by one thread at a time.
struct CustomLoss {
  /// Fills the gradients and hessians (n_raw, n_rows) of the rows' losses, without their weights, at the scores (n_raw, n_rows).
  std::function<void(const Target& target, std::span<const double> scores, std::span<double> g, std::span<double> h)> gradients;
  /// Fills each row's loss (n_rows,); empty where not known, and then rows held out cannot stop a fit.
  std::function<void(const Target& target, std::span<const double> scores, std::span<double> losses)> losses = {};
};

/// Which loss, and the numbers that shape it.
struct LossOptions {
  BoostingLossKind loss = BoostingLossKind::Default;
  double quantile = 0.5;
  double huber_delta = 1;
  double tweedie_power = 1.5;
  double focal_gamma = 2;
  std::vector<double> quantiles = {};  ///< of the quantile loss, one score each; empty: `quantile`
  const CustomLoss* custom = nullptr;  ///< of the caller; else null
  uint64_t seed = 0;                   ///< of what a loss draws
  uint64_t first_round = 0;            ///< rounds that there were before
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
  /// Takes note of the scores at which gradients will be asked for. Where the context asks to stop, the gradients are of no use.
  virtual void begin_round(std::span<const double> scores, const FitContext& context) = 0;
  /// Bounds of |gradient| and hessian of raw output k at these scores.
  virtual double largest_gradient(size_t k) const = 0;
  virtual double largest_hessian(size_t k) const = 0;
  /// Gradients and hessians of raw output k for the rows [begin, begin + g.size()).
  virtual void gradients(size_t k, size_t begin, std::span<double> g, std::span<double> h) const = 0;
  /// Whether predictions are the exponential of the score.
  virtual bool is_exponential() const { return false; }
  /// Whether the value of a leaf is renewed_leaf() of its rows rather than what gradients and hessians give.
  virtual bool renews_leaves() const { return false; }
  /// The best value of raw output k for a leaf with these rows, before the learning rate. `times` (n_rows,) is how often each row counts;
  /// empty: once.
  virtual double renewed_leaf(size_t k, std::span<const uint32_t> rows, std::span<const float> times) const;
  /// Weighted mean loss at `scores`, the same on any number of threads; NaN where it is not known or the context asks to stop.
  virtual double mean_loss(std::span<const double> scores, const FitContext& context) const = 0;
};

/// The loss over these rows. Throws Error(BadValue) where it does not fit the task or the targets.
std::unique_ptr<BoostingLoss> make_boosting_loss(const LossRows& rows, const LossOptions& options = {});

}  // namespace kolosal
