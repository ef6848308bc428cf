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

/// Gradient and hessian of a row.
struct Gradient {
  float gradient = 0, hessian = 0;
};

/// A row to grow on, with its gradient (-2047 .. 2047) and hessian (0 .. 1023) in whole steps.
struct GradientRow {
  static constexpr int kMostGradient = 2047, kMostHessian = 1023;

  uint32_t row;
  int16_t gradient;
  uint16_t hessian;
};
static_assert(sizeof(GradientRow) == 8);

/// Sets the steps of `rows` from `exact`, which holds those of the rows from number `first` on: its numbers times `per_gradient` and
/// `per_hessian` (hessians are >= 0), up or down to a whole number by chance, so that the mean is right.
void round_gradients(const Gradient* exact, uint32_t first, float per_gradient, float per_hessian, uint64_t seed,
                     std::span<GradientRow> rows) noexcept;
/// The plain loop.
void round_gradients_scalar(const Gradient* exact, uint32_t first, float per_gradient, float per_hessian, uint64_t seed,
                            std::span<GradientRow> rows) noexcept;

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
};

/// Moves n packed sums to wide ones, whose hessians are shifted by `count_bits`: added to them, or put in their place. Leaves zeros behind.
void move_sums(int64_t* packed, size_t n, int count_bits, bool add, GradientSum* wide) noexcept;
/// The plain loop.
void move_sums_scalar(int64_t* packed, size_t n, int count_bits, bool add, GradientSum* wide) noexcept;

/// A set of bins: bit b % 64 of word b / 64 is that of bin b.
using BinSet = std::array<uint64_t, 4>;

/// Parts `rows` by the bin of each, `bins[row.row * stride]`: those of a bin in `left` stay, at the front of `rows`, the others go to
/// `right`, room for as many; both keep their order. Returns how many stay. Eight bytes from each bin on are read.
size_t part_rows(std::span<GradientRow> rows, const uint8_t* bins, size_t stride, const BinSet& left, GradientRow* right) noexcept;
/// The plain loop, which reads the bins alone.
size_t part_rows_scalar(std::span<GradientRow> rows, const uint8_t* bins, size_t stride, const BinSet& left, GradientRow* right) noexcept;

}  // namespace kolosal
