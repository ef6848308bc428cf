// The loss of a caller: gradients, hessians and, where it tells them, losses of rows.
//
// Gradients and hessians are of size 1e30 at most. Where any gradient is not 0 some hessian must be above 0; those that are not count as
// 1e-16.
//
// Checked  boosting_modes_test.cc.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "kolosal/models/trees/summed_loss.h"

namespace kolosal {
namespace {

constexpr double kMostSlope = 1e30;  // leaves are float32, and sums of squares float64

class CallersLoss : public SummedLoss {
 public:
  CallersLoss(const LossRows& rows, const CustomLoss& loss)
      : SummedLoss(rows),
        loss_(loss),
        n_raw_(rows.target.task == Task::Binary && rows.target.n_classes() == 2 ? 1 : rows.target.n_outputs()),
        gradient_(n_ * n_raw_),
        hessian_(n_ * n_raw_) {}

  size_t n_raw() const override { return n_raw_; }
  std::vector<double> base_score() const override { return std::vector<double>(n_raw_, 0.0); }
  double largest_gradient(size_t k) const override { return largest(gradient_, k); }
  double largest_hessian(size_t k) const override { return largest(hessian_, k); }

  void begin_round(std::span<const double> scores, const FitContext&) override {
    loss_.gradients(target_, scores, gradient_, hessian_);
    bool any_slope = false, any_curvature = false;
    for (size_t i = 0; i < gradient_.size(); ++i) {
      if (!std::isfinite(gradient_[i]) || !std::isfinite(hessian_[i]))
        throw Error(ErrorCode::BadValue, "the loss gave a gradient or hessian of row " + std::to_string(i % n_) + " that is not finite",
                    "Bound what it divides by, and the scores that it takes exponentials of.");
      if (std::abs(gradient_[i]) > kMostSlope || hessian_[i] > kMostSlope)
        throw Error(
            ErrorCode::BadValue,
            "the loss gave a gradient or hessian of row " + std::to_string(i % n_) + " beyond 1e30, the most that trees are grown by",
            "Divide the loss, and with it both, by a number.");
      any_slope = any_slope || gradient_[i] != 0;
      any_curvature = any_curvature || hessian_[i] > 0;
      gradient_[i] *= weight(i % n_);
      hessian_[i] = weight(i % n_) * std::max(hessian_[i], kLeastHessian);
    }
    if (any_slope && !any_curvature)
      throw Error(ErrorCode::BadValue, "the loss gave no row a hessian above 0, so no leaf has a best value",
                  "Give the second derivative of each row's loss by its score, or 1 where that is 0, as of absolute errors.");
  }

  void gradients(size_t k, size_t begin, std::span<double> g, std::span<double> h) const override {
    const auto first = static_cast<ptrdiff_t>(k * n_ + begin);
    std::copy_n(gradient_.begin() + first, g.size(), g.begin());
    std::copy_n(hessian_.begin() + first, h.size(), h.begin());
  }

  double mean_loss(std::span<const double> scores, const FitContext& context) const override {
    if (!loss_.losses) return std::numeric_limits<double>::quiet_NaN();
    std::vector<double> losses(n_);
    loss_.losses(target_, scores, losses);
    const double sum = sum_blocks(n_, context, [&](size_t begin, size_t end) {
      double part = 0;
      for (size_t i = begin; i < end; ++i) part += weight(i) * losses[i];
      return part;
    });
    return sum / total_weight_;
  }

 private:
  double largest(const std::vector<double>& numbers, size_t k) const {
    double most = 0;
    for (size_t i = k * n_; i < (k + 1) * n_; ++i) most = std::max(most, std::abs(numbers[i]));
    return most;
  }

  const CustomLoss& loss_;
  size_t n_raw_;
  std::vector<double> gradient_, hessian_;
};

}  // namespace

std::unique_ptr<BoostingLoss> make_custom_loss(const LossRows& rows, const CustomLoss& loss) {
  return std::make_unique<CallersLoss>(rows, loss);
}

}  // namespace kolosal
