// Compiled once for every instruction set.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kolosal/kernels/value_sides.cc"
#include "kolosal/kernels/value_sides.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <bit>
#include <limits>

#include "kolosal/kernels/kernels.h"
#include "kolosal/kernels/lanes_of.h"

#ifndef KOLOSAL_TOTAL_OF_PARTS
#define KOLOSAL_TOTAL_OF_PARTS
namespace kolosal {

inline double total_of_parts(const double* p) { return ((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7])); }

}  // namespace kolosal
#endif

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
  return {total_of_parts(weight_parts), total_of_parts(sum_parts), count};
}

SideSums all_of(const double* weights, const double* targets, size_t n) {
  constexpr hn::CappedTag<double, 8> real;
  constexpr size_t kMostParts = 8;
  const size_t lanes = hn::Lanes(real), whole = n / kMostParts * kMostParts;
  const auto first = hn::Set(real, n > 0 ? targets[0] : 0);
  HWY_ALIGN double weight_parts[kMostParts], sum_parts[kMostParts];
  size_t count = 0;
  for (size_t part = 0; part < kMostParts; part += lanes) {
    auto weight = hn::Zero(real), sum = weight;
    for (size_t i = part; i < whole; i += kMostParts) {
      const auto w = hn::LoadU(real, weights + i), y = hn::LoadU(real, targets + i);
      weight = hn::Add(weight, w);
      sum = hn::Add(sum, hn::Mul(w, y));
      count += hn::CountTrue(real, hn::Eq(y, first));
    }
    hn::Store(weight, real, weight_parts + part);
    hn::Store(sum, real, sum_parts + part);
  }
  for (size_t i = whole; i < n; ++i) {
    weight_parts[i % kMostParts] += weights[i];
    sum_parts[i % kMostParts] += weights[i] * targets[i];
    count += targets[i] == targets[0];
  }
  return {total_of_parts(weight_parts), total_of_parts(sum_parts), count};
}

#if HWY_TARGET <= HWY_AVX3  // fewer than eight lanes are no faster than one
size_t part_all(const float* x, size_t n, float bound, bool missing_left, const RowArrays& from, const RowArrays& right) {
  constexpr hn::CappedTag<double, 8> real;
  constexpr hn::RebindToUnsigned<decltype(real)> wide;
  constexpr hn::Rebind<float, decltype(real)> narrow;
  constexpr hn::Rebind<uint32_t, decltype(real)> word;
  constexpr hn::Rebind<uint8_t, decltype(real)> byte;
  constexpr size_t kEight = 8;
  const auto limit = hn::Set(real, static_cast<double>(bound));
  const auto shifts = hn::ShiftLeft<3>(hn::Iota(wide, 0)), low = hn::Set(wide, 0xff);
  size_t i = 0, n_left = 0;
  for (; i + kEight <= n; i += kEight) {
    const auto value = hn::PromoteTo(real, hn::LoadU(narrow, x + i));
    auto stays = hn::Le(value, limit);
    if (missing_left) stays = hn::Or(stays, hn::IsNaN(value));
    uint8_t bits = 0;
    (void)hn::StoreMaskBits(real, stays, &bits);
    const auto row = hn::LoadU(word, from.rows + i);
    const auto y = hn::LoadU(real, from.targets + i), w = hn::LoadU(real, from.weights + i);
    const auto put = [&](unsigned set, const RowArrays& to, size_t at) {
      const auto lanes = hn::IndicesFromVec(real, hn::And(hn::Shr(hn::Set(wide, kLanesOf[set]), shifts), low));
      const auto words = hn::PromoteTo(word, hn::LoadU(byte, reinterpret_cast<const uint8_t*>(&kLanesOf[set])));
      hn::StoreU(hn::TableLookupLanes(row, hn::IndicesFromVec(word, words)), word, to.rows + at);
      hn::StoreU(hn::TableLookupLanes(y, lanes), real, to.targets + at);
      hn::StoreU(hn::TableLookupLanes(w, lanes), real, to.weights + at);
    };
    put(bits, from, n_left);
    put(~bits & 0xffU, right, i - n_left);
    n_left += static_cast<size_t>(std::popcount(bits));
  }
  const size_t n_right = i - n_left;
  const size_t rest = kolosal::part_by_values_scalar(x + i, n - i, bound, missing_left, {from.rows + i, from.targets + i, from.weights + i},
                                                     {right.rows + n_right, right.targets + n_right, right.weights + n_right});
  std::copy_n(from.rows + i, rest, from.rows + n_left);
  std::copy_n(from.targets + i, rest, from.targets + n_left);
  std::copy_n(from.weights + i, rest, from.weights + n_left);
  return n_left + rest;
}
#else
size_t part_all(const float* x, size_t n, float bound, bool missing_left, const RowArrays& from, const RowArrays& right) {
  return kolosal::part_by_values_scalar(x, n, bound, missing_left, from, right);
}
#endif

}  // namespace kolosal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace kolosal {

HWY_EXPORT(range_of);
HWY_EXPORT(sums_of);
HWY_EXPORT(all_of);
HWY_EXPORT(part_all);

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
  return {total_of_parts(w), total_of_parts(s), count};
}

SideSums sum_all_scalar(const double* weights, const double* targets, size_t n) {
  double w[8] = {}, s[8] = {};
  size_t count = 0;
  for (size_t i = 0; i < n; ++i) {
    w[i % 8] += weights[i];
    s[i % 8] += weights[i] * targets[i];
    count += targets[i] == targets[0];
  }
  return {total_of_parts(w), total_of_parts(s), count};
}

size_t part_by_values_scalar(const float* x, size_t n, float bound, bool missing_left, const RowArrays& from, const RowArrays& right) {
  return part_where(n, from, right, [&](size_t i, uint32_t) { return (x[i] <= bound) | ((x[i] != x[i]) & missing_left); });
}

FindRange find_range() { return uses_scalar_loops() ? &find_range_scalar : &HWY_DYNAMIC_DISPATCH(range_of); }
SumUpTo sum_up_to() { return uses_scalar_loops() ? &sum_up_to_scalar : &HWY_DYNAMIC_DISPATCH(sums_of); }
SumAll sum_all() { return uses_scalar_loops() ? &sum_all_scalar : &HWY_DYNAMIC_DISPATCH(all_of); }
PartRows part_by_values() { return uses_scalar_loops() ? &part_by_values_scalar : &HWY_DYNAMIC_DISPATCH(part_all); }

}  // namespace kolosal

#endif  // HWY_ONCE
