// Panels of float32 numbers rounded to bfloat16, as products take them (matrix_product.h).
//
// A bfloat16 number is the upper half of the bits of the float32 number nearest to it, ties to even. Numbers too large become infinite;
// what is not a number stays so.
//
// Cost     a pass over the numbers.
// Checked  rounded_panels_test.cc holds each instruction set against the plain loops, to the bit.
#pragma once

#include "kolosal/kernels/matrix_product.h"

namespace kolosal {

/// The upper half of the bits of the nearest bfloat16 number.
uint16_t to_bfloat16(float number) noexcept;
/// The number that these bits are the upper half of.
float from_bfloat16(uint16_t bits) noexcept;

/// Word (i, j) = numbers (2 i, j) and (2 i + 1, j): a right matrix of a product. Its rows go on to a multiple of kWidthStep; what is beyond
/// the rows of `from` is 0. All columns of the last panel are written.
void round_row_pairs(const Panels& from, uint32_t* out, size_t out_step) noexcept;
/// Word (i, j) = numbers (i, 2 j) and (i, 2 j + 1): a left matrix of a product. What is beyond the last panel of `from` is 0.
void round_column_pairs(const Panels& from, uint32_t* out, size_t out_step) noexcept;
/// Word (j, i) = word (i, j) of `from`, whose last panel counts as whole; no more than from.n_rows columns are written.
void transpose_words(const WordPanels& from, uint32_t* out, size_t out_step) noexcept;

namespace scalar {
/// See kolosal::round_row_pairs.
void round_row_pairs(const Panels& from, uint32_t* out, size_t out_step) noexcept;
/// See kolosal::round_column_pairs.
void round_column_pairs(const Panels& from, uint32_t* out, size_t out_step) noexcept;
/// See kolosal::transpose_words.
void transpose_words(const WordPanels& from, uint32_t* out, size_t out_step) noexcept;
}  // namespace scalar

}  // namespace kolosal
