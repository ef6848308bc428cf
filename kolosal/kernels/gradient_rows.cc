// Compiled once for every instruction set.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kolosal/kernels/gradient_rows.cc"
#include "kolosal/kernels/gradient_rows.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "kolosal/kernels/kernels.h"
#include "kolosal/kernels/lanes_of.h"

HWY_BEFORE_NAMESPACE();
namespace kolosal::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

void round_all(const double* gradients, const double* hessians, uint32_t first, double per_gradient, double per_hessian, uint64_t seed,
               GradientRow* rows, size_t n) {
  constexpr hn::CappedTag<double, 8> wide;
  constexpr hn::Rebind<float, decltype(wide)> real;
  constexpr hn::RebindToSigned<decltype(real)> whole;
  constexpr hn::RebindToUnsigned<decltype(real)> word;
  const size_t lanes = hn::Lanes(wide);
  const auto up = hn::Set(wide, per_gradient), hessian_up = hn::Set(wide, per_hessian);
  const auto unit = hn::Set(real, 0x1p-16F);
  const auto low = hn::Set(word, 0xffffU);
  const auto least = hn::Set(whole, -GradientRow::kMostGradient), most = hn::Set(whole, GradientRow::kMostGradient);
  const auto most_hessian = hn::Set(whole, GradientRow::kMostHessian);
  const auto start = hn::Set(word, static_cast<uint32_t>(seed)), mixed = hn::Set(word, static_cast<uint32_t>(seed >> 32));
  for (size_t i = 0; i + lanes <= n; i += lanes) {
    auto* const at = reinterpret_cast<uint32_t*>(rows + i);
    hn::VFromD<decltype(word)> row, unused;
    hn::LoadInterleaved2(word, at, row, unused);
    hn::VFromD<decltype(wide)> g, h;
    if (rows[i + lanes - 1].row - rows[i].row == lanes - 1) {
      g = hn::LoadU(wide, gradients + (rows[i].row - first));
      h = hn::LoadU(wide, hessians + (rows[i].row - first));
    } else {
      HWY_ALIGN double gathered_g[8], gathered_h[8];
      for (size_t k = 0; k < lanes; ++k) {
        gathered_g[k] = gradients[rows[i + k].row - first];
        gathered_h[k] = hessians[rows[i + k].row - first];
      }
      g = hn::Load(wide, gathered_g);
      h = hn::Load(wide, gathered_h);
    }
    auto x = hn::Xor(hn::Add(hn::Mul(row, hn::Set(word, 0x9e3779b1U)), start), mixed);
    x = hn::Mul(hn::Xor(x, hn::ShiftRight<16>(x)), hn::Set(word, 0x85ebca6bU));
    x = hn::Mul(hn::Xor(x, hn::ShiftRight<13>(x)), hn::Set(word, 0xc2b2ae35U));
    x = hn::Xor(x, hn::ShiftRight<16>(x));
    const auto chance = hn::Mul(hn::ConvertTo(real, hn::BitCast(whole, hn::And(x, low))), unit);
    const auto hessian_chance = hn::Mul(hn::ConvertTo(real, hn::BitCast(whole, hn::ShiftRight<16>(x))), unit);
    const auto g_steps = hn::ConvertTo(whole, hn::Floor(hn::Add(hn::DemoteTo(real, hn::Mul(g, up)), chance)));
    const auto h_steps = hn::ConvertTo(whole, hn::Floor(hn::Add(hn::DemoteTo(real, hn::Mul(h, hessian_up)), hessian_chance)));
    const auto g_held = hn::And(hn::BitCast(word, hn::Min(hn::Max(g_steps, least), most)), low);
    const auto h_held = hn::ShiftLeft<16>(hn::BitCast(word, hn::Min(h_steps, most_hessian)));
    hn::StoreInterleaved2(row, hn::Or(g_held, h_held), word, at);
  }
  const size_t done = n / lanes * lanes;
  kolosal::round_gradients_scalar(gradients, hessians, first, per_gradient, per_hessian, seed, {rows + done, n - done});
}

constexpr hn::CappedTag<int64_t, 8> kWhole;
using Wholes = hn::VFromD<decltype(kWhole)>;

// Packed sums as wide ones.
HWY_INLINE void widen(Wholes word, int count_bits, Wholes& g, Wholes& h_and_count) {
  const auto counts = hn::Set(kWhole, (int64_t{1} << PackedSum::kCountBits) - 1);
  const auto hessians = hn::Set(kWhole, (int64_t{1} << PackedSum::kHessianBits) - 1);
  g = hn::ShiftRight<PackedSum::kCountBits + PackedSum::kHessianBits>(word);
  const auto h = hn::And(hn::ShiftRight<PackedSum::kCountBits>(word), hessians);
  h_and_count = hn::Add(hn::ShiftLeftSame(h, count_bits), hn::And(word, counts));
}

void move_all(int64_t* packed, size_t n, int count_bits, bool add, int64_t* wide) {
  const size_t lanes = hn::Lanes(kWhole);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    Wholes g, h_and_count;
    widen(hn::LoadU(kWhole, packed + i), count_bits, g, h_and_count);
    if (add) {
      Wholes old_g, old_h;
      hn::LoadInterleaved2(kWhole, wide + 2 * i, old_g, old_h);
      g = hn::Add(g, old_g);
      h_and_count = hn::Add(h_and_count, old_h);
    }
    hn::StoreInterleaved2(g, h_and_count, kWhole, wide + 2 * i);
    hn::StoreU(hn::Zero(kWhole), kWhole, packed + i);
  }
  kolosal::move_sums_scalar(packed + i, n - i, count_bits, add, reinterpret_cast<GradientSum*>(wide) + i);
}

void subtract_all(const int64_t* packed, size_t n, int count_bits, int64_t* wide) {
  const size_t lanes = hn::Lanes(kWhole);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    Wholes g, h_and_count, old_g, old_h;
    widen(hn::LoadU(kWhole, packed + i), count_bits, g, h_and_count);
    hn::LoadInterleaved2(kWhole, wide + 2 * i, old_g, old_h);
    hn::StoreInterleaved2(hn::Sub(old_g, g), hn::Sub(old_h, h_and_count), kWhole, wide + 2 * i);
  }
  kolosal::subtract_packed_scalar(packed + i, n - i, count_bits, reinterpret_cast<GradientSum*>(wide) + i);
}

void pack_all(const int64_t* wide, const int64_t* less, size_t n, int count_bits, int64_t* packed) {
  const size_t lanes = hn::Lanes(kWhole);
  const auto counts = hn::Set(kWhole, (int64_t{1} << count_bits) - 1);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    Wholes g, h_and_count;
    hn::LoadInterleaved2(kWhole, wide + 2 * i, g, h_and_count);
    const auto h = hn::ShiftLeft<PackedSum::kCountBits>(hn::ShiftRightSame(h_and_count, count_bits));
    const auto word = hn::Add(hn::ShiftLeft<PackedSum::kCountBits + PackedSum::kHessianBits>(g), hn::Add(h, hn::And(h_and_count, counts)));
    hn::StoreU(hn::Sub(word, hn::LoadU(kWhole, less + i)), kWhole, packed + i);
  }
  kolosal::pack_difference_scalar(reinterpret_cast<const GradientSum*>(wide) + i, less + i, n - i, count_bits, packed + i);
}

GradientSum sum_all(const GradientRow* rows, size_t n, int count_bits) {
  const size_t lanes = hn::Lanes(kWhole);
  constexpr hn::RebindToUnsigned<decltype(kWhole)> unsigned_word;
  auto g = hn::Zero(kWhole), h = g;
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto word = hn::LoadU(unsigned_word, reinterpret_cast<const uint64_t*>(rows + i));  // gradient and hessian are the high half
    g = hn::Add(g, hn::ShiftRight<48>(hn::BitCast(kWhole, hn::ShiftLeft<16>(word))));
    h = hn::Add(h, hn::BitCast(kWhole, hn::ShiftRight<48>(word)));
  }
  const GradientSum rest = kolosal::sum_of_rows_scalar({rows + i, n - i}, count_bits);
  HWY_ALIGN int64_t g_parts[8], h_parts[8];
  hn::Store(g, kWhole, g_parts);
  hn::Store(h, kWhole, h_parts);
  int64_t g_sum = 0, h_sum = 0;
  for (size_t k = 0; k < lanes; ++k) {
    g_sum += g_parts[k];
    h_sum += h_parts[k];
  }
  return rest + GradientSum{g_sum, (h_sum << count_bits) + static_cast<int64_t>(i)};
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
HWY_EXPORT(subtract_all);
HWY_EXPORT(pack_all);
HWY_EXPORT(sum_all);
HWY_EXPORT(part_all);

// The greatest whole number up to x.
static int32_t floor_of(float x) noexcept {
  const auto cut = static_cast<int32_t>(x);
  return cut - static_cast<int32_t>(x < static_cast<float>(cut));
}

void round_gradients_scalar(const double* gradients, const double* hessians, uint32_t first, double per_gradient, double per_hessian,
                            uint64_t seed, std::span<GradientRow> rows) noexcept {
  for (GradientRow& row : rows) {
    uint32_t x = (row.row * 0x9e3779b1U + static_cast<uint32_t>(seed)) ^ static_cast<uint32_t>(seed >> 32);
    x = (x ^ (x >> 16)) * 0x85ebca6bU;
    x = (x ^ (x >> 13)) * 0xc2b2ae35U;
    x ^= x >> 16;
    const auto g = static_cast<float>(gradients[row.row - first] * per_gradient);
    const auto h = static_cast<float>(hessians[row.row - first] * per_hessian);
    const int32_t steps = floor_of(g + static_cast<float>(x & 0xffff) * 0x1p-16F);
    const int32_t hessian_steps = floor_of(h + static_cast<float>(x >> 16) * 0x1p-16F);
    row.gradient = static_cast<int16_t>(std::clamp(steps, -GradientRow::kMostGradient, GradientRow::kMostGradient));
    row.hessian = static_cast<uint16_t>(std::min(hessian_steps, GradientRow::kMostHessian));
  }
}

void round_gradients(const double* gradients, const double* hessians, uint32_t first, double per_gradient, double per_hessian,
                     uint64_t seed, std::span<GradientRow> rows) noexcept {
  if (uses_scalar_loops() || std::endian::native == std::endian::big)
    round_gradients_scalar(gradients, hessians, first, per_gradient, per_hessian, seed, rows);
  else HWY_DYNAMIC_DISPATCH(round_all)(gradients, hessians, first, per_gradient, per_hessian, seed, rows.data(), rows.size());
}

void move_sums_scalar(int64_t* packed, size_t n, int count_bits, bool add, GradientSum* wide) noexcept {
  for (size_t i = 0; i < n; ++i) {
    const GradientSum sum = PackedSum::widened(std::exchange(packed[i], 0), count_bits);
    wide[i] = add ? wide[i] + sum : sum;
  }
}

void move_sums(int64_t* packed, size_t n, int count_bits, bool add, GradientSum* wide) noexcept {
  if (uses_scalar_loops()) move_sums_scalar(packed, n, count_bits, add, wide);
  else HWY_DYNAMIC_DISPATCH(move_all)(packed, n, count_bits, add, reinterpret_cast<int64_t*>(wide));
}

void subtract_packed_scalar(const int64_t* packed, size_t n, int count_bits, GradientSum* wide) noexcept {
  for (size_t i = 0; i < n; ++i) wide[i] -= PackedSum::widened(packed[i], count_bits);
}

void subtract_packed(const int64_t* packed, size_t n, int count_bits, GradientSum* wide) noexcept {
  if (uses_scalar_loops()) subtract_packed_scalar(packed, n, count_bits, wide);
  else HWY_DYNAMIC_DISPATCH(subtract_all)(packed, n, count_bits, reinterpret_cast<int64_t*>(wide));
}

void pack_difference_scalar(const GradientSum* wide, const int64_t* less, size_t n, int count_bits, int64_t* packed) noexcept {
  for (size_t i = 0; i < n; ++i) {
    GradientSum sum;
    std::memcpy(&sum, wide + i, sizeof sum);  // which may be where the word goes
    packed[i] = static_cast<int64_t>(PackedSum::packed(sum, count_bits) - static_cast<uint64_t>(less[i]));
  }
}

void pack_difference(const GradientSum* wide, const int64_t* less, size_t n, int count_bits, int64_t* packed) noexcept {
  if (uses_scalar_loops()) pack_difference_scalar(wide, less, n, count_bits, packed);
  else HWY_DYNAMIC_DISPATCH(pack_all)(reinterpret_cast<const int64_t*>(wide), less, n, count_bits, packed);
}

GradientSum sum_of_rows_scalar(std::span<const GradientRow> rows, int count_bits) noexcept {
  GradientSum sum{};
  for (const GradientRow& row : rows) sum += GradientSum{row.gradient, (int64_t{row.hessian} << count_bits) + 1};
  return sum;
}

GradientSum sum_of_rows(std::span<const GradientRow> rows, int count_bits) noexcept {
  if (uses_scalar_loops() || std::endian::native == std::endian::big) return sum_of_rows_scalar(rows, count_bits);
  return HWY_DYNAMIC_DISPATCH(sum_all)(rows.data(), rows.size(), count_bits);
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
