// Gradient rows: the loops over rows and bins that growing a tree from histograms consists of, besides filling the histograms.
//
// Rounding draws its chance from a hash of the row (the finaliser of MurmurHash3), so a row is rounded alike wherever it stands in the
// list and with every instruction set.
//
// Checked  gradient_rows_test.cc, each instruction set against the plain loops.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kolosal {

/// A row to grow on, with its gradient (-2047 .. 2047) and hessian (0 .. 1023) in whole steps.
struct GradientRow {
  static constexpr int kMostGradient = 2047, kMostHessian = 1023;

  uint32_t row;
  int16_t gradient;
  uint16_t hessian;
};
static_assert(sizeof(GradientRow) == 8);

/// Sets the steps of `rows` from `gradients` and `hessians` (>= 0), which hold those of the rows from number `first` on: times
/// `per_gradient` and `per_hessian`, in float32 then, up or down to a whole number by chance, so that the mean is right.
void round_gradients(const double* gradients, const double* hessians, uint32_t first, double per_gradient, double per_hessian,
                     uint64_t seed, std::span<GradientRow> rows) noexcept;
/// The plain loop.
void round_gradients_scalar(const double* gradients, const double* hessians, uint32_t first, double per_gradient, double per_hessian,
                            uint64_t seed, std::span<GradientRow> rows) noexcept;

/// A sum of gradients, and in one word that of the hessians shifted by some bits plus the count of rows.
using GradientSum = long long __attribute__((vector_size(16)));

/// A sum over up to kMost rows in one word: their count in the lowest bits, then the hessians, then the gradients.
struct PackedSum {
  static constexpr int kCountBits = 14, kHessianBits = 24;
  static constexpr size_t kMost = (size_t{1} << kCountBits) - 1;
  static_assert(kMost * GradientRow::kMostHessian < size_t{1} << kHessianBits);
  static_assert(kMost * (GradientRow::kMostGradient + 1) < size_t{1} << (63 - kCountBits - kHessianBits));

  /// The sum that is one row.
  static int64_t of(const GradientRow& row) noexcept {
    return int64_t{row.gradient} * (int64_t{1} << (kCountBits + kHessianBits)) + (int64_t{row.hessian} << kCountBits) + 1;
  }
  /// The wide sum of a word, its hessian shifted by `count_bits`.
  static GradientSum widened(int64_t word, int count_bits) noexcept {
    const int64_t count = word & ((int64_t{1} << kCountBits) - 1);
    const int64_t hessian = (word >> kCountBits) & ((int64_t{1} << kHessianBits) - 1);
    return GradientSum{word >> (kCountBits + kHessianBits), (hessian << count_bits) + count};
  }
  /// The word of a wide sum. Of more than kMost rows parts of it run into each other, but differences of words are those of their sums.
  static uint64_t packed(GradientSum sum, int count_bits) noexcept {
    const auto count = static_cast<uint64_t>(sum[1] & ((int64_t{1} << count_bits) - 1));
    return (static_cast<uint64_t>(sum[0]) << (kCountBits + kHessianBits)) + (static_cast<uint64_t>(sum[1] >> count_bits) << kCountBits) +
           count;
  }
};

/// Moves n packed sums to wide ones, whose hessians are shifted by `count_bits`: added to them, or put in their place. Leaves zeros behind.
void move_sums(int64_t* packed, size_t n, int count_bits, bool add, GradientSum* wide) noexcept;
/// The plain loop.
void move_sums_scalar(int64_t* packed, size_t n, int count_bits, bool add, GradientSum* wide) noexcept;

/// Subtracts n packed sums from wide ones.
void subtract_packed(const int64_t* packed, size_t n, int count_bits, GradientSum* wide) noexcept;
/// packed[i] = the word of wide[i] less `less[i]`, which is one of up to PackedSum::kMost rows. `packed` may begin where `wide` does.
void pack_difference(const GradientSum* wide, const int64_t* less, size_t n, int count_bits, int64_t* packed) noexcept;
/// The sum of rows, their hessians shifted by `count_bits`.
GradientSum sum_of_rows(std::span<const GradientRow> rows, int count_bits) noexcept;
/// The plain loops.
void subtract_packed_scalar(const int64_t* packed, size_t n, int count_bits, GradientSum* wide) noexcept;
void pack_difference_scalar(const GradientSum* wide, const int64_t* less, size_t n, int count_bits, int64_t* packed) noexcept;
GradientSum sum_of_rows_scalar(std::span<const GradientRow> rows, int count_bits) noexcept;

/// A set of bins: bit b % 64 of word b / 64 is that of bin b.
using BinSet = std::array<uint64_t, 4>;

/// Parts `rows` by the bin of each, `bins[row.row * stride]`: those of a bin in `left` stay, at the front of `rows`, the others go to
/// `right`, room for as many; both keep their order. Returns how many stay. Eight bytes from each bin on are read.
size_t part_rows(std::span<GradientRow> rows, const uint8_t* bins, size_t stride, const BinSet& left, GradientRow* right) noexcept;
/// The plain loop, which reads the bins alone.
size_t part_rows_scalar(std::span<GradientRow> rows, const uint8_t* bins, size_t stride, const BinSet& left, GradientRow* right) noexcept;

}  // namespace kolosal
