// Value sides: the range of some values, what the rows on one side of a bound sum to, and the rows parted there.
//
// Sums are kept in eight parts, row i going to part i % 8, so every instruction set gives the same bits.
//
// Cost     one load (range) or three loads, a multiplication and two additions (sums) a row; parting with AVX-512 two stores of eight rows
//          for each of three arrays, else two a row.
// Checked  value_sides_test.cc, each instruction set against the plain loops.
#pragma once

#include <cstddef>
#include <cstdint>

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

/// What rows have, side by side.
struct RowArrays {
  uint32_t* rows;
  double *targets, *weights;
};

/// Moves rows 0 ... n - 1 of `from` for which goes_left(i, row) to its front, in their order, and puts the others, in theirs, into `right`;
/// returns how many went to the front. Both have room for n; behind what was put there they hold anything.
template <class GoesLeft>
size_t part_where(size_t n, const RowArrays& from, const RowArrays& right, const GoesLeft& goes_left) {
  size_t n_left = 0, n_right = 0;
  for (size_t i = 0; i < n; ++i) {
    const uint32_t row = from.rows[i];
    const double y = from.targets[i], w = from.weights[i];
    const size_t left = goes_left(i, row) ? 1 : 0;
    from.rows[n_left] = right.rows[n_right] = row;
    from.targets[n_left] = right.targets[n_right] = y;
    from.weights[n_left] = right.weights[n_right] = w;
    n_left += left;
    n_right += 1 - left;
  }
  return n_left;
}

/// The range of x[0] ... x[n - 1]; n is a multiple of 8.
using FindRange = ValueRange (*)(const float* x, size_t n);
/// The sums of the rows with x <= bound; n is a multiple of 8.
using SumUpTo = SideSums (*)(const float* x, const double* weights, const double* targets, size_t n, float bound);

/// Sums all n rows, and counts those whose target is that of the first.
using SumAll = SideSums (*)(const double* weights, const double* targets, size_t n);
/// Parts the n rows of `from` by their values: those with x <= bound, or missing where `missing_left`, stay, at its front, the others go to
/// `right`, room for as many; both keep their order. Returns how many stay.
using PartRows = size_t (*)(const float* x, size_t n, float bound, bool missing_left, const RowArrays& from, const RowArrays& right);

/// The loops for the instruction set in use: ask once, call often.
FindRange find_range();
SumUpTo sum_up_to();
SumAll sum_all();
PartRows part_by_values();
/// The plain loops, which the others are held against.
ValueRange find_range_scalar(const float* x, size_t n);
SideSums sum_up_to_scalar(const float* x, const double* weights, const double* targets, size_t n, float bound);
SideSums sum_all_scalar(const double* weights, const double* targets, size_t n);
size_t part_by_values_scalar(const float* x, size_t n, float bound, bool missing_left, const RowArrays& from, const RowArrays& right);

}  // namespace kolosal
