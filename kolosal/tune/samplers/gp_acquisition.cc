#include <cmath>
#include <limits>

#include "kolosal/tune/samplers/box_minimum-inl.h"
#include "kolosal/tune/samplers/gp_acquisition-inl.h"

namespace kolosal {
namespace {

constexpr double kFewValues = 16;  // a coordinate with as many is tried through
constexpr int kCycles = 6;

class Climb {
 public:
  Climb(const GpSpace& space, const Acquisition& acquisition) : space_(space), acquisition_(acquisition) {
    for (size_t i = 0; i < space.size(); ++i) warps_.push_back(acquisition.warp(i));
  }

  std::pair<Eigen::VectorXd, double> from(Eigen::VectorXd x) const {
    double value = acquisition_.at(x, nullptr);
    for (int cycle = 0; cycle < kCycles; ++cycle) {
      const double before = value;
      slide(x, value);
      bool has_steps = false;
      for (size_t i = 0; i < space_.size(); ++i) {
        if (!space_.has_steps(i)) continue;
        has_steps = true;
        step(i, x, value);
      }
      if (!has_steps || !(value > before + 1e-6)) break;
    }
    return {std::move(x), value};
  }

 private:
  bool is_warped(size_t i) const { return !space_.has_steps(i) && !warps_[i].is_straight(); }

  // Coordinates without steps go uphill, warped.
  void slide(Eigen::VectorXd& x, double& value) const {
    Eigen::VectorXd start = x, low = x, high = x;
    bool slides = false;
    for (size_t i = 0; i < space_.size(); ++i) {
      if (space_.has_steps(i)) continue;
      slides = true;
      const auto at = static_cast<Eigen::Index>(i);
      low[at] = is_warped(i) ? warps_[i].at(0).value : 0;
      high[at] = is_warped(i) ? warps_[i].at(1).value : 1;
      if (is_warped(i)) start[at] = warps_[i].at(x[at]).value;
    }
    if (!slides) return;
    const auto function = [&](const Eigen::VectorXd& at, Eigen::VectorXd& gradient) {
      const double told = acquisition_.at(unwarped(at), &gradient);
      gradient = -gradient;
      for (size_t i = 0; i < space_.size(); ++i) {
        const auto j = static_cast<Eigen::Index>(i);
        if (space_.has_steps(i)) gradient[j] = 0;
        else if (is_warped(i)) gradient[j] /= warps_[i].at(warps_[i].back(at[j])).by_x;
      }
      return -told;
    };
    const BoxMinimum found = box_minimum(function, start, low, high, 1e-2, 100);
    if (-found.value > value) {
      x = unwarped(found.x);
      value = -found.value;
    }
  }

  Eigen::VectorXd unwarped(Eigen::VectorXd at) const {
    for (size_t i = 0; i < space_.size(); ++i)
      if (is_warped(i)) at[static_cast<Eigen::Index>(i)] = warps_[i].back(at[static_cast<Eigen::Index>(i)]);
    return at;
  }

  // A coordinate with steps: all its values where they are few, else ever smaller strides.
  void step(size_t i, Eigen::VectorXd& x, double& value) const {
    const Distribution& d = space_.of(i);
    const auto at = static_cast<Eigen::Index>(i);
    const auto attempt = [&](double inside) {
      if (inside < d.low || inside > d.high) return false;
      const double had = x[at];
      x[at] = space_.coordinate(i, inside);
      if (const double told = acquisition_.at(x, nullptr); told > value) {
        value = told;
        return true;
      }
      x[at] = had;
      return false;
    };
    if (space_.is_choice(i) || d.n_values() <= kFewValues) {
      for (double k = 0; k < d.n_values(); ++k) attempt(d.low + k * d.step);
      return;
    }
    for (double stride = std::exp2(std::floor(std::log2(d.n_values() / 2))); stride >= 1; stride /= 2) {
      const double inside = space_.inside(i, x[at]);
      if (!attempt(inside + stride * d.step)) attempt(inside - stride * d.step);
    }
  }

  const GpSpace& space_;
  const Acquisition& acquisition_;
  std::vector<CoordinateWarp> warps_;
};

}  // namespace

double Acquisition::at(const Eigen::VectorXd& x, Eigen::VectorXd* gradient) const {
  double sum = 0;
  if (gradient != nullptr) gradient->setZero(x.size());
  for (const Term& term : terms_) {
    const GaussianPrediction told = term.process.at(x, gradient != nullptr);
    const double deviation = std::sqrt(told.variance), z = (told.mean - term.bound) / deviation;
    if (term.improves) {
      const LogImprovement improvement = log_improvement(z);
      sum += std::log(deviation) + improvement.value;
      if (gradient != nullptr)
        *gradient +=
            (improvement.by_mean * told.mean_gradient + improvement.by_deviation / (2 * deviation) * told.variance_gradient) / deviation;
    } else {
      const auto [value, slope] = log_normal_share(z);
      sum += value;
      if (gradient != nullptr) *gradient += slope / deviation * (told.mean_gradient - z / (2 * deviation) * told.variance_gradient);
    }
  }
  return sum;
}

Eigen::VectorXd Acquisition::at_rows(const Eigen::MatrixXd& x) const {
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(x.rows()), mean, variance;
  for (const Term& term : terms_) {
    term.process.at_rows(x, mean, variance);
    for (Eigen::Index i = 0; i < x.rows(); ++i) {
      const double deviation = std::sqrt(variance[i]), z = (mean[i] - term.bound) / deviation;
      sum[i] += term.improves ? std::log(deviation) + log_improvement(z).value : log_normal_share(z).first;
    }
  }
  for (double& one : sum)
    if (std::isnan(one)) one = -std::numeric_limits<double>::infinity();
  return sum;
}

std::pair<Eigen::VectorXd, double> climb(const GpSpace& space, const Acquisition& acquisition, Eigen::VectorXd x) {
  return Climb(space, acquisition).from(std::move(x));
}

}  // namespace kolosal
