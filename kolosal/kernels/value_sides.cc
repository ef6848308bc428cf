// Compiled once for every instruction set.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kolosal/kernels/value_sides.cc"
#include "kolosal/kernels/value_sides.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <limits>

#include "kolosal/kernels/kernels.h"

HWY_BEFORE_NAMESPACE();
namespace kolosal::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

ValueRange range_of(const float* x, size_t n) {
  constexpr hn::CappedTag<float, 8> real;
  const size_t lanes = hn::Lanes(real);
  auto least = hn::Set(real, std::numeric_limits<float>::infinity()), most = hn::Neg(least);
  size_t n_present = 0;
  for (size_t i = 0; i < n; i += lanes) {
    const auto value = hn::LoadU(real, x + i);
    least = hn::IfThenElse(hn::Lt(value, least), value, least);
    most = hn::IfThenElse(hn::Gt(value, most), value, most);
    n_present += hn::CountTrue(real, hn::Eq(value, value));
  }
  return {hn::GetLane(hn::MinOfLanes(real, least)), hn::GetLane(hn::MaxOfLanes(real, most)), n_present};
}

SideSums sums_of(const float* x, const double* weights, const double* targets, size_t n, float bound) {
  constexpr hn::CappedTag<double, 8> real;
  constexpr hn::Rebind<float, decltype(real)> narrow;
  constexpr size_t kMostParts = 8;
  const size_t lanes = hn::Lanes(real);
  const auto limit = hn::Set(real, static_cast<double>(bound));
  HWY_ALIGN double weight_parts[kMostParts], sum_parts[kMostParts];
  size_t count = 0;
  for (size_t part = 0; part < kMostParts; part += lanes) {
    auto weight = hn::Zero(real), sum = weight;
    for (size_t i = part; i < n; i += kMostParts) {
      const auto inside = hn::Le(hn::PromoteTo(real, hn::LoadU(narrow, x + i)), limit);
      const auto w = hn::LoadU(real, weights + i);
      weight = hn::Add(weight, hn::IfThenElseZero(inside, w));
      sum = hn::Add(sum, hn::IfThenElseZero(inside, hn::Mul(w, hn::LoadU(real, targets + i))));
      count += hn::CountTrue(real, inside);
    }
    hn::Store(weight, real, weight_parts + part);
    hn::Store(sum, real, sum_parts + part);
  }
  const auto total = [](const double* p) { return ((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7])); };
  return {total(weight_parts), total(sum_parts), count};
}

}  // namespace kolosal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace kolosal {

HWY_EXPORT(range_of);
HWY_EXPORT(sums_of);

ValueRange find_range_scalar(const float* x, size_t n) {
  ValueRange range{std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(), 0};
  for (size_t i = 0; i < n; ++i) {
    range.least = std::min(range.least, x[i]);
    range.most = std::max(range.most, x[i]);
    range.n_present += x[i] == x[i];
  }
  return range;
}

SideSums sum_up_to_scalar(const float* x, const double* weights, const double* targets, size_t n, float bound) {
  double w[8] = {}, s[8] = {};
  size_t count = 0;
  for (size_t i = 0; i < n; ++i) {
    const bool inside = x[i] <= bound;
    w[i % 8] += inside ? weights[i] : 0;
    s[i % 8] += inside ? weights[i] * targets[i] : 0;
    count += inside;
  }
  const auto total = [](const double* p) { return ((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7])); };
  return {total(w), total(s), count};
}

FindRange find_range() { return uses_scalar_loops() ? &find_range_scalar : &HWY_DYNAMIC_DISPATCH(range_of); }
SumUpTo sum_up_to() { return uses_scalar_loops() ? &sum_up_to_scalar : &HWY_DYNAMIC_DISPATCH(sums_of); }

}  // namespace kolosal

#endif  // HWY_ONCE
