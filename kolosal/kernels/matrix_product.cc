// Compiled once for every instruction set.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kolosal/kernels/matrix_product.cc"
#include "kolosal/kernels/matrix_product.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <cmath>
#include <type_traits>
#include <utility>

#include "kolosal/kernels/kernels.h"

HWY_BEFORE_NAMESPACE();
namespace kolosal::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::CappedTag<float, kWidthStep> kLanes;
using Lanes = hn::Vec<decltype(kLanes)>;
// Rows and vectors of a tile: as many as leave their sums in registers.
constexpr size_t kTileRows = HWY_TARGET <= HWY_AVX3 ? 8 : 4;
constexpr size_t kTileVectors = 2;

// Calls body(0) ... body(N - 1), each with its number as a constant: arrays that they index stay in registers.
template <size_t N, class Body>
HWY_INLINE void unrolled(const Body& body) {
  [&]<size_t... I>(std::index_sequence<I...>) HWY_ATTR { (body(std::integral_constant<size_t, I>()), ...); }
  (std::make_index_sequence<N>());
}

// kRows rows and kVectors vectors of the product.
template <size_t kRows, size_t kVectors>
HWY_INLINE void tile(const float* left, const LeftMatrix& shape, const float* right, size_t right_stride, float* out, size_t out_stride) {
  const size_t lanes = hn::Lanes(kLanes);
  Lanes sums[kRows][kVectors];
  unrolled<kRows>([&](auto i) HWY_ATTR { unrolled<kVectors>([&](auto v) HWY_ATTR { sums[i][v] = hn::Zero(kLanes); }); });
  for (size_t k = 0; k < shape.depth; ++k) {
    Lanes of_right[kVectors];
    unrolled<kVectors>([&](auto v) HWY_ATTR { of_right[v] = hn::LoadU(kLanes, right + v * lanes); });
    unrolled<kRows>([&](auto i) HWY_ATTR {
      const Lanes factor = hn::Set(kLanes, left[i * shape.row_step]);
      unrolled<kVectors>([&](auto v) HWY_ATTR { sums[i][v] = hn::MulAdd(factor, of_right[v], sums[i][v]); });
    });
    left += shape.depth_step;
    right += right_stride;
  }
  unrolled<kRows>([&](auto i) HWY_ATTR {
    unrolled<kVectors>([&](auto v) HWY_ATTR { hn::StoreU(sums[i][v], kLanes, out + i * out_stride + v * lanes); });
  });
}

// All columns of kRows rows, and then of the rows that are fewer.
template <size_t kRows>
HWY_INLINE void rows_of(const LeftMatrix& left, size_t from, const float* right, size_t right_stride, float* out, size_t out_stride) {
  size_t i = from;
  for (; i + kRows <= left.n_rows; i += kRows)
    tile<kRows, kTileVectors>(left.first + i * left.row_step, left, right, right_stride, out + i * out_stride, out_stride);
  if constexpr (kRows > 1) rows_of<kRows / 2>(left, i, right, right_stride, out, out_stride);
}

template <size_t kRows>
HWY_INLINE void single_vectors(const LeftMatrix& left, size_t from, const float* right, size_t right_stride, float* out,
                               size_t out_stride) {
  size_t i = from;
  for (; i + kRows <= left.n_rows; i += kRows)
    tile<kRows, 1>(left.first + i * left.row_step, left, right, right_stride, out + i * out_stride, out_stride);
  if constexpr (kRows > 1) single_vectors<kRows / 2>(left, i, right, right_stride, out, out_stride);
}

void product(const LeftMatrix& left, const float* right, size_t right_stride, size_t width, float* out, size_t out_stride) {
  const size_t lanes = hn::Lanes(kLanes);
  size_t j = 0;
  for (; j + kTileVectors * lanes <= width; j += kTileVectors * lanes)
    rows_of<kTileRows>(left, 0, right + j, right_stride, out + j, out_stride);
  for (; j < width; j += lanes) single_vectors<kTileRows>(left, 0, right + j, right_stride, out + j, out_stride);
}

}  // namespace kolosal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace kolosal {

HWY_EXPORT(product);

void scalar::multiply(const LeftMatrix& left, const float* right, size_t right_stride, size_t width, float* out,
                      size_t out_stride) noexcept {
  for (size_t i = 0; i < left.n_rows; ++i)
    for (size_t j = 0; j < width; ++j) {
      float sum = 0;
      for (size_t k = 0; k < left.depth; ++k)
        sum = std::fma(left.first[i * left.row_step + k * left.depth_step], right[k * right_stride + j], sum);
      out[i * out_stride + j] = sum;
    }
}

void multiply(const LeftMatrix& left, const float* right, size_t right_stride, size_t width, float* out, size_t out_stride) noexcept {
  if (uses_scalar_loops()) scalar::multiply(left, right, right_stride, width, out, out_stride);
  else HWY_DYNAMIC_DISPATCH(product)(left, right, right_stride, width, out, out_stride);
}

}  // namespace kolosal

#endif  // HWY_ONCE
