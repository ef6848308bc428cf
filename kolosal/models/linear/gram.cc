#include <cmath>

#include "kolosal/models/forms/linear.h"
#include "kolosal/models/linear/cholesky-inl.h"
#include "kolosal/models/linear/gram-inl.h"
#include "kolosal/models/linear/spectrum-inl.h"

namespace kolosal {
namespace {

// Blocks whose means are the first guess.
constexpr size_t kGuessBlocks = 16;
// Squares lose no more than half of their digits where the guess is within this many standard deviations.
constexpr double kFarOff = 1e4;

// Means of the features and targets over every `step`-th block; the last number is the weight they come from.
Eigen::VectorXd means_of(const WeightedRows& rows, size_t step, const FitContext& context) {
  const size_t p = rows.n_features(), t = rows.target().n_targets;
  const std::vector<double> sums =
      rows.sum_blocks(p + t + 1, step, context, [&](size_t begin, size_t n, double* sum, std::vector<double>&) {
        const double* weights = rows.weights(begin);
        rows.add_transposed_products(begin, n, weights, sum);
        for (size_t i = 0; i < n; ++i) {
          for (size_t k = 0; k < t; ++k) sum[p + k] += weights[i] * rows.target().values[(begin + i) * t + k];
          sum[p + t] += weights[i];
        }
      });
  Eigen::VectorXd means = Eigen::Map<const Eigen::VectorXd>(sums.data(), static_cast<Eigen::Index>(sums.size()));
  if (sums.back() > 0) means.head(means.size() - 1) /= sums.back();
  return means;
}

// Sums of products of the columns [features - centers, targets - centers, 1]; lower triangle, row by row.
Eigen::MatrixXd products_around(const WeightedRows& rows, const Eigen::VectorXd& centers, const FitContext& context) {
  const size_t p = rows.n_features(), t = rows.target().n_targets, width = p + t + 1;
  const std::vector<double> ones(p, 1.0);
  std::vector<double> sums =
      rows.sum_blocks(width * width, 1, context, [&](size_t begin, size_t n, double* sum, std::vector<double>& scratch) {
        const size_t n_padded = padded_rows(n);
        scratch.resize(n_padded * width);
        double* roots = scratch.data() + (p + t) * n_padded;  // the last packed column: roots of the weights
        const double* weights = rows.weights(begin);
        for (size_t i = 0; i < n_padded; ++i) roots[i] = i < n ? std::sqrt(weights[i]) : 0;
        std::vector<float> room;
        pack_columns(rows.block(begin, n, room), centers.data(), ones.data(), roots, scratch.data());
        for (size_t k = 0; k < t; ++k) {
          double* packed = scratch.data() + (p + k) * n_padded;
          const double center = centers[static_cast<Eigen::Index>(p + k)];
          for (size_t i = 0; i < n_padded; ++i) packed[i] = i < n ? (rows.target().values[(begin + i) * t + k] - center) * roots[i] : 0;
        }
        add_gram(scratch.data(), n_padded, width, sum, width);
      });
  context.check();
  const auto size = static_cast<Eigen::Index>(width);
  return Eigen::Map<const Eigen::MatrixXd>(sums.data(), size, size).transpose();
}

}  // namespace

Gram make_gram(const WeightedRows& rows, bool center, const FitContext& context) {
  const auto p = static_cast<Eigen::Index>(rows.n_features()), t = static_cast<Eigen::Index>(rows.target().n_targets);
  Eigen::VectorXd centers = Eigen::VectorXd::Zero(p + t + 1);
  if (center) {
    const size_t step = std::max<size_t>(rows.n_blocks() / kGuessBlocks, 1);
    centers = means_of(rows, step, context);
    context.check();
  }
  Eigen::MatrixXd products;
  for (int pass = 0;; ++pass) {
    products = products_around(rows, centers, context);
    if (!products.allFinite()) refuse_not_finite(rows.x());
    if (!center) break;
    const Eigen::VectorXd off = products.row(p + t).head(p + t).transpose() / products(p + t, p + t);
    const Eigen::VectorXd spread = products.diagonal().head(p + t) - products(p + t, p + t) * off.cwiseAbs2();
    const bool is_far = (off.cwiseAbs2() * products(p + t, p + t)).cwiseQuotient(spread.cwiseMax(1e-300)).maxCoeff() > kFarOff * kFarOff;
    centers.head(p + t) += off;
    if (is_far && pass == 0) continue;
    const Eigen::MatrixXd taken = products(p + t, p + t) * off * off.transpose();
    products.topLeftCorner(p + t, p + t) -= taken;
    break;
  }
  Gram gram;
  gram.xx = products.topLeftCorner(p, p).selfadjointView<Eigen::Lower>();
  gram.xy = products.block(p, 0, t, p).transpose();
  gram.yy = products.diagonal().segment(p, t).cwiseMax(0);
  gram.x_means = centers.head(p);
  gram.y_means = centers.segment(p, t);
  for (Eigen::Index j = 0; j < p; ++j) {
    const double rounding = 1e-13 * gram.x_means[j];
    if (gram.xx(j, j) > rounding * rounding * rows.total()) continue;
    gram.xx.row(j).setZero();
    gram.xx.col(j).setZero();
    gram.xy.row(j).setZero();
  }
  return gram;
}

Eigen::MatrixXd solve_least_squares(const Gram& gram, double l2, const FitContext& context) {
  const Eigen::Index p = gram.xx.rows();
  if (p == 0) return gram.xy;
  // Cholesky's of columns of length one: a small pivot says that a column follows from those before it.
  constexpr double kLeastPivot = 1e-8;
  const Eigen::VectorXd lengths = (gram.xx.diagonal().array() + l2).sqrt();
  if (lengths.minCoeff() > 0) {
    const Eigen::VectorXd inverse = lengths.cwiseInverse();
    Eigen::MatrixXd scaled = inverse.asDiagonal() * gram.xx * inverse.asDiagonal();
    scaled.diagonal().setOnes();
    if (factorise(scaled, context) && scaled.diagonal().cwiseAbs2().minCoeff() > kLeastPivot) {
      Eigen::MatrixXd weights = inverse.asDiagonal() * gram.xy;
      for (Eigen::Index k = 0; k < weights.cols(); ++k) weights.col(k) = solve_factorised(scaled, weights.col(k));
      return inverse.asDiagonal() * weights;
    }
  }
  const Spectrum spectrum = spectrum_of(gram.xx, Eigen::MatrixXd::Identity(p, p), context);
  const double smallest = 1e-12 * spectrum.values[p - 1];
  const Eigen::VectorXd shares =
      spectrum.values.unaryExpr([&](double value) { return value > smallest && value > 0 ? 1 / (value + l2) : 0; });
  return spectrum.projected.transpose() * shares.asDiagonal() * (spectrum.projected * gram.xy);
}

std::unique_ptr<Model> make_linear_model(const Eigen::VectorXd& x_means, const Eigen::VectorXd& y_means, const Eigen::MatrixXd& weights) {
  const Eigen::Index p = weights.rows(), t = weights.cols();
  const Eigen::VectorXd bias = y_means - weights.transpose() * x_means;
  LinearForm form{p, {weights.data(), weights.data() + p * t}, {bias.data(), bias.data() + t}, Link::Identity};
  return std::make_unique<LinearModel>(std::move(form));
}

}  // namespace kolosal
