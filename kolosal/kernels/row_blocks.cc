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

HWY_INLINE Wide widened(const float* from) { return hn::PromoteTo(kWide, hn::LoadU(kNarrow, from)); }
HWY_INLINE double total(Wide lanes) { return hn::GetLane(hn::SumOfLanes(kWide, lanes)); }

// The products of N columns that follow one another.
template <size_t N>
HWY_INLINE void products_of(const ColumnBlock& x, size_t j, const double* weights, double* sums) {
  const size_t lanes = hn::Lanes(kWide);
  const float* columns[N];
  Wide w[N];
  for (size_t c = 0; c < N; ++c) {
    columns[c] = x.first + (j + c) * x.stride;
    w[c] = hn::Set(kWide, weights[j + c]);
  }
  size_t i = 0;
  for (; i + lanes <= x.n_rows; i += lanes) {
    Wide sum = hn::LoadU(kWide, sums + i);
    for (size_t c = 0; c < N; ++c) sum = hn::MulAdd(w[c], widened(columns[c] + i), sum);
    hn::StoreU(sum, kWide, sums + i);
  }
  for (; i < x.n_rows; ++i)
    for (size_t c = 0; c < N; ++c) sums[i] += weights[j + c] * static_cast<double>(columns[c][i]);
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
  const float* columns[N];
  Wide even[N], odd[N];
  for (size_t c = 0; c < N; ++c) {
    columns[c] = x.first + (j + c) * x.stride;
    even[c] = odd[c] = hn::Zero(kWide);
  }
  size_t i = 0;
  for (; i + 2 * lanes <= x.n_rows; i += 2 * lanes) {
    const Wide first = hn::LoadU(kWide, factors + i), second = hn::LoadU(kWide, factors + i + lanes);
    for (size_t c = 0; c < N; ++c) {
      even[c] = hn::MulAdd(first, widened(columns[c] + i), even[c]);
      odd[c] = hn::MulAdd(second, widened(columns[c] + i + lanes), odd[c]);
    }
  }
  for (size_t c = 0; c < N; ++c) {
    double rest = 0;
    for (size_t at = i; at < x.n_rows; ++at) rest += factors[at] * static_cast<double>(columns[c][at]);
    sums[j + c] += total(hn::Add(even[c], odd[c])) + rest;
  }
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

// The products of A columns with B columns, of which those above the diagonal are left out.
template <size_t A, size_t B>
HWY_INLINE void gram_tile(const double* a, const double* b, size_t n_padded, double* gram, size_t width, size_t n_left_out) {
  const size_t lanes = hn::Lanes(kWide);
  Wide sums[A][B];
  for (size_t r = 0; r < A; ++r)
    for (size_t c = 0; c < B; ++c) sums[r][c] = hn::Zero(kWide);
  for (size_t i = 0; i < n_padded; i += lanes) {
    Wide second[B];
    for (size_t c = 0; c < B; ++c) second[c] = hn::LoadU(kWide, b + c * n_padded + i);
    for (size_t r = 0; r < A; ++r) {
      const Wide first = hn::LoadU(kWide, a + r * n_padded + i);
      for (size_t c = 0; c < B; ++c) sums[r][c] = hn::MulAdd(first, second[c], sums[r][c]);
    }
  }
  for (size_t r = 0; r < A; ++r)
    for (size_t c = 0; c < B; ++c)
      if (c <= r + n_left_out) gram[r * width + c] += total(sums[r][c]);
}

// One row of tiles: A columns from j with all up to and with themselves.
template <size_t A>
HWY_INLINE void gram_rows(const double* packed, size_t n_padded, size_t j, double* gram, size_t width) {
  constexpr size_t kNone = 64;  // far from the diagonal nothing is left out
  const double* a = packed + j * n_padded;
  size_t k = 0;
  for (; k + kTileColumns <= j; k += kTileColumns)
    gram_tile<A, kTileColumns>(a, packed + k * n_padded, n_padded, gram + j * width + k, width, kNone);
  // What is left are the columns k = j .. j + A - 1, as tiles start at multiples of their width.
  gram_tile<A, A>(a, packed + k * n_padded, n_padded, gram + j * width + k, width, 0);
}

void gram_of(const double* packed, size_t n_padded, size_t n_columns, double* gram, size_t width) {
  size_t j = 0;
  for (; j + kTileColumns <= n_columns; j += kTileColumns) gram_rows<kTileColumns>(packed, n_padded, j, gram, width);
  switch (n_columns - j) {
    case 1: gram_rows<1>(packed, n_padded, j, gram, width); break;
    case 2: gram_rows<2>(packed, n_padded, j, gram, width); break;
    case 3: gram_rows<3>(packed, n_padded, j, gram, width); break;
    default: break;
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
