// Compiled once for every instruction set.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kolosal/kernels/mixture.cc"
#include "kolosal/kernels/mixture.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "kolosal/kernels/exp-inl.h"
#include "kolosal/kernels/kernels.h"

HWY_BEFORE_NAMESPACE();
namespace kolosal::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// The kernels i to i + Lanes; four points at a time stay in registers.
template <class D>
void squares_block(D real, const double* centers, const double* scales, size_t n_dims, size_t n, size_t i, const double* points,
                   double* out) {
  for (size_t p = 0; p < kMixturePoints; p += 4) {
    auto s0 = hn::LoadU(real, out + p * n + i), s1 = hn::LoadU(real, out + (p + 1) * n + i);
    auto s2 = hn::LoadU(real, out + (p + 2) * n + i), s3 = hn::LoadU(real, out + (p + 3) * n + i);
    for (size_t d = 0; d < n_dims; ++d) {
      const auto center = hn::LoadU(real, centers + d * n + i), scale = hn::LoadU(real, scales + d * n + i);
      const double* x = points + d * kMixturePoints + p;
      const auto z0 = hn::Mul(hn::Sub(hn::Set(real, x[0]), center), scale), z1 = hn::Mul(hn::Sub(hn::Set(real, x[1]), center), scale);
      const auto z2 = hn::Mul(hn::Sub(hn::Set(real, x[2]), center), scale), z3 = hn::Mul(hn::Sub(hn::Set(real, x[3]), center), scale);
      s0 = hn::Sub(s0, hn::Mul(z0, z0));
      s1 = hn::Sub(s1, hn::Mul(z1, z1));
      s2 = hn::Sub(s2, hn::Mul(z2, z2));
      s3 = hn::Sub(s3, hn::Mul(z3, z3));
    }
    hn::StoreU(s0, real, out + p * n + i);
    hn::StoreU(s1, real, out + (p + 1) * n + i);
    hn::StoreU(s2, real, out + (p + 2) * n + i);
    hn::StoreU(s3, real, out + (p + 3) * n + i);
  }
}

void squares_all(const double* centers, const double* scales, size_t n_dims, size_t n, const double* points, double* out) {
  constexpr hn::CappedTag<double, 8> real;
  constexpr hn::CappedTag<double, 1> one;
  size_t i = 0;
  for (; i + hn::Lanes(real) <= n; i += hn::Lanes(real)) squares_block(real, centers, scales, n_dims, n, i, points, out);
  for (; i < n; ++i) squares_block(one, centers, scales, n_dims, n, i, points, out);
}

// x[i] = exp(x[i] - most), 0 below the range of exp.
void exp_below(double* x, size_t n, double most) {
  constexpr hn::CappedTag<double, 8> real;
  constexpr hn::CappedTag<double, 1> one;
  const auto step = [&](auto tag, size_t i) {
    const auto z = hn::Sub(hn::LoadU(tag, x + i), hn::Set(tag, most));
    const auto e = exp_of(tag, hn::Max(z, hn::Set(tag, -708.0)));
    hn::StoreU(hn::IfThenElseZero(hn::Ge(z, hn::Set(tag, -708.0)), e), tag, x + i);
  };
  size_t i = 0;
  for (; i + hn::Lanes(real) <= n; i += hn::Lanes(real)) step(real, i);
  for (; i < n; ++i) step(one, i);
}

}  // namespace kolosal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace kolosal {

HWY_EXPORT(squares_all);
HWY_EXPORT(exp_below);

void subtract_squares(const double* centers, const double* scales, size_t n_dims, size_t n, const double* points, double* out) noexcept {
  (uses_scalar_loops() ? &HWY_STATIC_DISPATCH(squares_all) : &HWY_DYNAMIC_DISPATCH(squares_all))(centers, scales, n_dims, n, points, out);
}

double log_sum_exp(std::span<double> x) noexcept {
  if (x.empty()) return -std::numeric_limits<double>::infinity();
  const double most = *std::max_element(x.begin(), x.end());
  (uses_scalar_loops() ? &HWY_STATIC_DISPATCH(exp_below) : &HWY_DYNAMIC_DISPATCH(exp_below))(x.data(), x.size(), most);
  std::array<double, 8> sums{};
  size_t i = 0;
  for (; i + 8 <= x.size(); i += 8)
    for (size_t k = 0; k < 8; ++k) sums[k] += x[i + k];
  for (; i < x.size(); ++i) sums[i % 8] += x[i];
  return most + std::log(((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7])));
}

}  // namespace kolosal

#endif  // HWY_ONCE
