// Compiled once for every instruction set. Lanes that the vector functions are not made for (NaN, infinities, overflow, outside of the
// domain) are reckoned one by one.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kolosal/kernels/power_curves.cc"
#include "kolosal/kernels/power_curves.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// After highway.h, and once for every instruction set.
#include <hwy/contrib/math/math-inl.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kolosal/kernels/kernels.h"

HWY_BEFORE_NAMESPACE();
namespace kolosal::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::CappedTag<double, 8> kLanes;
using Lanes = hn::Vec<decltype(kLanes)>;
using LaneMask = hn::Mask<decltype(kLanes)>;
constexpr double kLargestExponent = 700;

// Calls body(values, i) for whole vectors, and once for what is left with the rest of the vector 1.
template <class Body>
HWY_INLINE void for_lanes(const double* x, size_t n, const Body& body) {
  const size_t lanes = hn::Lanes(kLanes);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) body(hn::LoadU(kLanes, x + i), i, lanes);
  if (i == n) return;
  HWY_ALIGN double rest[8];
  std::fill_n(rest, 8, 1.0);
  std::copy_n(x + i, n - i, rest);
  body(hn::Load(kLanes, rest), i, n - i);
}

HWY_INLINE void store(Lanes values, size_t count, double* to) {
  if (count == hn::Lanes(kLanes)) {
    hn::StoreU(values, kLanes, to);
    return;
  }
  HWY_ALIGN double all[8];
  hn::Store(values, kLanes, all);
  std::copy_n(all, count, to);
}

// Values with those lanes that `mask` has not replaced by scalar(x).
template <class Scalar>
HWY_INLINE Lanes mend(LaneMask ordinary, Lanes values, Lanes x, const Scalar& scalar) {
  if (HWY_LIKELY(hn::AllTrue(kLanes, ordinary))) return values;
  HWY_ALIGN double made[8], from[8], is_odd[8];
  hn::Store(values, kLanes, made);
  hn::Store(x, kLanes, from);
  hn::Store(hn::IfThenElse(ordinary, hn::Zero(kLanes), hn::Set(kLanes, 1)), kLanes, is_odd);
  for (size_t lane = 0; lane < hn::Lanes(kLanes); ++lane)
    if (is_odd[lane] != 0) made[lane] = scalar(from[lane]);
  return hn::Load(kLanes, made);
}

// One way of bending: (exp(power * log) - 1) / power, the log where power is 0.
struct Bend {
  Lanes power, inverse;
  LaneMask is_straight;

  explicit Bend(double by)
      : power(hn::Set(kLanes, by)), inverse(hn::Set(kLanes, by == 0 ? 0 : 1 / by)), is_straight(hn::Eq(power, hn::Zero(kLanes))) {}
  Bend(LaneMask second, const Bend& a, const Bend& b)
      : power(hn::IfThenElse(second, b.power, a.power)),
        inverse(hn::IfThenElse(second, b.inverse, a.inverse)),
        is_straight(hn::Eq(power, hn::Zero(kLanes))) {}

  HWY_INLINE Lanes of(Lanes log) const {
    return hn::IfThenElse(is_straight, log, hn::Mul(hn::Expm1(kLanes, hn::Mul(power, log)), inverse));
  }
  // Whether the exponential is one that Expm1 is made for.
  HWY_INLINE LaneMask fits(Lanes log) const { return hn::Lt(hn::Abs(hn::Mul(power, log)), hn::Set(kLanes, kLargestExponent)); }
};

HWY_INLINE LaneMask is_finite(Lanes x) { return hn::Lt(hn::Abs(x), hn::Set(kLanes, std::numeric_limits<double>::infinity())); }

void box_cox_of(const double* x, size_t n, double lambda, double center, double scale, double* out) {
  const Bend bend(lambda);
  const Lanes centers = hn::Set(kLanes, center), scales = hn::Set(kLanes, scale), zero = hn::Zero(kLanes);
  for_lanes(x, n, [&](Lanes value, size_t i, size_t count) {
    LaneMask ordinary = hn::And(hn::Gt(value, zero), is_finite(value));
    const Lanes log = hn::Log(kLanes, hn::IfThenElse(ordinary, value, hn::Set(kLanes, 1)));
    ordinary = hn::And(ordinary, bend.fits(log));
    const Lanes made = mend(ordinary, bend.of(log), value, [&](double odd) { return box_cox(odd, lambda); });
    store(hn::Div(hn::Sub(made, centers), scales), count, out + i);
  });
}

void yeo_johnson_of(const double* x, size_t n, double lambda, double center, double scale, double* out) {
  const Bend above(lambda), below(2 - lambda);
  const Lanes centers = hn::Set(kLanes, center), scales = hn::Set(kLanes, scale), zero = hn::Zero(kLanes);
  for_lanes(x, n, [&](Lanes value, size_t i, size_t count) {
    LaneMask ordinary = is_finite(value);
    const Lanes log = hn::Log1p(kLanes, hn::IfThenElseZero(ordinary, hn::Abs(value)));
    const Bend bend(hn::Lt(value, zero), above, below);
    ordinary = hn::And(ordinary, bend.fits(log));
    const Lanes made = mend(ordinary, hn::CopySign(bend.of(log), value), value, [&](double odd) { return yeo_johnson(odd, lambda); });
    store(hn::Div(hn::Sub(made, centers), scales), count, out + i);
  });
}

void signed_log1p_of(const double* x, size_t n, double* out) {
  for_lanes(x, n, [&](Lanes value, size_t i, size_t count) {
    const LaneMask ordinary = is_finite(value);
    const Lanes log = hn::CopySign(hn::Log1p(kLanes, hn::IfThenElseZero(ordinary, hn::Abs(value))), value);
    store(mend(ordinary, log, value, [](double odd) { return odd; }), count, out + i);
  });
}

// The sums over curve(log, bend_of_lanes), in blocks whose order does not hang on the lanes' number.
template <class Curve>
HWY_INLINE PowerSums sums_of(const double* logs, const double* weights, size_t n, double origin, const Curve& curve) {
  const Lanes origins = hn::Set(kLanes, origin);
  Lanes weight = hn::Zero(kLanes), first = weight, second = weight;
  for_lanes(logs, n, [&](Lanes log, size_t i, size_t count) {
    HWY_ALIGN double rest[8] = {};
    Lanes w;
    if (count == hn::Lanes(kLanes)) {
      w = weights == nullptr ? hn::Set(kLanes, 1) : hn::LoadU(kLanes, weights + i);
    } else {
      for (size_t k = 0; k < count; ++k) rest[k] = weights == nullptr ? 1 : weights[i + k];
      w = hn::Load(kLanes, rest);
    }
    const Lanes y = hn::Sub(curve(log), origins);
    weight = hn::Add(weight, w);
    const Lanes weighed = hn::Mul(w, y);
    first = hn::Add(first, weighed);
    second = hn::MulAdd(weighed, y, second);
  });
  const auto total = [](Lanes lanes) { return hn::GetLane(hn::SumOfLanes(kLanes, lanes)); };
  return {total(weight), total(first), total(second)};
}

// Where the exponential would overflow the curve is infinite, or -1 / power where it vanishes.
HWY_INLINE Lanes bent(const Bend& bend, Lanes log) {
  const Lanes most = hn::Set(kLanes, kLargestExponent), exponent = hn::Mul(bend.power, log);
  const Lanes kept = hn::Min(exponent, most);
  const Lanes curve = hn::IfThenElse(bend.is_straight, log, hn::Mul(hn::Expm1(kLanes, kept), bend.inverse));
  return hn::IfThenElse(hn::Lt(exponent, most), curve, hn::Set(kLanes, std::numeric_limits<double>::infinity()));
}

PowerSums box_cox_sums_of(const double* logs, const double* weights, size_t n, double lambda, double origin) {
  const Bend bend(lambda);
  return sums_of(logs, weights, n, origin, [&](Lanes log) { return bent(bend, log); });
}

PowerSums yeo_johnson_sums_of(const double* logs, const double* weights, size_t n, double lambda, double origin) {
  const Bend above(lambda), below(2 - lambda);
  return sums_of(logs, weights, n, origin, [&](Lanes log) {
    const Bend bend(hn::Lt(log, hn::Zero(kLanes)), above, below);
    return hn::CopySign(bent(bend, hn::Abs(log)), log);
  });
}

}  // namespace kolosal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace kolosal {

HWY_EXPORT(box_cox_of);
HWY_EXPORT(yeo_johnson_of);
HWY_EXPORT(signed_log1p_of);
HWY_EXPORT(box_cox_sums_of);
HWY_EXPORT(yeo_johnson_sums_of);

namespace {

double bent(double log, double power) { return power == 0 ? log : std::expm1(power * log) / power; }

template <class Curve>
PowerSums scalar_sums(std::span<const double> logs, std::span<const double> weights, double origin, const Curve& curve) {
  PowerSums sums;
  for (size_t i = 0; i < logs.size(); ++i) {
    const double w = weights.empty() ? 1 : weights[i], y = curve(logs[i]) - origin;
    sums.weight += w;
    sums.first += w * y;
    sums.second += w * y * y;
  }
  return sums;
}

const double* data_or_null(std::span<const double> x) { return x.empty() ? nullptr : x.data(); }

}  // namespace

double box_cox(double x, double lambda) noexcept { return x > 0 ? bent(std::log(x), lambda) : std::numeric_limits<double>::quiet_NaN(); }
double yeo_johnson(double x, double lambda) noexcept { return x < 0 ? -bent(std::log1p(-x), 2 - lambda) : bent(std::log1p(x), lambda); }

void box_cox(std::span<const double> x, double lambda, double center, double scale, std::span<double> out) noexcept {
  if (uses_scalar_loops())
    for (size_t i = 0; i < x.size(); ++i) out[i] = (box_cox(x[i], lambda) - center) / scale;
  else HWY_DYNAMIC_DISPATCH(box_cox_of)(x.data(), x.size(), lambda, center, scale, out.data());
}
void yeo_johnson(std::span<const double> x, double lambda, double center, double scale, std::span<double> out) noexcept {
  if (uses_scalar_loops())
    for (size_t i = 0; i < x.size(); ++i) out[i] = (yeo_johnson(x[i], lambda) - center) / scale;
  else HWY_DYNAMIC_DISPATCH(yeo_johnson_of)(x.data(), x.size(), lambda, center, scale, out.data());
}
void signed_log1p(std::span<const double> x, std::span<double> out) noexcept {
  if (uses_scalar_loops())
    for (size_t i = 0; i < x.size(); ++i) out[i] = std::copysign(std::log1p(std::abs(x[i])), x[i]);
  else HWY_DYNAMIC_DISPATCH(signed_log1p_of)(x.data(), x.size(), out.data());
}
PowerSums box_cox_sums(std::span<const double> logs, std::span<const double> weights, double lambda, double origin) noexcept {
  if (uses_scalar_loops()) return scalar_sums(logs, weights, origin, [&](double log) { return bent(log, lambda); });
  return HWY_DYNAMIC_DISPATCH(box_cox_sums_of)(logs.data(), data_or_null(weights), logs.size(), lambda, origin);
}
PowerSums yeo_johnson_sums(std::span<const double> logs, std::span<const double> weights, double lambda, double origin) noexcept {
  if (uses_scalar_loops())
    return scalar_sums(logs, weights, origin, [&](double log) { return log < 0 ? -bent(-log, 2 - lambda) : bent(log, lambda); });
  return HWY_DYNAMIC_DISPATCH(yeo_johnson_sums_of)(logs.data(), data_or_null(weights), logs.size(), lambda, origin);
}

}  // namespace kolosal

#endif  // HWY_ONCE
