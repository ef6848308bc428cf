// exp of vectors of float64, for kernels: included once for every instruction set.
//
// A polynomial after the argument is cut by multiples of ln 2; multiplications and additions stay apart, so every instruction set
// gives the same bits, within 4 units of the last place of the true value. Arguments are within [-708, 708].
// Checked  logistic_test.cc, mixture_test.cc.
#if defined(KOLOSAL_KERNELS_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KOLOSAL_KERNELS_EXP_INL_H_
#undef KOLOSAL_KERNELS_EXP_INL_H_
#else
#define KOLOSAL_KERNELS_EXP_INL_H_
#endif

#include <hwy/highway.h>

#include <iterator>

HWY_BEFORE_NAMESPACE();
namespace kolosal::HWY_NAMESPACE {

// exp(r) for |r| <= ln(2) / 2 is the Taylor sum to r^13 / 13!, whose rest is below 1e-17.
constexpr double kTaylor[] = {1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
                              1.0 / 720,        1.0 / 120,       1.0 / 24,       1.0 / 6,       1.0 / 2,      1.0,         1.0};
constexpr double kLn2High = 6.93147180369123816490e-01, kLn2Low = 1.90821492927058770002e-10, kLog2E = 1.44269504088896338700;
constexpr double kRound = 6755399441055744.0;  // 1.5 * 2^52: adding it leaves a whole number in the lowest bits

template <class D, class V>
V exp_of(D real, V z) {
  namespace hn = hwy::HWY_NAMESPACE;
  constexpr hn::RebindToSigned<D> whole;
  const auto shifted = hn::Add(hn::Mul(z, hn::Set(real, kLog2E)), hn::Set(real, kRound));
  const auto n = hn::Sub(shifted, hn::Set(real, kRound));
  const auto r = hn::Sub(hn::Sub(z, hn::Mul(n, hn::Set(real, kLn2High))), hn::Mul(n, hn::Set(real, kLn2Low)));
  auto sum = hn::Set(real, kTaylor[0]);
  for (size_t k = 1; k < std::size(kTaylor); ++k) sum = hn::Add(hn::Mul(sum, r), hn::Set(real, kTaylor[k]));
  const auto exponent = hn::ShiftLeft<52>(hn::BitCast(whole, shifted));
  return hn::BitCast(real, hn::Add(hn::BitCast(whole, sum), exponent));
}

}  // namespace kolosal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
