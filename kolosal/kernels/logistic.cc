// Compiled once for every instruction set.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kolosal/kernels/logistic.cc"
#include "kolosal/kernels/logistic.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kolosal/kernels/exp-inl.h"
#include "kolosal/kernels/kernels.h"

HWY_BEFORE_NAMESPACE();
namespace kolosal::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class D, class V>
V logistic_of(D real, V x) {
  const auto z = hn::Min(hn::Max(hn::Neg(x), hn::Set(real, -708.0)), hn::Set(real, 708.0));
  const auto e = exp_of(real, z);
  const auto one = hn::Set(real, 1.0);
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Div(one, hn::Add(one, e)));
}

void logistic_all(const double* x, double* out, size_t n) {
  constexpr hn::CappedTag<double, 8> real;
  constexpr hn::CappedTag<double, 1> one;
  size_t i = 0;
  for (; i + hn::Lanes(real) <= n; i += hn::Lanes(real)) hn::StoreU(logistic_of(real, hn::LoadU(real, x + i)), real, out + i);
  for (; i < n; ++i) hn::StoreU(logistic_of(one, hn::LoadU(one, x + i)), one, out + i);
}

template <class D>
void slopes_at(D real, const double* x, const double* truth, double least, double* gradients, double* hessians) {
  const auto p = logistic_of(real, hn::LoadU(real, x));
  hn::StoreU(hn::Sub(p, hn::LoadU(real, truth)), real, gradients);
  hn::StoreU(hn::Max(hn::Mul(p, hn::Sub(hn::Set(real, 1.0), p)), hn::Set(real, least)), real, hessians);
}

void slopes_all(const double* x, const double* truth, double least, double* gradients, double* hessians, size_t n) {
  constexpr hn::CappedTag<double, 8> real;
  constexpr hn::CappedTag<double, 1> one;
  size_t i = 0;
  for (; i + hn::Lanes(real) <= n; i += hn::Lanes(real)) slopes_at(real, x + i, truth + i, least, gradients + i, hessians + i);
  for (; i < n; ++i) slopes_at(one, x + i, truth + i, least, gradients + i, hessians + i);
}

}  // namespace kolosal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace kolosal {

HWY_EXPORT(logistic_all);
HWY_EXPORT(slopes_all);

void logistic(std::span<const double> x, std::span<double> out) noexcept {
  (uses_scalar_loops() ? &HWY_STATIC_DISPATCH(logistic_all) : &HWY_DYNAMIC_DISPATCH(logistic_all))(x.data(), out.data(), x.size());
}

void logistic_slopes(std::span<const double> x, std::span<const double> truth, double least, std::span<double> gradients,
                     std::span<double> hessians) noexcept {
  (uses_scalar_loops() ? &HWY_STATIC_DISPATCH(slopes_all) : &HWY_DYNAMIC_DISPATCH(slopes_all))(x.data(), truth.data(), least,
                                                                                               gradients.data(), hessians.data(), x.size());
}

}  // namespace kolosal

#endif  // HWY_ONCE
