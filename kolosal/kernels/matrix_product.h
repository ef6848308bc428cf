// Products of small float32 matrices, as the layers of a neural network make them.
//
// Each number of a product is one chain of multiply-adds in the order of the inner dimension, so it does not depend on how many rows are
// multiplied together, nor on which of them it is in.
//
// Cost     n_rows depth width multiply-adds, in tiles that stay in registers; the right matrix should stay in the second-level cache.
// Source   Goto and van de Geijn, ACM Transactions on Mathematical Software 34(3), 2008 (tiles in registers).
// Checked  matrix_product_test.cc holds each instruction set against the plain loops.
#pragma once

#include <cstddef>

namespace kolosal {

/// Widths of right matrices are multiples of this.
constexpr size_t kWidthStep = 16;
/// The least multiple of kWidthStep that is not below n.
constexpr size_t padded_width(size_t n) noexcept { return (n + kWidthStep - 1) / kWidthStep * kWidthStep; }

/// A left matrix: its number in row i and place k of the inner dimension is first[i * row_step + k * depth_step], so a matrix and its
/// transpose are read alike.
struct LeftMatrix {
  const float* first;
  size_t row_step;
  size_t depth_step;
  size_t n_rows;
  size_t depth;
};

/// out[i * out_stride + j] = sum over k of left(i, k) right[k * right_stride + j] for j < width, a multiple of kWidthStep.
void multiply(const LeftMatrix& left, const float* right, size_t right_stride, size_t width, float* out, size_t out_stride) noexcept;

namespace scalar {
/// See kolosal::multiply.
void multiply(const LeftMatrix& left, const float* right, size_t right_stride, size_t width, float* out, size_t out_stride) noexcept;
}  // namespace scalar

}  // namespace kolosal
