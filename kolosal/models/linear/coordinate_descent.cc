#include <algorithm>
#include <cmath>

#include "kolosal/models/linear/coordinate_descent-inl.h"

namespace kolosal {

CoordinateDescent::CoordinateDescent(const Eigen::MatrixXd& a, const Eigen::VectorXd& b, const Eigen::VectorXd& l1, Eigen::VectorXd& v)
    : a_(a), b_(b), l1_(l1), v_(v), gradient_(b - a * v) {}

double CoordinateDescent::sweep(bool only_active) {
  double largest = 0;
  for (Eigen::Index j = 0; j < v_.size(); ++j) {
    const double curvature = a_(j, j), before = v_[j];
    if (curvature == 0 || (only_active && before == 0)) continue;
    const double best = gradient_[j] + curvature * before, beyond = std::abs(best) - l1_[j];
    const double after = beyond > 0 ? std::copysign(beyond, best) / curvature : 0;
    if (after == before) continue;
    v_[j] = after;
    gradient_ -= (after - before) * a_.col(j);
    largest = std::max(largest, std::abs(after - before) * std::sqrt(curvature));
  }
  return largest;
}

bool CoordinateDescent::descend(double tolerance, int max_sweeps, const FitContext& context) {
  for (int n = 0; n < max_sweeps && !context.should_stop();) {
    ++n;
    if (sweep(false) <= tolerance) return true;
    while (n < max_sweeps && !context.should_stop() && sweep(true) > tolerance) ++n;
  }
  return false;
}

double CoordinateDescent::duality_gap(double yy) const {
  // The residual, made shorter until no feature has more to do with it than its penalty allows, is feasible in the dual problem.
  double excess = 1, penalty = 0;
  for (Eigen::Index j = 0; j < v_.size(); ++j) {
    penalty += l1_[j] * std::abs(v_[j]);
    excess = std::max(excess, std::abs(gradient_[j]) / l1_[j]);
  }
  const double fitted = b_.dot(v_), residual = std::max(yy - fitted - gradient_.dot(v_), 0.0), share = 1 / excess;
  return residual * (1 + share * share) / 2 + penalty - share * (yy - fitted);
}

}  // namespace kolosal
