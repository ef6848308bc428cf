// Weighted sums of functions of the features, class by class, in one pass over the rows.
#pragma once

#include <array>
#include <cmath>

#include "kolosal/models/linear/weighted_rows.h"

namespace kolosal {

/// Sums of `N` functions of each feature in each class, and the weights of the classes, all by divided weights.
struct ClassSums {
  size_t n_features, n_classes;
  std::vector<double> sums;     ///< (N, n_features, n_classes) row-major
  std::vector<double> weights;  ///< (n_classes,)

  /// The sum of a function of feature j over class k.
  double at(size_t function, size_t j, size_t k) const { return sums[(function * n_features + j) * n_classes + k]; }
};

/// `of(x, j)` gives the functions of feature j as std::array<double, N>. Throws Error(BadValue) where a sum is not finite, and what the
/// context's check() throws.
template <size_t N, class Of>
ClassSums sum_by_class(const WeightedRows& rows, const FitContext& context, const Of& of) {
  const size_t p = rows.n_features(), n_classes = rows.target().n_classes(), width = N * p * n_classes;
  std::vector<double> sums = rows.sum_blocks(width + n_classes, 1, context, [&](size_t begin, size_t n, double* sum, std::vector<double>&) {
    const double* weights = rows.weights(begin);
    const double* classes = rows.target().values.data() + begin;
    for (size_t i = 0; i < n; ++i) sum[width + static_cast<size_t>(classes[i])] += weights[i];
    for (size_t j = 0; j < p; ++j) {
      const auto column = rows.x().column(j).subspan(begin, n);
      for (size_t i = 0; i < n; ++i) {
        const std::array<double, N> values = of(static_cast<double>(column[i]), j);
        for (size_t f = 0; f < N; ++f) sum[(f * p + j) * n_classes + static_cast<size_t>(classes[i])] += weights[i] * values[f];
      }
    }
  });
  context.check();
  for (const double total : sums)
    if (!std::isfinite(total)) refuse_not_finite(rows.x());
  ClassSums made{p, n_classes, {}, {sums.end() - static_cast<ptrdiff_t>(n_classes), sums.end()}};
  sums.resize(width);
  made.sums = std::move(sums);
  return made;
}

}  // namespace kolosal
