// The precision of the noise and that of the weights are found in turn, in the basis of the eigenvectors, where the weights of a pair of
// precisions are a division.
#include "kolosal/preprocess/impute/bayesian_ridge.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace kolosal {
namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();
constexpr int kMostSweeps = 60;
constexpr int kMostSteps = 300;
constexpr double kTolerance = 1e-3;
constexpr double kPrior = 1e-6;  // shape and rate of both gamma priors

/// Turns rows and columns p and q so that the entry between them becomes zero.
void rotate(std::vector<double>& a, std::vector<double>& vectors, size_t n, size_t p, size_t q) {
  const double apq = a[p * n + q];
  const double theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
  const double t = (theta < 0 ? -1 : 1) / (std::abs(theta) + std::hypot(theta, 1.0));
  const double c = 1 / std::hypot(t, 1.0), s = t * c;
  a[p * n + p] -= t * apq;
  a[q * n + q] += t * apq;
  a[p * n + q] = a[q * n + p] = 0;
  for (size_t i = 0; i < n; ++i) {
    if (i != p && i != q) {
      const double aip = a[p * n + i], aiq = a[q * n + i];
      a[p * n + i] = a[i * n + p] = c * aip - s * aiq;
      a[q * n + i] = a[i * n + q] = s * aip + c * aiq;
    }
    const double vip = vectors[i * n + p], viq = vectors[i * n + q];
    vectors[i * n + p] = c * vip - s * viq;
    vectors[i * n + q] = s * vip + c * viq;
  }
}

bool all_finite(const CentredMoments& moments) {
  const auto finite = [](double number) { return std::isfinite(number); };
  return std::ranges::all_of(moments.products, finite) && std::ranges::all_of(moments.with_target, finite) &&
         std::isfinite(moments.target_square);
}

std::vector<double> times(const std::vector<double>& vectors, const std::vector<double>& x) {
  const size_t n = x.size();
  std::vector<double> product(n);
  for (size_t i = 0; i < n; ++i)
    for (size_t k = 0; k < n; ++k) product[i] += vectors[i * n + k] * x[k];
  return product;
}

}  // namespace

SymmetricEigen symmetric_eigen(std::vector<double> matrix, size_t n) {
  SymmetricEigen eigen;
  eigen.vectors.resize(n * n);
  for (size_t i = 0; i < n; ++i) eigen.vectors[i * n + i] = 1;
  bool turned = true;
  for (int sweep = 0; sweep < kMostSweeps && turned; ++sweep) {
    turned = false;
    for (size_t p = 0; p < n; ++p)
      for (size_t q = p + 1; q < n; ++q) {
        const double size = std::sqrt(std::abs(matrix[p * n + p])) * std::sqrt(std::abs(matrix[q * n + q]));
        if (matrix[p * n + q] == 0 || std::abs(matrix[p * n + q]) <= kEps * size) continue;
        rotate(matrix, eigen.vectors, n, p, q);
        turned = true;
      }
  }
  for (size_t i = 0; i < n; ++i) eigen.values.push_back(matrix[i * n + i]);
  return eigen;
}

std::vector<double> bayesian_ridge(CentredMoments moments) {
  const size_t n = moments.with_target.size();
  if (n == 0 || !all_finite(moments)) return std::vector<double>(n);
  const double total = moments.total_weight;
  SymmetricEigen eigen = symmetric_eigen(std::move(moments.products), n);
  for (double& value : eigen.values) value = std::max(value, 0.0);
  std::vector<double> target(n), turned(n), weights, before;  // the target's products, and the weights, in the eigenvectors' basis
  for (size_t k = 0; k < n; ++k)
    for (size_t i = 0; i < n; ++i) target[k] += eigen.vectors[i * n + k] * moments.with_target[i];
  double noise = 1 / (moments.target_square / total + kEps), precision = 1;
  const auto solve = [&] {
    for (size_t k = 0; k < n; ++k) turned[k] = target[k] / (eigen.values[k] + precision / noise);
    weights = times(eigen.vectors, turned);
  };
  for (int step = 0; step < kMostSteps; ++step) {
    solve();
    double explained = 0, n_used = 0, size = 0, change = 0;
    for (size_t k = 0; k < n; ++k) {
      explained += turned[k] * (2 * target[k] - eigen.values[k] * turned[k]);
      n_used += noise * eigen.values[k] / (precision + noise * eigen.values[k]);
      size += turned[k] * turned[k];
      if (step > 0) change += std::abs(weights[k] - before[k]);
    }
    precision = (n_used + 2 * kPrior) / (size + 2 * kPrior);
    noise = (total - n_used + 2 * kPrior) / (std::max(moments.target_square - explained, 0.0) + 2 * kPrior);
    if (step > 0 && change < kTolerance) break;
    before = weights;
  }
  solve();
  if (!std::ranges::all_of(weights, [](double weight) { return std::isfinite(weight); })) return std::vector<double>(n);
  return weights;
}

}  // namespace kolosal
