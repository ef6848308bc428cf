// Compiled once for every instruction set.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kolosal/kernels/rounded_panels.cc"
#include "kolosal/kernels/rounded_panels.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// After highway.h, and once for every instruction set.
#include <algorithm>
#include <bit>
#include <cmath>

#include "kolosal/kernels/kernels.h"
#include "kolosal/kernels/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace kolosal::HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

void pairs_of_rows(const Panels& from, uint32_t* out, size_t out_step) { scalar::round_row_pairs(from, out, out_step); }
void pairs_of_columns(const Panels& from, uint32_t* out, size_t out_step) { scalar::round_column_pairs(from, out, out_step); }

#else

namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::CappedTag<float, kWidthStep> kFloats;
constexpr hn::RebindToUnsigned<decltype(kFloats)> kWords;
using Words = hn::Vec<decltype(kWords)>;
constexpr size_t kLanes = hn::MaxLanes(kFloats);
constexpr uint32_t kUpperHalf = 0xffff0000U;

// The rounded numbers in upper halves; lower halves are of no meaning.
HWY_INLINE Words rounded(const float* from) {
  const auto number = hn::LoadU(kFloats, from);
  const Words bits = hn::BitCast(kWords, number);
  const Words is_odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(kWords, 1));
  const Words nearest = hn::Add(bits, hn::Add(is_odd, hn::Set(kWords, 0x7fff)));
  const auto is_no_number = hn::RebindMask(kWords, hn::IsNaN(number));
  return hn::IfThenElse(is_no_number, hn::Or(bits, hn::Set(kWords, 0x00400000)), nearest);
}

HWY_INLINE Words paired(Words first, Words second) {
  return hn::Or(hn::ShiftRight<16>(first), hn::And(second, hn::Set(kWords, kUpperHalf)));
}

void pairs_of_rows(const Panels& from, uint32_t* out, size_t out_step) {
  const size_t n_pairs = from.n_rows / 2, n_words = padded_width((from.n_rows + 1) / 2);
  const float* panel = from.first;
  for (size_t j = 0; j < from.n_columns; j += kWidthStep, panel += from.panel_step, out += out_step) {
    for (size_t at = 0; at < n_pairs * kWidthStep; at += kWidthStep)
      for (size_t lane = 0; lane < kWidthStep; lane += kLanes) {
        const float* first = panel + 2 * at + lane;
        hn::StoreU(paired(rounded(first), rounded(first + kWidthStep)), kWords, out + at + lane);
      }
    size_t done = n_pairs * kWidthStep;
    if (from.n_rows % 2 != 0) {
      for (size_t lane = 0; lane < kWidthStep; lane += kLanes)
        hn::StoreU(hn::ShiftRight<16>(rounded(panel + 2 * done + lane)), kWords, out + done + lane);
      done += kWidthStep;
    }
    std::fill(out + done, out + n_words * kWidthStep, 0U);
  }
}

void pairs_of_columns(const Panels& from, uint32_t* out, size_t out_step) {
  const size_t width = padded_width(from.n_columns);
  for (size_t j = 0; j < width; j += 2 * kWidthStep, out += out_step)
    for (size_t i = 0; i < from.n_rows; ++i)
      for (size_t k = 0; k < kWidthStep; k += kLanes) {
        const size_t column = j + 2 * k;
        const auto at = [&](size_t c) HWY_ATTR {
          return c < width ? rounded(from.first + place_in_panels(from.panel_step, i, c)) : hn::Zero(kWords);
        };
        const Words left = at(column), right = at(column + kLanes);
        hn::StoreU(paired(hn::ConcatEven(kWords, right, left), hn::ConcatOdd(kWords, right, left)), kWords, out + i * kWidthStep + k);
      }
}

#endif

void words_across(const WordPanels& from, uint32_t* out, size_t out_step) {
  const uint32_t* panel = from.first;
  for (size_t j = 0; j < from.n_columns; j += kWidthStep, panel += from.panel_step)
    for (size_t i = 0; i < from.n_rows; i += kWidthStep)
      transpose_numbers(panel + i * kWidthStep, std::min(kWidthStep, from.n_rows - i), kWidthStep, kWidthStep,
                        out + place_in_panels(out_step, j, i), kWidthStep);
}

}  // namespace kolosal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace kolosal {

HWY_EXPORT(pairs_of_rows);
HWY_EXPORT(pairs_of_columns);
HWY_EXPORT(words_across);

uint16_t to_bfloat16(float number) noexcept {
  const auto bits = std::bit_cast<uint32_t>(number);
  if (std::isnan(number)) return static_cast<uint16_t>(bits >> 16 | 0x40U);
  return static_cast<uint16_t>((bits + 0x7fffU + (bits >> 16 & 1U)) >> 16);
}

float from_bfloat16(uint16_t bits) noexcept { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

namespace {

uint32_t word_of(float first, float second) { return to_bfloat16(first) | static_cast<uint32_t>(to_bfloat16(second)) << 16; }

}  // namespace

void scalar::round_row_pairs(const Panels& from, uint32_t* out, size_t out_step) noexcept {
  const auto number = [&](size_t i, size_t j) { return i < from.n_rows ? from.first[place_in_panels(from.panel_step, i, j)] : 0.0F; };
  for (size_t j = 0; j < padded_width(from.n_columns); ++j)
    for (size_t i = 0; i < padded_width((from.n_rows + 1) / 2); ++i)
      out[place_in_panels(out_step, i, j)] = word_of(number(2 * i, j), number(2 * i + 1, j));
}

void scalar::round_column_pairs(const Panels& from, uint32_t* out, size_t out_step) noexcept {
  const size_t width = padded_width(from.n_columns);
  const auto number = [&](size_t i, size_t j) { return j < width ? from.first[place_in_panels(from.panel_step, i, j)] : 0.0F; };
  for (size_t j = 0; j < padded_width(width / 2); ++j)
    for (size_t i = 0; i < from.n_rows; ++i) out[place_in_panels(out_step, i, j)] = word_of(number(i, 2 * j), number(i, 2 * j + 1));
}

void scalar::transpose_words(const WordPanels& from, uint32_t* out, size_t out_step) noexcept {
  for (size_t j = 0; j < padded_width(from.n_columns); ++j)
    for (size_t i = 0; i < from.n_rows; ++i) out[place_in_panels(out_step, j, i)] = from.first[place_in_panels(from.panel_step, i, j)];
}

void round_row_pairs(const Panels& from, uint32_t* out, size_t out_step) noexcept {
  if (uses_scalar_loops()) scalar::round_row_pairs(from, out, out_step);
  else HWY_DYNAMIC_DISPATCH(pairs_of_rows)(from, out, out_step);
}

void round_column_pairs(const Panels& from, uint32_t* out, size_t out_step) noexcept {
  if (uses_scalar_loops()) scalar::round_column_pairs(from, out, out_step);
  else HWY_DYNAMIC_DISPATCH(pairs_of_columns)(from, out, out_step);
}

void transpose_words(const WordPanels& from, uint32_t* out, size_t out_step) noexcept {
  if (uses_scalar_loops()) scalar::transpose_words(from, out, out_step);
  else HWY_DYNAMIC_DISPATCH(words_across)(from, out, out_step);
}

}  // namespace kolosal

#endif  // HWY_ONCE
