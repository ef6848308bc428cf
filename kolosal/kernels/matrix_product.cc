// Compiled once for every instruction set.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kolosal/kernels/matrix_product.cc"
#include "kolosal/kernels/matrix_product.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>
#include <utility>

#include "kolosal/kernels/bfloat16_unit.h"
#include "kolosal/kernels/kernels.h"
#include "kolosal/kernels/rounded_panels.h"

HWY_BEFORE_NAMESPACE();
namespace kolosal::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::CappedTag<float, kWidthStep> kLanes;
constexpr hn::RebindToUnsigned<decltype(kLanes)> kWords;
using Lanes = hn::Vec<decltype(kLanes)>;
using WordLanes = hn::Vec<decltype(kWords)>;

// What is multiplied: matrices of float32 numbers, the left one as it is or its transpose, or of words of bfloat16 numbers.
enum class Kind { Plain, Transposed, Words };
template <Kind kKind>
using Number = std::conditional_t<kKind == Kind::Words, uint32_t, float>;
template <Kind kKind>
using Matrix = std::conditional_t<kKind == Kind::Words, WordPanels, Panels>;

// Vectors of a panel, and the rows and panels of a tile: as many as leave their sums in registers.
constexpr size_t kVectors = kWidthStep / hn::MaxLanes(kLanes);
constexpr bool kManyRegisters = HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON;
constexpr size_t kTilePanels = kManyRegisters && kVectors == 1 ? 2 : 1;
template <Kind kKind>
constexpr size_t tile_rows() {
  if (kVectors == 1) return 8;
  if (kKind == Kind::Words) return kManyRegisters ? 4 : 8 / kVectors;
  return kVectors == 2 || kManyRegisters ? 6 : 3;
}

// Calls body(0) ... body(N - 1), each with its number as a constant: arrays that they index stay in registers.
template <size_t N, class Body>
HWY_INLINE void unrolled(const Body& body) {
  [&]<size_t... I>(std::index_sequence<I...>) HWY_ATTR { (body(std::integral_constant<size_t, I>()), ...); }
  (std::make_index_sequence<N>());
}

// The matrices of a product from the first number of a tile on.
template <Kind kKind>
struct Corner {
  const Number<kKind>* left;
  size_t left_step;
  const Number<kKind>* right;
  size_t right_step;
  float* out;
  size_t out_step;
  size_t depth;
};

HWY_INLINE Lanes lower_numbers(WordLanes words) { return hn::BitCast(kLanes, hn::ShiftLeft<16>(words)); }
HWY_INLINE Lanes upper_numbers(WordLanes words) { return hn::BitCast(kLanes, hn::And(words, hn::Set(kWords, 0xffff0000U))); }

// Adds the products of a column of kRows numbers, or words, that are `step` apart, and a row of kVectors vectors.
template <Kind kKind, size_t kRows, size_t kPanels>
HWY_INLINE void add_products(const Number<kKind>* left, size_t step, const Number<kKind>* right, size_t right_step,
                             Lanes (&sums)[kRows][kPanels * kVectors]) {
  constexpr size_t kLane = hn::MaxLanes(kLanes), kN = kPanels * kVectors;
  const auto at = [&](size_t v) HWY_ATTR { return right + v / kVectors * right_step + v % kVectors * kLane; };
  if constexpr (kKind == Kind::Words) {
    Lanes lower[kN], upper[kN];
    unrolled<kN>([&](auto v) HWY_ATTR {
      const WordLanes words = hn::LoadU(kWords, at(v));
      lower[v] = lower_numbers(words);
      upper[v] = upper_numbers(words);
    });
    unrolled<kRows>([&](auto i) HWY_ATTR {
      const WordLanes factors = hn::Set(kWords, left[i * step]);
      const Lanes first = lower_numbers(factors), second = upper_numbers(factors);
      unrolled<kN>([&](auto v) HWY_ATTR { sums[i][v] = hn::MulAdd(second, upper[v], hn::MulAdd(first, lower[v], sums[i][v])); });
    });
  } else {
    Lanes of_right[kN];
    unrolled<kN>([&](auto v) HWY_ATTR { of_right[v] = hn::LoadU(kLanes, at(v)); });
    unrolled<kRows>([&](auto i) HWY_ATTR {
      const Lanes factor = hn::Set(kLanes, left[i * step]);
      unrolled<kN>([&](auto v) HWY_ATTR { sums[i][v] = hn::MulAdd(factor, of_right[v], sums[i][v]); });
    });
  }
}

// kRows rows and kPanels panels of the product.
template <Kind kKind, size_t kRows, size_t kPanels>
void tile(const Corner<kKind>& at) {
  constexpr bool kTransposed = kKind == Kind::Transposed;
  constexpr size_t kRowStep = kTransposed ? 1 : kWidthStep, kDepthStep = kTransposed ? kWidthStep : 1;
  constexpr size_t kLane = hn::MaxLanes(kLanes);
  Lanes sums[kRows][kPanels * kVectors];
  unrolled<kRows>([&](auto i) HWY_ATTR { unrolled<kPanels * kVectors>([&](auto v) HWY_ATTR { sums[i][v] = hn::Zero(kLanes); }); });
  const Number<kKind>*left = at.left, *right = at.right;
  const size_t run = kTransposed ? at.depth : kWidthStep;  // of the inner dimension, that follow one another in `left`
  for (size_t from = 0; from < at.depth; from += run, left += at.left_step) {
    const Number<kKind>* factors = left;
    for (size_t k = std::min(run, at.depth - from); k > 0; --k, factors += kDepthStep, right += kWidthStep)
      add_products<kKind, kRows, kPanels>(factors, kRowStep, right, at.right_step, sums);
  }
  unrolled<kRows>([&](auto i) HWY_ATTR {
    unrolled<kPanels * kVectors>([&](auto v) HWY_ATTR {
      hn::StoreU(sums[i][v], kLanes, at.out + v / kVectors * at.out_step + i * kWidthStep + v % kVectors * kLane);
    });
  });
}

// All rows of some panels, in tiles of as equal numbers of rows as can be.
template <Kind kKind, size_t kPanels>
HWY_INLINE void rows_of(Corner<kKind> at, size_t n_rows) {
  constexpr size_t kTileRows = tile_rows<kKind>();
  for (size_t n_tiles = (n_rows + kTileRows - 1) / kTileRows; n_tiles > 0; --n_tiles) {
    const size_t n = (n_rows + n_tiles - 1) / n_tiles;
    unrolled<kTileRows>([&](auto rows) HWY_ATTR {
      if (n == rows + 1) tile<kKind, rows + 1, kPanels>(at);
    });
    n_rows -= n;
    at.left += n * (kKind == Kind::Transposed ? 1 : kWidthStep);
    at.out += n * kWidthStep;
  }
}

template <Kind kKind, size_t kPanels>
HWY_INLINE void panels_of(const Matrix<kKind>& left, Corner<kKind> at) {
  if constexpr (kKind != Kind::Transposed) {
    rows_of<kKind, kPanels>(at, left.n_rows);
  } else {
    for (size_t i = 0; i < left.n_columns; i += kWidthStep, at.left += left.panel_step, at.out += kWidthStep * kWidthStep)
      rows_of<kKind, kPanels>(at, std::min(kWidthStep, left.n_columns - i));
  }
}

template <Kind kKind>
HWY_INLINE void product_of(const Matrix<kKind>& left, const Matrix<kKind>& right, float* out, size_t out_step) {
  Corner<kKind> at{left.first, left.panel_step, right.first, right.panel_step, out, out_step, right.n_rows};
  size_t n_panels = padded_width(right.n_columns) / kWidthStep;
  for (; n_panels >= kTilePanels; n_panels -= kTilePanels, at.right += kTilePanels * right.panel_step, at.out += kTilePanels * out_step)
    panels_of<kKind, kTilePanels>(left, at);
  if (n_panels > 0) panels_of<kKind, 1>(left, at);
}

void product(const Panels& left, const Panels& right, float* out, size_t out_step) { product_of<Kind::Plain>(left, right, out, out_step); }
void transposed_product(const Panels& left, const Panels& right, float* out, size_t out_step) {
  product_of<Kind::Transposed>(left, right, out, out_step);
}
void product_of_words(const WordPanels& left, const WordPanels& right, float* out, size_t out_step) {
  product_of<Kind::Words>(left, right, out, out_step);
}

}  // namespace kolosal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace kolosal {

HWY_EXPORT(product);
HWY_EXPORT(transposed_product);
HWY_EXPORT(product_of_words);

namespace {

// The product of a left matrix whose number (i, k) is left(i, k).
template <class Left>
void plain_product(size_t n_rows, const Left& left, const Panels& right, float* out, size_t out_step) noexcept {
  for (size_t i = 0; i < n_rows; ++i)
    for (size_t j = 0; j < padded_width(right.n_columns); ++j) {
      float sum = 0;
      for (size_t k = 0; k < right.n_rows; ++k) sum = std::fma(left(i, k), right.first[place_in_panels(right.panel_step, k, j)], sum);
      out[place_in_panels(out_step, i, j)] = sum;
    }
}

}  // namespace

void scalar::multiply(const Panels& left, const Panels& right, float* out, size_t out_step) noexcept {
  const auto number = [&](size_t i, size_t k) { return left.first[place_in_panels(left.panel_step, i, k)]; };
  plain_product(left.n_rows, number, right, out, out_step);
}

void scalar::multiply_transposed(const Panels& left, const Panels& right, float* out, size_t out_step) noexcept {
  const auto number = [&](size_t i, size_t k) { return left.first[place_in_panels(left.panel_step, k, i)]; };
  plain_product(left.n_columns, number, right, out, out_step);
}

void scalar::multiply(const WordPanels& left, const WordPanels& right, float* out, size_t out_step) noexcept {
  const auto numbers = [](uint32_t word) {
    return std::array{from_bfloat16(static_cast<uint16_t>(word)), from_bfloat16(static_cast<uint16_t>(word >> 16))};
  };
  for (size_t i = 0; i < left.n_rows; ++i)
    for (size_t j = 0; j < padded_width(right.n_columns); ++j) {
      float sum = 0;
      for (size_t k = 0; k < right.n_rows; ++k) {
        const auto of_left = numbers(left.first[place_in_panels(left.panel_step, i, k)]);
        const auto of_right = numbers(right.first[place_in_panels(right.panel_step, k, j)]);
        sum = std::fma(of_left[1], of_right[1], std::fma(of_left[0], of_right[0], sum));
      }
      out[place_in_panels(out_step, i, j)] = sum;
    }
}

void multiply(const WordPanels& left, const WordPanels& right, float* out, size_t out_step) noexcept {
  if (uses_scalar_loops()) scalar::multiply(left, right, out, out_step);
  else if (!multiply_by_unit(bfloat16_unit(), left, right, out, out_step))
    HWY_DYNAMIC_DISPATCH(product_of_words)(left, right, out, out_step);
}

void multiply(const Panels& left, const Panels& right, float* out, size_t out_step) noexcept {
  if (uses_scalar_loops()) scalar::multiply(left, right, out, out_step);
  else HWY_DYNAMIC_DISPATCH(product)(left, right, out, out_step);
}

void multiply_transposed(const Panels& left, const Panels& right, float* out, size_t out_step) noexcept {
  if (uses_scalar_loops()) scalar::multiply_transposed(left, right, out, out_step);
  else HWY_DYNAMIC_DISPATCH(transposed_product)(left, right, out, out_step);
}

void to_panels(const float* from, size_t stride, size_t n_rows, size_t n_columns, float* out, size_t out_step) noexcept {
  for (size_t j = 0; j < n_columns; j += kWidthStep, out += out_step)
    for (size_t i = 0; i < n_rows; ++i) {
      const size_t n = std::min(kWidthStep, n_columns - j);
      std::copy_n(from + i * stride + j, n, out + i * kWidthStep);
      std::fill_n(out + i * kWidthStep + n, kWidthStep - n, 0.0F);
    }
}

void from_panels(const Panels& from, float* out, size_t stride) noexcept {
  const float* panel = from.first;
  for (size_t j = 0; j < from.n_columns; j += kWidthStep, panel += from.panel_step)
    for (size_t i = 0; i < from.n_rows; ++i)
      std::copy_n(panel + i * kWidthStep, std::min(kWidthStep, from.n_columns - j), out + i * stride + j);
}

}  // namespace kolosal

#endif  // HWY_ONCE
