#include <algorithm>
#include <cmath>

#include "kolosal/models/linear/conjugate_gradients-inl.h"

namespace kolosal {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

constexpr double kRest = 1e-15;  // of the first slope, at which it ends
constexpr int kPoorSteps = 50;   // without a smaller slope, after which rounding is all that is left

// The columns, centred and scaled, times the roots of the weights.
class CenteredRows {
 public:
  CenteredRows(const WeightedRows& rows, VectorXd means, double l2, const FitContext& context)
      : rows_(rows), context_(context), means_(std::move(means)), roots_(static_cast<Index>(rows.n_rows())) {
    for (size_t i = 0; i < rows.n_rows(); ++i) roots_[static_cast<Index>(i)] = std::sqrt(rows.weight(i));
    scales_ = VectorXd::Ones(means_.size());
    if (l2 == 0) return;
    VectorXd squares = VectorXd::Zero(means_.size());
    const SparseRows& x = rows.x().sparse();
    for (size_t i = 0; i < rows.n_rows(); ++i)
      for (size_t e = x.starts[i]; e < x.starts[i + 1]; ++e) {
        const double value = roots_[static_cast<Index>(i)] * static_cast<double>(x.values[e]);
        squares[x.features[e]] += value * value;
      }
    scales_ = ((squares.array() - rows.total() * means_.array().square()).max(0.0) + l2).sqrt().inverse();
  }

  const VectorXd& roots() const noexcept { return roots_; }
  const VectorXd& scales() const noexcept { return scales_; }

  // X v, of rows.
  VectorXd times(const VectorXd& v) const {
    const VectorXd unscaled = scales_.cwiseProduct(v);
    VectorXd out = VectorXd::Constant(roots_.size(), -means_.dot(unscaled));
    context_.threads->parallel_for(rows_.n_rows(), rows_.block_rows(), [&](size_t begin, size_t end) {
      if (!context_.should_stop()) rows_.add_products(begin, end - begin, unscaled.data(), out.data() + begin);
    });
    context_.check();
    return out.cwiseProduct(roots_);
  }

  // X' r, of features.
  VectorXd transposed_times(const VectorXd& r) const {
    const VectorXd factors = roots_.cwiseProduct(r);
    const std::vector<double> sums =
        rows_.sum_blocks(rows_.n_features(), 1, context_, [&](size_t begin, size_t n, double* sum, std::vector<double>&) {
          rows_.add_transposed_products(begin, n, factors.data() + begin, sum);
        });
    context_.check();
    const VectorXd out = Eigen::Map<const VectorXd>(sums.data(), means_.size()) - means_ * factors.sum();
    return out.cwiseProduct(scales_);
  }

 private:
  const WeightedRows& rows_;
  const FitContext& context_;
  VectorXd means_, roots_, scales_;
};

VectorXd solve(const CenteredRows& x, VectorXd residual, double l2) {
  // In scaled columns the penalty is l2 times the squares of the scales.
  const VectorXd penalty = l2 * x.scales().cwiseAbs2();
  VectorXd w = VectorXd::Zero(penalty.size()), slope = x.transposed_times(residual), direction = slope;
  double square = slope.squaredNorm(), least = square;
  const double first = square;
  int n_poor = 0;
  while (square > kRest * kRest * first && n_poor < kPoorSteps) {
    const VectorXd moved = x.times(direction);
    const double curvature = moved.squaredNorm() + direction.dot(penalty.cwiseProduct(direction));
    if (!(curvature > 0)) break;
    const double length = square / curvature;
    w += length * direction;
    residual -= length * moved;
    slope = x.transposed_times(residual) - penalty.cwiseProduct(w);
    const double next = slope.squaredNorm();
    direction = slope + next / square * direction;
    square = next;
    n_poor = square < least ? 0 : n_poor + 1;
    least = std::min(least, square);
  }
  return x.scales().cwiseProduct(w);
}

}  // namespace

std::pair<VectorXd, VectorXd> means_of_sparse(const WeightedRows& rows, bool center, const FitContext& context) {
  const size_t p = rows.n_features(), t = rows.target().n_targets;
  VectorXd x_means = VectorXd::Zero(static_cast<Index>(p)), y_means = VectorXd::Zero(static_cast<Index>(t));
  if (center) {
    const std::vector<double> sums = rows.sum_blocks(p + t, 1, context, [&](size_t begin, size_t n, double* sum, std::vector<double>&) {
      const double* weights = rows.weights(begin);
      rows.add_transposed_products(begin, n, weights, sum);
      for (size_t i = 0; i < n; ++i)
        for (size_t k = 0; k < t; ++k) sum[p + k] += weights[i] * rows.target().values[(begin + i) * t + k];
    });
    context.check();
    x_means = Eigen::Map<const VectorXd>(sums.data(), x_means.size()) / rows.total();
    y_means = Eigen::Map<const VectorXd>(sums.data() + p, y_means.size()) / rows.total();
  }
  const bool is_finite = x_means.allFinite() && y_means.allFinite() &&
                         std::ranges::all_of(rows.x().sparse().values, [](float value) { return std::isfinite(value); });
  if (!is_finite) refuse_not_finite(rows.x());
  return {x_means, y_means};
}

SquaresFit conjugate_gradients(const WeightedRows& rows, double l2, bool center, const FitContext& context) {
  const auto t = static_cast<Index>(rows.target().n_targets);
  auto [x_means, y_means] = means_of_sparse(rows, center, context);
  const CenteredRows x(rows, x_means, l2, context);
  SquaresFit fit{Eigen::MatrixXd(x_means.size(), t), x_means, y_means};
  for (Index k = 0; k < t; ++k) {
    VectorXd y(x.roots().size());
    for (Index i = 0; i < y.size(); ++i) y[i] = x.roots()[i] * (rows.target().values[static_cast<size_t>(i * t + k)] - y_means[k]);
    fit.weights.col(k) = solve(x, std::move(y), l2);
  }
  return fit;
}

}  // namespace kolosal
