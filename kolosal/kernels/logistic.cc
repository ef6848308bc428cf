// Compiled once for every instruction set.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kolosal/kernels/logistic.cc"
#include "kolosal/kernels/logistic.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kolosal/kernels/kernels.h"

HWY_BEFORE_NAMESPACE();
namespace kolosal::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// exp(r) for |r| <= ln(2) / 2 is the Taylor sum to r^13 / 13!, whose rest is below 1e-17.
constexpr double kTaylor[] = {1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
                              1.0 / 720,        1.0 / 120,       1.0 / 24,       1.0 / 6,       1.0 / 2,      1.0,         1.0};
constexpr double kLn2High = 6.93147180369123816490e-01, kLn2Low = 1.90821492927058770002e-10, kLog2E = 1.44269504088896338700;
constexpr double kRound = 6755399441055744.0;  // 1.5 * 2^52: adding it leaves a whole number in the lowest bits

template <class D, class V>
V logistic_of(D real, V x) {
  constexpr hn::RebindToSigned<D> whole;
  const auto z = hn::Min(hn::Max(hn::Neg(x), hn::Set(real, -708.0)), hn::Set(real, 708.0));
  const auto shifted = hn::Add(hn::Mul(z, hn::Set(real, kLog2E)), hn::Set(real, kRound));
  const auto n = hn::Sub(shifted, hn::Set(real, kRound));
  const auto r = hn::Sub(hn::Sub(z, hn::Mul(n, hn::Set(real, kLn2High))), hn::Mul(n, hn::Set(real, kLn2Low)));
  auto sum = hn::Set(real, kTaylor[0]);
  for (size_t k = 1; k < std::size(kTaylor); ++k) sum = hn::Add(hn::Mul(sum, r), hn::Set(real, kTaylor[k]));
  const auto exponent = hn::ShiftLeft<52>(hn::BitCast(whole, shifted));
  const auto e = hn::BitCast(real, hn::Add(hn::BitCast(whole, sum), exponent));
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

}  // namespace kolosal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace kolosal {

HWY_EXPORT(logistic_all);

void logistic(std::span<const double> x, std::span<double> out) noexcept {
  (uses_scalar_loops() ? &HWY_STATIC_DISPATCH(logistic_all) : &HWY_DYNAMIC_DISPATCH(logistic_all))(x.data(), out.data(), x.size());
}

}  // namespace kolosal

#endif  // HWY_ONCE
