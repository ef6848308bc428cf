// Value sides: the range of some values, and what the rows on one side of a bound sum to.
//
// Sums are kept in eight parts, row i going to part i % 8, so every instruction set gives the same bits.
//
// Cost     one load (range) or three loads, a multiplication and two additions (sums) a row.
// Checked  value_sides_test.cc, each instruction set against the plain loops.
#pragma once

#include <cstddef>

namespace kolosal {

/// Rows that the buffers have room for: n, and missing values (NaN) that fill the last eight up.
constexpr size_t padded_sides(size_t n) noexcept { return (n + 7) / 8 * 8; }

/// The values that are not missing; least > most where there are none.
struct ValueRange {
  float least, most;
  size_t n_present;
};

/// Sums of some rows.
struct SideSums {
  double weight, sum;  ///< of the weights, and of weights times targets
  size_t count;
};

/// The range of x[0] ... x[n - 1]; n is a multiple of 8.
using FindRange = ValueRange (*)(const float* x, size_t n);
/// The sums of the rows with x <= bound; n is a multiple of 8.
using SumUpTo = SideSums (*)(const float* x, const double* weights, const double* targets, size_t n, float bound);

/// The loops for the instruction set in use: ask once, call often.
FindRange find_range();
SumUpTo sum_up_to();
/// The plain loops, which the others are held against.
ValueRange find_range_scalar(const float* x, size_t n);
SideSums sum_up_to_scalar(const float* x, const double* weights, const double* targets, size_t n, float bound);

}  // namespace kolosal
