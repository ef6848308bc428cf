// The plain loops that the kernels of row_blocks.h are held against.
#pragma once

#include <algorithm>
#include <cmath>

#include "kolosal/kernels/row_blocks.h"

namespace kolosal::scalar {

/// See kolosal::add_products.
inline void add_products(const ColumnBlock& x, const double* weights, double* sums) noexcept {
  for (size_t j = 0; j < x.n_columns; ++j)
    for (size_t i = 0; i < x.n_rows; ++i) sums[i] += weights[j] * static_cast<double>(x.first[j * x.stride + i]);
}

/// See kolosal::add_transposed_products.
inline void add_transposed_products(const ColumnBlock& x, const double* factors, double* sums) noexcept {
  for (size_t j = 0; j < x.n_columns; ++j) {
    double total = 0;
    for (size_t i = 0; i < x.n_rows; ++i) total += factors[i] * static_cast<double>(x.first[j * x.stride + i]);
    sums[j] += total;
  }
}

/// See kolosal::pack_columns.
inline void pack_columns(const ColumnBlock& x, const double* centers, const double* scales, const double* factors,
                         double* packed) noexcept {
  const size_t n_padded = padded_rows(x.n_rows);
  for (size_t j = 0; j < x.n_columns; ++j)
    for (size_t i = 0; i < n_padded; ++i)
      packed[j * n_padded + i] = i < x.n_rows ? (static_cast<double>(x.first[j * x.stride + i]) - centers[j]) * scales[j] * factors[i] : 0;
}

/// See kolosal::add_gram.
inline void add_gram(const double* packed, size_t n_padded, size_t n_columns, double* gram, size_t width) noexcept {
  for (size_t j = 0; j < n_columns; ++j)
    for (size_t k = 0; k <= j; ++k) {
      double total = 0;
      for (size_t i = 0; i < n_padded; ++i) total += packed[j * n_padded + i] * packed[k * n_padded + i];
      gram[j * width + k] += total;
    }
}

/// See kolosal::exponentials.
inline void exponentials(std::span<const double> x, std::span<double> out) noexcept {
  for (size_t i = 0; i < x.size(); ++i) out[i] = x[i] < -700 ? 0 : std::exp(std::min(x[i], 700.0));
}

/// See kolosal::logistic_terms.
inline double logistic_terms(std::span<const double> margins, std::span<const double> truth, std::span<const double> weights,
                             std::span<double> residuals, std::span<double> curvatures) noexcept {
  double loss = 0;
  for (size_t i = 0; i < margins.size(); ++i) {
    const double m = margins[i], small = std::exp(-std::abs(m)), share = 1 / (1 + small);
    const double p = m < 0 ? small * share : share;
    loss += weights[i] * (std::log1p(small) + std::max(m, 0.0) - truth[i] * m);
    residuals[i] = weights[i] * (p - truth[i]);
    curvatures[i] = weights[i] * (small * share * share);
  }
  return loss;
}

}  // namespace kolosal::scalar
