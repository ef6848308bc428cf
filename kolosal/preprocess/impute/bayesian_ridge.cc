// The precision of the noise and that of the weights are found in turn, in the basis of the eigenvectors, where the weights of a pair of
// precisions are a division.
#include "kolosal/preprocess/impute/bayesian_ridge.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kolosal/preprocess/symmetric_eigen.h"

namespace kolosal {
namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();
constexpr int kMostSteps = 300;
constexpr double kTolerance = 1e-3;
constexpr double kPrior = 1e-6;  // shape and rate of both gamma priors

bool all_finite(const CentredMoments& moments) {
  const auto finite = [](double number) { return std::isfinite(number); };
  return std::ranges::all_of(moments.products, finite) && std::ranges::all_of(moments.with_target, finite) &&
         std::isfinite(moments.target_square);
}

std::vector<double> times(const std::vector<double>& vectors, const std::vector<double>& x) {
  const size_t n = x.size();
  std::vector<double> product(n);
  for (size_t i = 0; i < n; ++i)
    for (size_t k = 0; k < n; ++k) product[i] += vectors[k * n + i] * x[k];
  return product;
}

}  // namespace

std::vector<double> bayesian_ridge(CentredMoments moments) {
  const size_t n = moments.with_target.size();
  if (n == 0 || !all_finite(moments)) return std::vector<double>(n);
  const double total = moments.total_weight;
  SymmetricEigen eigen = symmetric_eigen(std::move(moments.products), n);
  for (double& value : eigen.values) value = std::max(value, 0.0);
  std::vector<double> target(n), turned(n), weights, before;  // the target's products, and the weights, in the eigenvectors' basis
  for (size_t k = 0; k < n; ++k)
    for (size_t i = 0; i < n; ++i) target[k] += eigen.vectors[k * n + i] * moments.with_target[i];
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
