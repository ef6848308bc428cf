// Row blocks: the products that linear models are made of, over a block of rows of a column-major float32 matrix.
//
// Numbers are widened to float64 when they are read and every sum is kept in float64. A block should stay in the second-level cache
// (2048 rows of some dozens of columns), so that products and transposed products of it cost one read of the memory.
//
// Cost     products: 2 operations a number; Gram: n_rows n_columns^2 operations, two vectors loaded for every four of them.
// Checked  row_blocks_test.cc holds each instruction set against the plain loops.
#pragma once

#include <cstddef>
#include <span>

namespace kolosal {

/// Rows of a column-major matrix: number i of column j is first[j * stride + i].
struct ColumnBlock {
  const float* first;
  size_t stride;
  size_t n_rows;
  size_t n_columns;
};

/// sums[i] += sum over j of weights[j] x(i, j).
void add_products(const ColumnBlock& x, const double* weights, double* sums) noexcept;
/// sums[j] += sum over i of factors[i] x(i, j).
void add_transposed_products(const ColumnBlock& x, const double* factors, double* sums) noexcept;

/// Rows that packed columns have room for: n_rows and what fills the last vectors up; never a multiple of a page, so that columns do not
/// push one another out of the cache.
constexpr size_t padded_rows(size_t n_rows) noexcept { return (n_rows + 15) / 16 * 16 + 8; }
/// packed[j * padded_rows + i] = (x(i, j) - centers[j]) * scales[j] * factors[i]; zero in the rows that fill up.
void pack_columns(const ColumnBlock& x, const double* centers, const double* scales, const double* factors, double* packed) noexcept;
/// gram[j * width + k] += sum over i of packed[j * n_padded + i] packed[k * n_padded + i] for all k <= j < n_columns.
void add_gram(const double* packed, size_t n_padded, size_t n_columns, double* gram, size_t width) noexcept;

/// out[i] = exp(x[i]), of numbers beyond 700 as if they were 700 and below -700 zero.
void exponentials(std::span<const double> x, std::span<double> out) noexcept;

/// One row's share of the logistic loss at margin m for truth y in {0, 1} and weight s: residuals[i] = s (p - y) and
/// curvatures[i] = s p (1 - p) with p = 1 / (1 + exp(-m)). Returns the sum of s (log(1 + exp(m)) - y m). All spans have one length.
double logistic_terms(std::span<const double> margins, std::span<const double> truth, std::span<const double> weights,
                      std::span<double> residuals, std::span<double> curvatures) noexcept;

}  // namespace kolosal
