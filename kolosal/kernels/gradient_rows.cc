// Compiled once for every instruction set.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kolosal/kernels/gradient_rows.cc"
#include "kolosal/kernels/gradient_rows.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "kolosal/kernels/kernels.h"

#ifndef KOLOSAL_LANES_OF
#define KOLOSAL_LANES_OF
namespace kolosal {

// The lanes that each set of eight lanes has, in order, a byte each. (Highway 1.0 copies its tables to the stack at each use.)
constexpr std::array<uint64_t, 256> kLanesOf = [] {
  std::array<uint64_t, 256> lanes{};
  for (size_t set = 0; set < 256; ++set)
    for (size_t lane = 0, n = 0; lane < 8; ++lane)
      if (((set >> lane) & 1) != 0) lanes[set] |= uint64_t{lane} << (8 * n++);
  return lanes;
}();

}  // namespace kolosal
#endif

HWY_BEFORE_NAMESPACE();
namespace kolosal::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

void round_all(const Gradient* exact, uint32_t first, float per_gradient, float per_hessian, uint64_t seed, GradientRow* rows, size_t n) {
  constexpr hn::CappedTag<uint32_t, 16> word;
  constexpr hn::RebindToFloat<decltype(word)> real;
  constexpr hn::RebindToSigned<decltype(word)> whole;
  const size_t lanes = hn::Lanes(word);
  const auto up = hn::Set(real, per_gradient), hessian_up = hn::Set(real, per_hessian), unit = hn::Set(real, 0x1p-16F);
  const auto low = hn::Set(word, 0xffffU);
  const auto least = hn::Set(whole, -GradientRow::kMostGradient), most = hn::Set(whole, GradientRow::kMostGradient);
  const auto most_hessian = hn::Set(whole, GradientRow::kMostHessian);
  const auto start = hn::Set(word, static_cast<uint32_t>(seed)), mixed = hn::Set(word, static_cast<uint32_t>(seed >> 32));
  for (size_t i = 0; i + lanes <= n; i += lanes) {
    auto* const at = reinterpret_cast<uint32_t*>(rows + i);
    hn::VFromD<decltype(word)> row, unused;
    hn::LoadInterleaved2(word, at, row, unused);
    hn::VFromD<decltype(real)> g, h;
    if (rows[i + lanes - 1].row - rows[i].row == lanes - 1) {
      hn::LoadInterleaved2(real, reinterpret_cast<const float*>(exact + (rows[i].row - first)), g, h);
    } else {
      HWY_ALIGN float gathered[32];
      for (size_t k = 0; k < lanes; ++k) {
        const Gradient of_row = exact[rows[i + k].row - first];
        gathered[2 * k] = of_row.gradient;
        gathered[2 * k + 1] = of_row.hessian;
      }
      hn::LoadInterleaved2(real, gathered, g, h);
    }
    auto x = hn::Xor(hn::Add(hn::Mul(row, hn::Set(word, 0x9e3779b1U)), start), mixed);
    x = hn::Mul(hn::Xor(x, hn::ShiftRight<16>(x)), hn::Set(word, 0x85ebca6bU));
    x = hn::Mul(hn::Xor(x, hn::ShiftRight<13>(x)), hn::Set(word, 0xc2b2ae35U));
    x = hn::Xor(x, hn::ShiftRight<16>(x));
    const auto chance = hn::Mul(hn::ConvertTo(real, hn::BitCast(whole, hn::And(x, low))), unit);
    const auto hessian_chance = hn::Mul(hn::ConvertTo(real, hn::BitCast(whole, hn::ShiftRight<16>(x))), unit);
    const auto g_steps = hn::ConvertTo(whole, hn::Floor(hn::Add(hn::Mul(g, up), chance)));
    const auto h_steps = hn::ConvertTo(whole, hn::Floor(hn::Add(hn::Mul(h, hessian_up), hessian_chance)));
    const auto g_held = hn::And(hn::BitCast(word, hn::Min(hn::Max(g_steps, least), most)), low);
    const auto h_held = hn::ShiftLeft<16>(hn::BitCast(word, hn::Min(h_steps, most_hessian)));
    hn::StoreInterleaved2(row, hn::Or(g_held, h_held), word, at);
  }
  const size_t done = n / lanes * lanes;
  kolosal::round_gradients_scalar(exact, first, per_gradient, per_hessian, seed, {rows + done, n - done});
}

void move_all(int64_t* packed, size_t n, int count_bits, bool add, int64_t* wide) {
  constexpr hn::CappedTag<int64_t, 8> whole;
  const size_t lanes = hn::Lanes(whole);
  const auto counts = hn::Set(whole, (int64_t{1} << PackedSum::kCountBits) - 1);
  const auto hessians = hn::Set(whole, (int64_t{1} << PackedSum::kHessianBits) - 1);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto word = hn::LoadU(whole, packed + i);
    auto g = hn::ShiftRight<PackedSum::kCountBits + PackedSum::kHessianBits>(word);
    const auto h = hn::And(hn::ShiftRight<PackedSum::kCountBits>(word), hessians);
    auto h_and_count = hn::Add(hn::ShiftLeftSame(h, count_bits), hn::And(word, counts));
    if (add) {
      hn::VFromD<decltype(whole)> old_g, old_h;
      hn::LoadInterleaved2(whole, wide + 2 * i, old_g, old_h);
      g = hn::Add(g, old_g);
      h_and_count = hn::Add(h_and_count, old_h);
    }
    hn::StoreInterleaved2(g, h_and_count, whole, wide + 2 * i);
    hn::StoreU(hn::Zero(whole), whole, packed + i);
  }
  kolosal::move_sums_scalar(packed + i, n - i, count_bits, add, reinterpret_cast<GradientSum*>(wide) + i);
}

size_t part_all(GradientRow* rows, size_t n, const uint8_t* bins, size_t stride, const uint64_t* left, GradientRow* right) {
  size_t i = 0, n_left = 0;
#if HWY_MAX_BYTES >= 32  // two lanes are no faster than one
  constexpr hn::CappedTag<uint64_t, 8> wide;
  constexpr hn::RebindToSigned<decltype(wide)> whole;
  constexpr hn::Repartition<uint32_t, decltype(wide)> narrow;
  const size_t lanes = hn::Lanes(wide);
  const auto all = (1U << lanes) - 1;
  HWY_ALIGN uint64_t set[8];
  for (size_t k = 0; k < 8; ++k) set[k] = left[k % 4];
  const auto words = hn::Load(wide, set);
  const auto apart = hn::Set(narrow, static_cast<uint32_t>(stride));
  const auto byte = hn::Set(wide, 0xff), shifts = hn::ShiftLeft<3>(hn::Iota(wide, 0)), low = hn::Set(wide, 63), one = hn::Set(wide, 1);
  for (; i + lanes <= n; i += lanes) {
    const auto row = hn::LoadU(wide, reinterpret_cast<const uint64_t*>(rows + i));  // its number is the low half
    const auto place = hn::BitCast(whole, hn::MulEven(hn::BitCast(narrow, row), apart));
    const auto bin = hn::And(hn::GatherOffset(wide, reinterpret_cast<const uint64_t*>(bins), place), byte);
    const auto word = hn::TableLookupLanes(words, hn::IndicesFromVec(wide, hn::ShiftRight<6>(bin)));
    const auto stays = hn::TestBit(hn::Shr(word, hn::And(bin, low)), one);
    uint8_t bits = 0;
    hn::StoreMaskBits(wide, stays, &bits);
    const auto front_of = [&](unsigned set) {
      return hn::TableLookupLanes(row, hn::IndicesFromVec(wide, hn::And(hn::Shr(hn::Set(wide, kLanesOf[set]), shifts), byte)));
    };
    hn::StoreU(front_of(bits), wide, reinterpret_cast<uint64_t*>(rows + n_left));
    hn::StoreU(front_of(~bits & all), wide, reinterpret_cast<uint64_t*>(right + (i - n_left)));
    n_left += static_cast<size_t>(std::popcount(bits));
  }
#endif
  const size_t rest =
      kolosal::part_rows_scalar({rows + i, n - i}, bins, stride, {left[0], left[1], left[2], left[3]}, right + (i - n_left));
  std::copy_n(rows + i, rest, rows + n_left);
  n_left += rest;
  return n_left;
}

}  // namespace kolosal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace kolosal {

HWY_EXPORT(round_all);
HWY_EXPORT(move_all);
HWY_EXPORT(part_all);

// The greatest whole number up to x.
static int32_t floor_of(float x) noexcept {
  const auto cut = static_cast<int32_t>(x);
  return cut - static_cast<int32_t>(x < static_cast<float>(cut));
}

void round_gradients_scalar(const Gradient* exact, uint32_t first, float per_gradient, float per_hessian, uint64_t seed,
                            std::span<GradientRow> rows) noexcept {
  for (GradientRow& row : rows) {
    uint32_t x = (row.row * 0x9e3779b1U + static_cast<uint32_t>(seed)) ^ static_cast<uint32_t>(seed >> 32);
    x = (x ^ (x >> 16)) * 0x85ebca6bU;
    x = (x ^ (x >> 13)) * 0xc2b2ae35U;
    x ^= x >> 16;
    const auto [g, h] = exact[row.row - first];
    const int32_t steps = floor_of(g * per_gradient + static_cast<float>(x & 0xffff) * 0x1p-16F);
    const int32_t hessian_steps = floor_of(h * per_hessian + static_cast<float>(x >> 16) * 0x1p-16F);
    row.gradient = static_cast<int16_t>(std::clamp(steps, -GradientRow::kMostGradient, GradientRow::kMostGradient));
    row.hessian = static_cast<uint16_t>(std::min(hessian_steps, GradientRow::kMostHessian));
  }
}

void round_gradients(const Gradient* exact, uint32_t first, float per_gradient, float per_hessian, uint64_t seed,
                     std::span<GradientRow> rows) noexcept {
  if (uses_scalar_loops() || std::endian::native == std::endian::big)
    round_gradients_scalar(exact, first, per_gradient, per_hessian, seed, rows);
  else HWY_DYNAMIC_DISPATCH(round_all)(exact, first, per_gradient, per_hessian, seed, rows.data(), rows.size());
}

void move_sums_scalar(int64_t* packed, size_t n, int count_bits, bool add, GradientSum* wide) noexcept {
  for (size_t i = 0; i < n; ++i) {
    const int64_t word = std::exchange(packed[i], 0);
    const int64_t count = word & ((int64_t{1} << PackedSum::kCountBits) - 1);
    const int64_t hessian = (word >> PackedSum::kCountBits) & ((int64_t{1} << PackedSum::kHessianBits) - 1);
    const GradientSum sum{word >> (PackedSum::kCountBits + PackedSum::kHessianBits), (hessian << count_bits) + count};
    wide[i] = add ? wide[i] + sum : sum;
  }
}

void move_sums(int64_t* packed, size_t n, int count_bits, bool add, GradientSum* wide) noexcept {
  if (uses_scalar_loops()) move_sums_scalar(packed, n, count_bits, add, wide);
  else HWY_DYNAMIC_DISPATCH(move_all)(packed, n, count_bits, add, reinterpret_cast<int64_t*>(wide));
}

size_t part_rows_scalar(std::span<GradientRow> rows, const uint8_t* bins, size_t stride, const BinSet& left, GradientRow* right) noexcept {
  GradientRow* left_to = rows.data();
  for (const GradientRow row : rows) {
    const uint8_t bin = bins[row.row * stride];
    const size_t stays = (left[bin / 64] >> (bin % 64)) & 1;
    *left_to = *right = row;
    left_to += stays;
    right += 1 - stays;
  }
  return static_cast<size_t>(left_to - rows.data());
}

size_t part_rows(std::span<GradientRow> rows, const uint8_t* bins, size_t stride, const BinSet& left, GradientRow* right) noexcept {
  if (uses_scalar_loops() || std::endian::native == std::endian::big) return part_rows_scalar(rows, bins, stride, left, right);
  return HWY_DYNAMIC_DISPATCH(part_all)(rows.data(), rows.size(), bins, stride, left.data(), right);
}

}  // namespace kolosal

#endif  // HWY_ONCE
