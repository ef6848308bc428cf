// Compiled once for every instruction set. The Gram matrix is made in tiles of columns that fill the registers.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kolosal/kernels/row_blocks.cc"
#include "kolosal/kernels/row_blocks.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// After highway.h, and once for every instruction set.
#include <hwy/contrib/math/math-inl.h>

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>

#include "kolosal/kernels/kernels.h"
#include "kolosal/kernels/row_blocks_scalar.h"

HWY_BEFORE_NAMESPACE();
namespace kolosal::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::CappedTag<double, 8> kWide;
constexpr hn::Rebind<float, decltype(kWide)> kNarrow;
using Wide = hn::Vec<decltype(kWide)>;
// Columns of a tile on either side: as many as leave their products in registers.
constexpr size_t kTileColumns = HWY_TARGET <= HWY_AVX3 ? 4 : 3;

// Calls body(0) ... body(N - 1), each with its number as a constant: arrays that they index stay in registers.
template <size_t N, class Body>
HWY_INLINE void unrolled(const Body& body) {
  [&]<size_t... I>(std::index_sequence<I...>) HWY_ATTR { (body(std::integral_constant<size_t, I>()), ...); }
  (std::make_index_sequence<N>());
}

HWY_INLINE Wide widened(const float* from) { return hn::PromoteTo(kWide, hn::LoadU(kNarrow, from)); }
HWY_INLINE double total(Wide lanes) { return hn::GetLane(hn::SumOfLanes(kWide, lanes)); }

// The products of N columns that follow one another.
template <size_t N>
HWY_INLINE void products_of(const ColumnBlock& x, size_t j, const double* weights, double* sums) {
  const size_t lanes = hn::Lanes(kWide);
  const float* first = x.first + j * x.stride;
  Wide w[N];
  unrolled<N>([&](auto c) HWY_ATTR { w[c] = hn::Set(kWide, weights[j + c]); });
  size_t i = 0;
  for (; i + lanes <= x.n_rows; i += lanes) {
    Wide sum = hn::LoadU(kWide, sums + i);
    unrolled<N>([&](auto c) HWY_ATTR { sum = hn::MulAdd(w[c], widened(first + c * x.stride + i), sum); });
    hn::StoreU(sum, kWide, sums + i);
  }
  for (; i < x.n_rows; ++i)
    for (size_t c = 0; c < N; ++c) sums[i] += weights[j + c] * static_cast<double>(first[c * x.stride + i]);
}

void products(const ColumnBlock& x, const double* weights, double* sums) {
  size_t j = 0;
  for (; j + 8 <= x.n_columns; j += 8) products_of<8>(x, j, weights, sums);
  for (; j + 4 <= x.n_columns; j += 4) products_of<4>(x, j, weights, sums);
  for (; j < x.n_columns; ++j) products_of<1>(x, j, weights, sums);
}

template <size_t N>
HWY_INLINE void transposed_of(const ColumnBlock& x, size_t j, const double* factors, double* sums) {
  const size_t lanes = hn::Lanes(kWide);
  const float* first = x.first + j * x.stride;
  Wide even[N], odd[N];
  unrolled<N>([&](auto c) HWY_ATTR { even[c] = odd[c] = hn::Zero(kWide); });
  size_t i = 0;
  for (; i + 2 * lanes <= x.n_rows; i += 2 * lanes) {
    const Wide of_even = hn::LoadU(kWide, factors + i), of_odd = hn::LoadU(kWide, factors + i + lanes);
    unrolled<N>([&](auto c) HWY_ATTR {
      even[c] = hn::MulAdd(of_even, widened(first + c * x.stride + i), even[c]);
      odd[c] = hn::MulAdd(of_odd, widened(first + c * x.stride + i + lanes), odd[c]);
    });
  }
  unrolled<N>([&](auto c) HWY_ATTR {
    double rest = 0;
    for (size_t at = i; at < x.n_rows; ++at) rest += factors[at] * static_cast<double>(first[c * x.stride + at]);
    sums[j + c] += total(hn::Add(even[c], odd[c])) + rest;
  });
}

void transposed_products(const ColumnBlock& x, const double* factors, double* sums) {
  size_t j = 0;
  for (; j + 4 <= x.n_columns; j += 4) transposed_of<4>(x, j, factors, sums);
  for (; j < x.n_columns; ++j) transposed_of<1>(x, j, factors, sums);
}

void pack(const ColumnBlock& x, const double* centers, const double* scales, const double* factors, double* packed) {
  const size_t lanes = hn::Lanes(kWide), n_padded = padded_rows(x.n_rows);
  for (size_t j = 0; j < x.n_columns; ++j) {
    const float* column = x.first + j * x.stride;
    double* to = packed + j * n_padded;
    const Wide center = hn::Set(kWide, centers[j]), scale = hn::Set(kWide, scales[j]);
    size_t i = 0;
    for (; i + lanes <= x.n_rows; i += lanes) {
      const Wide scaled = hn::Mul(hn::Sub(widened(column + i), center), scale);
      hn::StoreU(hn::Mul(scaled, hn::LoadU(kWide, factors + i)), kWide, to + i);
    }
    for (; i < x.n_rows; ++i) to[i] = (static_cast<double>(column[i]) - centers[j]) * scales[j] * factors[i];
    for (; i < n_padded; ++i) to[i] = 0;
  }
}

// Some rows of packed columns that stay in the first-level cache.
struct Panel {
  const double* first;
  size_t stride, n_rows;

  HWY_INLINE const double* column(size_t j) const { return first + j * stride; }
};

// The products of A columns from j with B columns from k, of which those above the diagonal are left out.
template <size_t A, size_t B>
HWY_INLINE void gram_tile(const Panel& panel, size_t j, size_t k, double* gram, size_t width) {
  const size_t lanes = hn::Lanes(kWide);
  const double *a = panel.column(j), *b = panel.column(k);
  Wide sums[A * B];
  unrolled<A * B>([&](auto at) HWY_ATTR { sums[at] = hn::Zero(kWide); });
  for (size_t i = 0; i < panel.n_rows; i += lanes) {
    Wide second[B];
    unrolled<B>([&](auto c) HWY_ATTR { second[c] = hn::LoadU(kWide, b + c * panel.stride + i); });
    unrolled<A>([&](auto r) HWY_ATTR {
      const Wide first = hn::LoadU(kWide, a + r * panel.stride + i);
      unrolled<B>([&](auto c) HWY_ATTR { sums[r * B + c] = hn::MulAdd(first, second[c], sums[r * B + c]); });
    });
  }
  unrolled<A * B>([&](auto at) HWY_ATTR {
    constexpr size_t r = at / B, c = at % B;
    if (k + c <= j + r) gram[(j + r) * width + k + c] += total(sums[at]);
  });
}

// One row of tiles: A columns from j with all up to and with themselves.
template <size_t A>
HWY_INLINE void gram_rows(const Panel& panel, size_t j, double* gram, size_t width) {
  for (size_t k = 0; k < j; k += kTileColumns) gram_tile<A, kTileColumns>(panel, j, k, gram, width);
  gram_tile<A, A>(panel, j, j, gram, width);
}

void gram_of(const double* packed, size_t n_padded, size_t n_columns, double* gram, size_t width) {
  constexpr size_t kPanelRows = 256;
  for (size_t begin = 0; begin < n_padded; begin += kPanelRows) {
    const Panel panel{packed + begin, n_padded, std::min(kPanelRows, n_padded - begin)};
    size_t j = 0;
    for (; j + kTileColumns <= n_columns; j += kTileColumns) gram_rows<kTileColumns>(panel, j, gram, width);
    switch (n_columns - j) {
      case 1: gram_rows<1>(panel, j, gram, width); break;
      case 2: gram_rows<2>(panel, j, gram, width); break;
      case 3: gram_rows<3>(panel, j, gram, width); break;
      default: break;
    }
  }
}

HWY_INLINE Wide exponential(Wide x) {
  const Wide most = hn::Set(kWide, 700.0), least = hn::Neg(most);
  const Wide made = hn::Exp(kWide, hn::Min(hn::Max(x, least), most));
  return hn::IfThenElseZero(hn::Ge(x, least), made);
}

void exponentials_of(const double* x, size_t n, double* out) {
  const size_t lanes = hn::Lanes(kWide);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(exponential(hn::LoadU(kWide, x + i)), kWide, out + i);
  if (i < n) {
    HWY_ALIGN double rest[8] = {};
    std::copy_n(x + i, n - i, rest);
    hn::Store(exponential(hn::Load(kWide, rest)), kWide, rest);
    std::copy_n(rest, n - i, out + i);
  }
}

// Whole vectors of rows; the caller has the rest reckoned one by one.
double logistic_of(const double* margins, const double* truth, const double* weights, size_t n, double* residuals, double* curvatures) {
  const size_t lanes = hn::Lanes(kWide);
  const Wide one = hn::Set(kWide, 1.0), zero = hn::Zero(kWide);
  Wide loss = zero;
  for (size_t i = 0; i + lanes <= n; i += lanes) {
    const Wide m = hn::LoadU(kWide, margins + i), y = hn::LoadU(kWide, truth + i), weight = hn::LoadU(kWide, weights + i);
    const Wide small = exponential(hn::Neg(hn::Abs(m)));
    const Wide share = hn::Div(one, hn::Add(one, small)), other = hn::Mul(small, share);
    const Wide p = hn::IfThenElse(hn::Lt(m, zero), other, share);
    const Wide row_loss = hn::Add(hn::Log1p(kWide, small), hn::Sub(hn::Max(m, zero), hn::Mul(y, m)));
    loss = hn::MulAdd(weight, row_loss, loss);
    hn::StoreU(hn::Mul(weight, hn::Sub(p, y)), kWide, residuals + i);
    hn::StoreU(hn::Mul(weight, hn::Mul(other, share)), kWide, curvatures + i);
  }
  return total(loss);
}

size_t lanes_of() { return hn::Lanes(kWide); }

}  // namespace kolosal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace kolosal {

HWY_EXPORT(products);
HWY_EXPORT(transposed_products);
HWY_EXPORT(pack);
HWY_EXPORT(gram_of);
HWY_EXPORT(exponentials_of);
HWY_EXPORT(logistic_of);
HWY_EXPORT(lanes_of);

void add_products(const ColumnBlock& x, const double* weights, double* sums) noexcept {
  if (uses_scalar_loops()) scalar::add_products(x, weights, sums);
  else HWY_DYNAMIC_DISPATCH(products)(x, weights, sums);
}

void add_transposed_products(const ColumnBlock& x, const double* factors, double* sums) noexcept {
  if (uses_scalar_loops()) scalar::add_transposed_products(x, factors, sums);
  else HWY_DYNAMIC_DISPATCH(transposed_products)(x, factors, sums);
}

void pack_columns(const ColumnBlock& x, const double* centers, const double* scales, const double* factors, double* packed) noexcept {
  if (uses_scalar_loops()) scalar::pack_columns(x, centers, scales, factors, packed);
  else HWY_DYNAMIC_DISPATCH(pack)(x, centers, scales, factors, packed);
}

void add_gram(const double* packed, size_t n_padded, size_t n_columns, double* gram, size_t width) noexcept {
  if (uses_scalar_loops()) scalar::add_gram(packed, n_padded, n_columns, gram, width);
  else HWY_DYNAMIC_DISPATCH(gram_of)(packed, n_padded, n_columns, gram, width);
}

void exponentials(std::span<const double> x, std::span<double> out) noexcept {
  if (uses_scalar_loops()) scalar::exponentials(x, out);
  else HWY_DYNAMIC_DISPATCH(exponentials_of)(x.data(), x.size(), out.data());
}

double logistic_terms(std::span<const double> margins, std::span<const double> truth, std::span<const double> weights,
                      std::span<double> residuals, std::span<double> curvatures) noexcept {
  if (uses_scalar_loops()) return scalar::logistic_terms(margins, truth, weights, residuals, curvatures);
  const size_t n = margins.size(), whole = n - n % HWY_DYNAMIC_DISPATCH(lanes_of)();
  const double loss =
      HWY_DYNAMIC_DISPATCH(logistic_of)(margins.data(), truth.data(), weights.data(), n, residuals.data(), curvatures.data());
  return loss + scalar::logistic_terms(margins.subspan(whole), truth.subspan(whole), weights.subspan(whole), residuals.subspan(whole),
                                       curvatures.subspan(whole));
}

}  // namespace kolosal

#endif  // HWY_ONCE
