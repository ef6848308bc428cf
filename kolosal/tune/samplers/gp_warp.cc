#include <algorithm>
#include <cmath>

#include "kolosal/tune/samplers/gp_warp-inl.h"

namespace kolosal {
namespace {

constexpr double kStraight = 1e-4;  // bends up to this are taken by their series
constexpr double kEdge = 1e-6;      // coordinates keep away from 0 and 1 by this: slopes there may be infinite

// At a share t: the bent share, its slope's logarithm, and their derivatives by the bend.
struct Bent {
  double value, by_bend, log_slope, log_slope_by_bend;
};
Bent bent_share(double t, double bend) noexcept {
  if (std::abs(bend) < kStraight)
    return {t + 0.5 * bend * t * (1 - t), 0.5 * t * (1 - t), std::log1p(0.5 * bend * (1 - 2 * t)), 0.5 * (1 - 2 * t)};
  const double h = std::expm1(bend), inner = 1 + h * t, value = std::log1p(h * t) / bend;
  return {value, ((h + 1) * t / inner - value) / bend, std::log(h / bend / inner), (h + 1) / h - 1 / bend - (h + 1) * t / inner};
}

}  // namespace

BentResults bent(const Eigen::VectorXd& values, double bend) {
  const Eigen::Index n = values.size();
  BentResults made{Eigen::VectorXd::Zero(n), Eigen::VectorXd::Zero(n), 0, 0};
  const double most = values.maxCoeff(), range = most - values.minCoeff();
  if (!(range > 0)) return made;
  for (Eigen::Index i = 0; i < n; ++i) {
    const Bent one = bent_share((most - values[i]) / range, bend);
    made.y[i] = -one.value;
    made.y_by_bend[i] = -one.by_bend;
    made.log_slopes += one.log_slope;
    made.log_slopes_by_bend += one.log_slope_by_bend;
  }
  made.y.array() -= made.y.mean();
  made.y_by_bend.array() -= made.y_by_bend.mean();
  const double deviation = std::max(std::sqrt(made.y.squaredNorm() / static_cast<double>(n)), 1e-10);
  made.y /= deviation;
  const double moved = made.y.dot(made.y_by_bend) / static_cast<double>(n);  // the derivative of the deviation
  made.y_by_bend = (made.y_by_bend - moved * made.y) / deviation;
  made.log_slopes -= static_cast<double>(n) * std::log(deviation);
  made.log_slopes_by_bend -= static_cast<double>(n) * moved / deviation;
  return made;
}

CoordinateWarp::CoordinateWarp(double log_p, double log_q) : p_(std::exp(log_p)), q_(std::exp(log_q)) {}

CoordinateWarp::Warped CoordinateWarp::at(double x) const noexcept {
  x = kEdge + (1 - 2 * kEdge) * x;
  const double power = std::pow(x, p_), rest = 1 - power, kept = std::pow(rest, q_), slope = q_ * kept / rest * p_ * power;
  return {1 - kept, slope / x * (1 - 2 * kEdge), slope * std::log(x), -q_ * kept * std::log(rest)};
}

double CoordinateWarp::back(double value) const noexcept {
  const double x = std::pow(1 - std::pow(1 - std::clamp(value, 0.0, 1.0), 1 / q_), 1 / p_);
  return std::clamp((x - kEdge) / (1 - 2 * kEdge), 0.0, 1.0);
}

}  // namespace kolosal
