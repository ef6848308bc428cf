#include <algorithm>
#include <cmath>

#include "kolosal/models/linear/sparse_descent-inl.h"

namespace kolosal {

SparseDescent::SparseDescent(const SparseColumns& columns, const Eigen::VectorXd& importances, bool center)
    : columns_(columns),
      importances_(importances),
      means_(Eigen::VectorXd::Zero(static_cast<Eigen::Index>(columns.starts.size() - 1))),
      curvatures_(means_),
      total_(importances.sum()),
      v_(means_),
      residuals_(Eigen::VectorXd::Zero(importances.size())),
      center_(center) {
  for (size_t j = 0; j + 1 < columns.starts.size(); ++j) {
    double sum = 0, squares = 0;
    for (size_t e = columns.starts[j]; e < columns.starts[j + 1]; ++e) {
      const double value = static_cast<double>(columns.values[e]), share = importances[columns.rows[e]] * value;
      sum += share;
      squares += share * value;
    }
    const auto at = static_cast<Eigen::Index>(j);
    if (center) means_[at] = sum / total_;
    const double curvature = squares - total_ * means_[at] * means_[at];
    if (curvature > 1e-13 * squares) curvatures_[at] = curvature;  // else the column is constant
  }
}

void SparseDescent::start_from(const Eigen::VectorXd& v, const Eigen::VectorXd& residuals) {
  v_ = v;
  residuals_ = residuals;
  offset_ = center_ ? -importances_.dot(residuals) / total_ : 0;
}

void SparseDescent::set_penalties(double l1, double l2) noexcept {
  l1_ = l1;
  l2_ = l2;
}

double SparseDescent::slope(size_t j) const noexcept {
  double sum = offset_ * total_ * means_[static_cast<Eigen::Index>(j)];
  for (size_t e = columns_.starts[j]; e < columns_.starts[j + 1]; ++e) {
    const auto row = static_cast<Eigen::Index>(columns_.rows[e]);
    sum += importances_[row] * static_cast<double>(columns_.values[e]) * residuals_[row];
  }
  return sum;
}

double SparseDescent::sweep(bool only_active) {
  double largest = 0;
  for (Eigen::Index j = 0; j < v_.size(); ++j) {
    const double curvature = curvatures_[j], before = v_[j];
    if (curvature == 0 || (only_active && before == 0)) continue;
    const double best = slope(static_cast<size_t>(j)) + curvature * before, beyond = std::abs(best) - l1_;
    const double after = beyond > 0 ? std::copysign(beyond, best) / (curvature + l2_) : 0, move = after - before;
    if (move == 0) continue;
    v_[j] = after;
    for (size_t e = columns_.starts[static_cast<size_t>(j)]; e < columns_.starts[static_cast<size_t>(j) + 1]; ++e)
      residuals_[columns_.rows[e]] -= move * static_cast<double>(columns_.values[e]);
    offset_ += move * means_[j];
    largest = std::max(largest, std::abs(move) * std::sqrt(curvature + l2_));
  }
  return largest;
}

bool SparseDescent::descend(double tolerance, int max_sweeps, const FitContext& context) {
  for (int n = 0; n < max_sweeps && !context.should_stop();) {
    ++n;
    if (sweep(false) <= tolerance) return true;
    while (n < max_sweeps && !context.should_stop() && sweep(true) > tolerance) ++n;
  }
  return false;
}

double SparseDescent::duality_gap(double yy) const {
  double excess = 1, explained = 0;
  for (Eigen::Index j = 0; j < v_.size(); ++j) {
    const double gradient = slope(static_cast<size_t>(j)) - l2_ * v_[j];
    if (curvatures_[j] > 0) excess = std::max(excess, std::abs(gradient) / l1_);
    explained += gradient * v_[j];
  }
  const double residual = squares() + l2_ * v_.squaredNorm(), fitted = yy - residual - explained, share = 1 / excess;
  return residual * (1 + share * share) / 2 + l1_ * v_.cwiseAbs().sum() - share * (yy - fitted);
}

}  // namespace kolosal
