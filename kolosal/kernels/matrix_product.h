// Products of small matrices of float32 or bfloat16 numbers, as the layers of a neural network make them.
//
// A matrix is kept in panels of kWidthStep columns, see Panels: both sides of a product are then read from end to end, and their rows do
// not fall on the same few lines of the cache. Each number of a product is one chain of multiply-adds in the order of the inner dimension,
// so it does not depend on how many rows are multiplied together, nor on which of them it is in.
//
// Products of bfloat16 numbers are summed in float32. Two numbers that follow one another along the inner dimension make a word, the first
// in its lower half, and words lie in panels as float32 numbers do: the transpose of a left matrix is a right one. Instruction sets of
// their own (bfloat16_unit.h) multiply them, or those of float32 do, in two steps for each word. The former take numbers below 1.2e-38 for
// 0 and may add in another order, so that instruction sets differ by at most 2e-6 of the sum of magnitudes for each kWidthStep words of
// depth.
//
// Cost     n_rows depth width multiply-adds, in tiles that stay in registers; a panel of the right matrix should stay in the first-level
//          cache.
// Source   Goto and van de Geijn, ACM Transactions on Mathematical Software 34(3), 2008 (panels, tiles in registers).
// Checked  matrix_product_test.cc holds each instruction set against the plain loops.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kolosal {

/// Columns of a panel.
constexpr size_t kWidthStep = 16;
/// The least multiple of kWidthStep that is not below n.
constexpr size_t padded_width(size_t n) noexcept { return (n + kWidthStep - 1) / kWidthStep * kWidthStep; }
/// Where the number in a row and a column is among panels that are `panel_step` numbers apart.
constexpr size_t place_in_panels(size_t panel_step, size_t row, size_t column) noexcept {
  return column / kWidthStep * panel_step + row * kWidthStep + column % kWidthStep;
}

/// A matrix (n_rows, n_columns): its number (i, j) is first[place_in_panels(panel_step, i, j)]. The last panel is as wide as the others.
struct Panels {
  const float* first;
  size_t panel_step;  ///< at least n_rows * kWidthStep, more where rows are a part of more rows
  size_t n_rows;
  size_t n_columns;
};

/// Words of two bfloat16 numbers, in panels; rounded_panels.h makes them. A left matrix has pairs of columns, a right one pairs of rows.
struct WordPanels {
  const uint32_t* first;
  size_t panel_step;
  size_t n_rows;
  size_t n_columns;
};

/// out = left right, in panels that are `out_step` apart; left.n_columns is right.n_rows. All columns of the last panel are written.
void multiply(const Panels& left, const Panels& right, float* out, size_t out_step) noexcept;
/// out = (transpose of left) right; left.n_rows is right.n_rows.
void multiply_transposed(const Panels& left, const Panels& right, float* out, size_t out_step) noexcept;

/// out = left right; left.n_columns is right.n_rows, a multiple of kWidthStep: pairs beyond those that count are 0 on the right, and
/// numbers on the left.
void multiply(const WordPanels& left, const WordPanels& right, float* out, size_t out_step) noexcept;

/// Takes rows from[i * stride + j], j < n_columns, into panels; the rest of the last panel becomes 0.
void to_panels(const float* from, size_t stride, size_t n_rows, size_t n_columns, float* out, size_t out_step) noexcept;
/// out[i * stride + j] = number (i, j) of the panels.
void from_panels(const Panels& from, float* out, size_t stride) noexcept;

namespace scalar {
/// See kolosal::multiply.
void multiply(const Panels& left, const Panels& right, float* out, size_t out_step) noexcept;
/// See kolosal::multiply_transposed.
void multiply_transposed(const Panels& left, const Panels& right, float* out, size_t out_step) noexcept;
/// See kolosal::multiply.
void multiply(const WordPanels& left, const WordPanels& right, float* out, size_t out_step) noexcept;
}  // namespace scalar

}  // namespace kolosal
