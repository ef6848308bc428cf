// Cox's proportional hazards: the score is the logarithm of a row's hazard beside the others'.
//
// A target is the time of an event, or, negative, the time until which there was none (censored). Minus the partial log-likelihood is
//   sum over events i of  w_i (log R_i - s_i),   R_i = sum of w_j e^s_j over the rows j whose time is not before that of i;
// events at the same time share one R (Breslow). A row's hessian is the diagonal of the second derivatives.
//
// Cost     O(n_rows log n_rows) once, O(n_rows) a round.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kolosal/models/trees/summed_loss.h"

namespace kolosal {
namespace {

class CoxLoss : public SummedLoss {
 public:
  explicit CoxLoss(const LossRows& rows) : SummedLoss(rows), by_time_(n_), hazard_(n_), gradient_(n_), hessian_(n_) {
    std::iota(by_time_.begin(), by_time_.end(), 0U);
    std::ranges::stable_sort(by_time_, {}, [&](uint32_t row) { return time(row); });
    for (size_t i = 0; i < n_; ++i)
      if (i == 0 || time(by_time_[i]) > time(by_time_[i - 1])) starts_.push_back(i);
    starts_.push_back(n_);
    at_risk_.resize(starts_.size());
  }

  size_t n_raw() const override { return 1; }
  bool is_exponential() const override { return true; }
  std::vector<double> base_score() const override { return {0.0}; }
  double largest_gradient(size_t) const override { return largest_gradient_; }
  double largest_hessian(size_t) const override { return largest_hessian_; }

  void begin_round(std::span<const double> scores, const FitContext& context) override {
    (void)sum_at_risk(scores, hazard_, at_risk_, context);
    double inverse = 0, inverse_squared = 0;  // sums of w / R and w / R^2 over the events so far
    largest_gradient_ = largest_hessian_ = 0;
    for (size_t t = 0; t + 1 < starts_.size(); ++t) {
      if (t % kLossBlock == 0 && context.should_stop()) return;
      for (size_t i = starts_[t]; i < starts_[t + 1]; ++i)
        if (is_event(by_time_[i]) && at_risk_[t] > 0) {
          inverse += weight(by_time_[i]) / at_risk_[t];
          inverse_squared += weight(by_time_[i]) / at_risk_[t] / at_risk_[t];
        }
      for (size_t i = starts_[t]; i < starts_[t + 1]; ++i) {
        const uint32_t row = by_time_[i];
        const double expected = hazard_[row] * inverse;
        gradient_[row] = expected - (is_event(row) ? weight(row) : 0);
        hessian_[row] = std::max(expected - hazard_[row] * hazard_[row] * inverse_squared, kLeastHessian * weight(row));
        largest_gradient_ = std::max(largest_gradient_, std::abs(gradient_[row]));
        largest_hessian_ = std::max(largest_hessian_, hessian_[row]);
      }
    }
  }

  void gradients(size_t, size_t begin, std::span<double> g, std::span<double> h) const override {
    std::copy_n(gradient_.begin() + static_cast<ptrdiff_t>(begin), g.size(), g.begin());
    std::copy_n(hessian_.begin() + static_cast<ptrdiff_t>(begin), h.size(), h.begin());
  }

  double mean_loss(std::span<const double> scores, const FitContext& context) const override {
    std::vector<double> hazard(n_), at_risk(starts_.size());
    const double top = sum_at_risk(scores, hazard, at_risk, context);
    double sum = 0;
    for (size_t t = 0; t + 1 < starts_.size(); ++t)
      for (size_t i = starts_[t]; i < starts_[t + 1]; ++i)
        if (const uint32_t row = by_time_[i]; is_event(row) && at_risk[t] > 0)
          sum += weight(row) * (std::log(at_risk[t]) + top - scores[row]);
    return context.should_stop() ? std::numeric_limits<double>::quiet_NaN() : sum / total_weight_;
  }

 private:
  double time(uint32_t row) const { return std::abs(target_.values[row]); }
  bool is_event(uint32_t row) const { return target_.values[row] >= 0; }

  // Fills w e^(s - top) of each row and their sum over the rows at risk at each time, and returns the largest score.
  double sum_at_risk(std::span<const double> scores, std::vector<double>& hazard, std::vector<double>& at_risk,
                     const FitContext& context) const {
    const double top = *std::ranges::max_element(scores);
    for (size_t i = 0; i < n_; ++i) hazard[i] = weight(i) * std::exp(scores[i] - top);
    double sum = 0;
    for (size_t t = starts_.size() - 1; t-- > 0;) {
      if (t % kLossBlock == 0 && context.should_stop()) break;
      for (size_t i = starts_[t]; i < starts_[t + 1]; ++i) sum += hazard[by_time_[i]];
      at_risk[t] = sum;
    }
    return top;
  }

  std::vector<uint32_t> by_time_;
  std::vector<size_t> starts_;  // (n_times + 1,) into by_time_, of rows of one time each
  std::vector<double> hazard_, at_risk_, gradient_, hessian_;
  double largest_gradient_ = 0, largest_hessian_ = 0;
};

}  // namespace

std::unique_ptr<BoostingLoss> make_cox_loss(const LossRows& rows) {
  if (rows.target.task != Task::Regression)
    throw Error(ErrorCode::BadValue, "the loss 'cox' is for one number, the time of an event", "Leave out `loss`.");
  if (std::ranges::none_of(rows.target.values, [](double time) { return time >= 0; }))
    throw Error(ErrorCode::BadValue, "all times are negative, which says that there was no event",
                "Give times of events as they are, and those of censored rows negative.");
  return std::make_unique<CoxLoss>(rows);
}

}  // namespace kolosal
