// Compiled once for every instruction set.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kolosal/kernels/best_bound.cc"
#include "kolosal/kernels/best_bound.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <cmath>
#include <limits>

#include "kolosal/kernels/kernels.h"

HWY_BEFORE_NAMESPACE();
namespace kolosal::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

BestBound find(const int64_t* sums, size_t n, const BoundLimits& limits) {
  constexpr hn::CappedTag<double, 8> real;
  constexpr hn::RebindToSigned<decltype(real)> whole;
  const size_t lanes = hn::Lanes(real);
  const auto mask = hn::Set(whole, (int64_t{1} << limits.count_bits) - 1);
  const auto total_g = hn::Set(whole, limits.total[0]), total_hn = hn::Set(whole, limits.total[1]);
  const auto g_step = hn::Set(real, limits.gradient_step), h_step = hn::Set(real, limits.hessian_step);
  const auto l1 = hn::Set(real, limits.l1), l2 = hn::Set(real, limits.l2), zero = hn::Zero(real);
  const auto least_h = hn::Set(real, limits.min_hessian);
  const auto too_few = hn::Set(whole, limits.min_count - 1);
  const auto score = [&](auto g_sum, auto h) {
    const auto g = hn::Mul(hn::ConvertTo(real, g_sum), g_step);
    const auto size = hn::Max(hn::Sub(hn::Abs(g), l1), zero);
    const auto below = hn::Add(h, l2);
    return hn::IfThenElseZero(hn::Gt(below, zero), hn::Div(hn::Mul(size, size), below));
  };
  auto best = hn::Set(real, -std::numeric_limits<double>::infinity());
  auto best_place = hn::Zero(whole);
  auto place = hn::Iota(whole, 0);
  for (size_t i = 0; i + lanes <= n; i += lanes) {
    hn::VFromD<decltype(whole)> g, hn_sum;
    hn::LoadInterleaved2(whole, sums + 2 * i, g, hn_sum);
    const auto right_g = hn::Sub(total_g, g), right_hn = hn::Sub(total_hn, hn_sum);
    const auto few = hn::Min(hn::And(hn_sum, mask), hn::And(right_hn, mask));
    const auto h = hn::Mul(hn::ConvertTo(real, hn::ShiftRightSame(hn_sum, limits.count_bits)), h_step);
    const auto right_h = hn::Mul(hn::ConvertTo(real, hn::ShiftRightSame(right_hn, limits.count_bits)), h_step);
    const auto fits = hn::And(hn::RebindMask(real, hn::Gt(few, too_few)), hn::And(hn::Ge(h, least_h), hn::Ge(right_h, least_h)));
    const auto found = hn::Add(score(g, h), score(right_g, right_h));
    const auto better = hn::And(fits, hn::Gt(found, best));
    best = hn::IfThenElse(better, found, best);
    best_place = hn::IfThenElse(hn::RebindMask(whole, better), place, best_place);
    place = hn::Add(place, hn::Set(whole, static_cast<int64_t>(lanes)));
  }
  HWY_ALIGN double scores[8];
  HWY_ALIGN int64_t places[8];
  hn::Store(best, real, scores);
  hn::Store(best_place, whole, places);
  BestBound first{scores[0], static_cast<size_t>(places[0])};
  for (size_t lane = 1; lane < lanes; ++lane) {
    const auto at = static_cast<size_t>(places[lane]);
    if (scores[lane] > first.score || (scores[lane] == first.score && at < first.place)) first = {scores[lane], at};
  }
  const size_t done = n / lanes * lanes;
  BestBound rest = kolosal::best_bound_scalar(sums + 2 * done, n - done, limits);
  return rest.score > first.score ? BestBound{rest.score, rest.place + done} : first;
}

}  // namespace kolosal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace kolosal {

HWY_EXPORT(find);

BestBound best_bound_scalar(const int64_t* sums, size_t n, const BoundLimits& limits) {
  const int64_t mask = (int64_t{1} << limits.count_bits) - 1;
  const auto hessian = [&](int64_t sum) { return static_cast<double>(sum >> limits.count_bits) * limits.hessian_step; };
  const auto score = [&](int64_t g_sum, double h) {
    const double size = std::max(std::abs(static_cast<double>(g_sum) * limits.gradient_step) - limits.l1, 0.0);
    const double below = h + limits.l2;
    return below > 0 ? size * size / below : 0;
  };
  BestBound best{-std::numeric_limits<double>::infinity(), 0};
  for (size_t i = 0; i < n; ++i) {
    const int64_t g = sums[2 * i], hn = sums[2 * i + 1], right_hn = limits.total[1] - hn;
    const double h = hessian(hn), right_h = hessian(right_hn);
    if ((hn & mask) < limits.min_count || (right_hn & mask) < limits.min_count) continue;
    if (h < limits.min_hessian || right_h < limits.min_hessian) continue;
    const double found = score(g, h) + score(limits.total[0] - g, right_h);
    if (found > best.score) best = {found, i};
  }
  return best;
}

FindBestBound find_best_bound() { return uses_scalar_loops() ? &best_bound_scalar : &HWY_DYNAMIC_DISPATCH(find); }

}  // namespace kolosal

#endif  // HWY_ONCE
