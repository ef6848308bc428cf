// The minimiser with an L1 penalty on many features of sparse rows: proximal Newton by columns, the sums taking turns.
#include <algorithm>
#include <cmath>

#include "kolosal/models/linear/minimiser-inl.h"
#include "kolosal/models/linear/sparse_descent-inl.h"

namespace kolosal {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kLeastCurvature = 1e-10;  // of a row, relative to its weight

// Derivatives of the loss by one of the sums of each row, and the loss.
struct RowTerms {
  VectorXd slopes, curvatures;
  double loss = 0;
};

// By sum `k` at margins (n_rows, n_sums).
RowTerms terms_by(const WeightedRows& rows, const MarginLoss& loss, const MatrixXd& margins, Index k, const FitContext& context) {
  const auto n_sums = static_cast<size_t>(margins.cols());
  RowTerms made{VectorXd(margins.rows()), VectorXd(margins.rows()), 0};
  const size_t pair = static_cast<size_t>(k) * (static_cast<size_t>(k) + 1) / 2 + static_cast<size_t>(k);
  const std::vector<double> sums = rows.sum_blocks(1, 1, context, [&](size_t begin, size_t n, double* sum, std::vector<double>& scratch) {
    scratch.assign((2 * n_sums + n_sums * (n_sums + 1) / 2) * n, 0.0);
    double *of_block = scratch.data(), *residuals = of_block + n_sums * n, *curvatures = residuals + n_sums * n;
    for (size_t c = 0; c < n_sums; ++c)
      for (size_t i = 0; i < n; ++i) of_block[c * n + i] = margins(static_cast<Index>(begin + i), static_cast<Index>(c));
    const double* weights = rows.weights(begin);
    sum[0] += loss.terms(begin, n, weights, of_block, residuals, curvatures);
    for (size_t i = 0; i < n; ++i) {
      const auto row = static_cast<Index>(begin + i);
      made.slopes[row] = residuals[static_cast<size_t>(k) * n + i];
      made.curvatures[row] = std::max(curvatures[pair * n + i], kLeastCurvature * weights[i]);
    }
  });
  made.loss = sums[0];
  return made;
}

// How far a descent is from rest in scaled features, relative to the weight of the rows: see LinearMinimiser::distance_from_rest.
double farthest_from_rest(const SparseDescent& descent, const VectorXd& weights, const std::vector<double>& inverse, double l1, double l2) {
  double largest = 0;
  for (Index j = 0; j < weights.size(); ++j) {
    const double slope = l2 * weights[j] - descent.slope(static_cast<size_t>(j));
    const double held = weights[j] == 0 ? std::max(std::abs(slope) - l1, 0.0) : std::abs(slope + std::copysign(l1, weights[j]));
    largest = std::max(largest, held * inverse[static_cast<size_t>(j)]);
  }
  return largest;
}

}  // namespace

// Moves one sum to the minimum of its quadratic, as far as the value falls; returns how far it was from rest.
double LinearMinimiser::move_sum(const SparseColumns& columns, Index k, Penalty penalty, MatrixXd& margins, MatrixXd& weights,
                                 VectorXd& biases) {
  const RowTerms terms = terms_by(rows_, loss_, margins, k, context_);
  if (context_.should_stop()) return 0;
  if (!terms.slopes.allFinite()) refuse_not_finite(rows_.x());
  const double unit = rows_.total() * loss_.scale();
  SparseDescent descent(columns, terms.curvatures, options_.fit_intercept);
  const VectorXd before = weights.col(k), residuals = -terms.slopes.cwiseQuotient(terms.curvatures);
  descent.start_from(before, residuals);
  descent.set_penalties(penalty.l1, penalty.l2);
  const double of_bias = options_.fit_intercept ? std::abs(terms.slopes.sum()) : 0;
  const double distance = std::max(farthest_from_rest(descent, before, scales_.inverse, penalty.l1, penalty.l2), of_bias) / unit;
  if (distance <= options_.tolerance) return distance;
  constexpr double kLeft = 0.01;  // of the distance, that the descent may leave
  descent.descend(kLeft * distance * std::sqrt(unit), 1000, context_);
  const VectorXd move = descent.weights() - before, moved = residuals - descent.residuals();
  const auto penalty_of = [&](const VectorXd& w) { return penalty.l1 * w.cwiseAbs().sum() + penalty.l2 / 2 * w.squaredNorm(); };
  const double value = terms.loss + penalty_of(before);
  const double fall =
      terms.slopes.dot(moved) + penalty.l2 * before.dot(move) + penalty.l1 * (descent.weights().cwiseAbs().sum() - before.cwiseAbs().sum());
  const VectorXd margins_before = margins.col(k);
  double length = 1;
  for (int halvings = 0; halvings < 40 && !context_.should_stop(); ++halvings, length *= 0.5) {
    margins.col(k) = margins_before + length * moved;
    const VectorXd next = before + length * move;
    const double there = terms_by(rows_, loss_, margins, k, context_).loss + penalty_of(next);
    if (context_.should_stop() || !(there <= value + 1e-4 * length * fall + 1e-14 * std::abs(value))) continue;
    weights.col(k) = next;
    biases[k] += length * descent.shift();
    return distance;
  }
  margins.col(k) = margins_before;
  return 0;  // no way leads down
}

void LinearMinimiser::descend_sparse(Penalty penalty) {
  const SparseRows& x = rows_.x().sparse();
  const auto n = static_cast<Index>(rows_.n_rows());
  const MemoryLease lease(
      context_.memory,
      SparseColumns::bytes_for(x.values.size(), x.n_features) + static_cast<size_t>((n * (k_ + 6) + p_ * (k_ + 6))) * sizeof(double),
      "columns of sparse rows");
  const SparseColumns columns(x);
  const LinearForm start = form(Link::Identity);
  MatrixXd margins(n, k_), weights = Eigen::Map<const MatrixXd>(start.weights.data(), p_, k_);
  VectorXd biases = Eigen::Map<const VectorXd>(start.bias.data(), k_);
  for (Index k = 0; k < k_; ++k) {
    margins.col(k).setConstant(biases[k]);
    rows_.add_products(0, rows_.n_rows(), weights.col(k).data(), margins.col(k).data());
  }
  const Penalty of_rows{penalty.l1 / rows_.unit(), penalty.l2 / rows_.unit()};
  for (int turn = 0; turn < options_.max_iterations; ++turn) {
    double distance = 0;
    for (Index k = 0; k < k_ && !context_.should_stop(); ++k)
      distance = std::max(distance, move_sum(columns, k, of_rows, margins, weights, biases));
    if (distance <= options_.tolerance || !report(distance)) break;
  }
  for (Index k = 0; k < k_; ++k) {
    double bias = biases[k];
    for (Index j = 0; j < p_; ++j) {
      const double inverse = scales_.inverse[static_cast<size_t>(j)];
      at_[k * width() + j] = inverse > 0 ? weights(j, k) / inverse : 0;
      bias += weights(j, k) * scales_.centers[static_cast<size_t>(j)];
    }
    at_[k * width() + p_] = bias;
  }
}

}  // namespace kolosal
