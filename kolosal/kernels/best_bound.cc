// Compiled once for every instruction set.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kolosal/kernels/best_bound.cc"
#include "kolosal/kernels/best_bound.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "kolosal/kernels/gradient_rows.h"
#include "kolosal/kernels/kernels.h"

#ifndef KOLOSAL_BOUND_TERMS
#define KOLOSAL_BOUND_TERMS
namespace kolosal {

// The limits in units in which nothing overflows: gradients in steps, hessians in the power of two at or below their step.
struct BoundTerms {
  explicit BoundTerms(const BoundLimits& limits) : l1(limits.l1 / limits.gradient_step) {
    constexpr uint64_t kExponent = 0x7ff0000000000000;
    const double per_unit = 1 / std::bit_cast<double>(std::bit_cast<uint64_t>(limits.hessian_step) & kExponent);
    h_step = limits.hessian_step * per_unit;
    least_h = limits.min_hessian * per_unit;
    l2 = std::min(limits.l2 * per_unit, 0x1p200);
    may_be_zero = !(least_h > 0) && !(l2 > 0);
  }

  double l1, l2, h_step, least_h;
  bool may_be_zero;  // the hessian of a side, whose score is 0 then
};

}  // namespace kolosal
#endif

HWY_BEFORE_NAMESPACE();
namespace kolosal::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::CappedTag<double, 8> kReal;
constexpr hn::RebindToSigned<decltype(kReal)> kWhole;
using Reals = hn::VFromD<decltype(kReal)>;
using Wholes = hn::VFromD<decltype(kWhole)>;

// Gradients and hessians, in steps, of both sides of some bounds, and the count of the side that has fewer rows.
struct Sides {
  Reals g, right_g, h, right_h;
  Wholes few;
};

// Sides from pairs.
class PairsOfSums {
 public:
  explicit PairsOfSums(const BoundLimits& limits)
      : count_bits_(limits.count_bits),
        mask_(hn::Set(kWhole, (int64_t{1} << limits.count_bits) - 1)),
        total_g_(hn::Set(kWhole, limits.total[0])),
        total_hn_(hn::Set(kWhole, limits.total[1])) {}

  HWY_INLINE Sides sides_at(const int64_t* sums, size_t i) const {
    Wholes g, hn_sum;
    hn::LoadInterleaved2(kWhole, sums + 2 * i, g, hn_sum);
    const auto right_hn = hn::Sub(total_hn_, hn_sum);
    return {hn::ConvertTo(kReal, g), hn::ConvertTo(kReal, hn::Sub(total_g_, g)),
            hn::ConvertTo(kReal, hn::ShiftRightSame(hn_sum, count_bits_)), hn::ConvertTo(kReal, hn::ShiftRightSame(right_hn, count_bits_)),
            hn::Min(hn::And(hn_sum, mask_), hn::And(right_hn, mask_))};
  }

 private:
  int count_bits_;
  Wholes mask_, total_g_, total_hn_;
};

// Sides from words. Their numbers are small, so float64 subtracts them exactly.
class PackedSums {
 public:
  explicit PackedSums(const BoundLimits& limits)
      : total_g_(hn::Set(kReal, static_cast<double>(limits.total[0]))),
        total_h_(hn::Set(kReal, static_cast<double>(limits.total[1] >> limits.count_bits))),
        total_count_(hn::Set(kWhole, limits.total[1] & ((int64_t{1} << limits.count_bits) - 1))) {}

  HWY_INLINE Sides sides_at(const int64_t* sums, size_t i) const {
    constexpr int kBelow = PackedSum::kCountBits;
    const auto word = hn::LoadU(kWhole, sums + i);
    const auto count = hn::And(word, hn::Set(kWhole, (int64_t{1} << kBelow) - 1));
    const auto hessian = hn::And(hn::ShiftRight<kBelow>(word), hn::Set(kWhole, (int64_t{1} << PackedSum::kHessianBits) - 1));
    const auto g = hn::ConvertTo(kReal, hn::ShiftRight<kBelow + PackedSum::kHessianBits>(word)), h = hn::ConvertTo(kReal, hessian);
    return {g, hn::Sub(total_g_, g), h, hn::Sub(total_h_, h), hn::Min(count, hn::Sub(total_count_, count))};
  }

 private:
  Reals total_g_, total_h_;
  Wholes total_count_;
};

// The best of some lines so far.
struct BestOfLines {
  Reals over, under;
  Wholes place;
};

template <class Sums>
class Comparison {
 public:
  explicit Comparison(const BoundLimits& limits)
      : sums_(limits),
        terms_(limits),
        l1_(hn::Set(kReal, terms_.l1)),
        l2_(hn::Set(kReal, terms_.l2)),
        h_step_(hn::Set(kReal, terms_.h_step)),
        least_h_(hn::Set(kReal, terms_.least_h)),
        too_few_(hn::Set(kWhole, limits.min_count - 1)) {}

  // Compares the bounds from i on with those before on their lines.
  HWY_INLINE void offer(const int64_t* sums, size_t i, BestOfLines& best) const {
    const auto zero = hn::Zero(kReal), one = hn::Set(kReal, 1.0);
    const Sides sides = sums_.sides_at(sums, i);
    const auto h = hn::Mul(sides.h, h_step_), right_h = hn::Mul(sides.right_h, h_step_);
    const auto fits = hn::And(hn::RebindMask(kReal, hn::Gt(sides.few, too_few_)), hn::Ge(hn::Min(h, right_h), least_h_));
    auto square = square_of(sides.g), right_square = square_of(sides.right_g);
    auto below = hn::Add(h, l2_), right_below = hn::Add(right_h, l2_);
    if (terms_.may_be_zero) {
      const auto some = hn::Gt(below, zero), right_some = hn::Gt(right_below, zero);
      square = hn::IfThenElseZero(some, square);
      right_square = hn::IfThenElseZero(right_some, right_square);
      below = hn::IfThenElse(some, below, one);
      right_below = hn::IfThenElse(right_some, right_below, one);
    }
    // Those that do not keep to the limits score less than the least.
    const auto sum = hn::Add(hn::Mul(square, right_below), hn::Mul(right_square, below));
    const auto over = hn::IfThenElse(fits, sum, hn::Set(kReal, -2.0)), under = hn::IfThenElse(fits, hn::Mul(below, right_below), one);
    const auto better = hn::Gt(hn::Mul(over, best.under), hn::Mul(best.over, under));
    best.over = hn::IfThenElse(better, over, best.over);
    best.under = hn::IfThenElse(better, under, best.under);
    best.place = hn::IfThenElse(hn::RebindMask(kWhole, better), hn::Iota(kWhole, static_cast<int64_t>(i)), best.place);
  }

 private:
  HWY_INLINE Reals square_of(Reals g) const {
    const auto size = terms_.l1 > 0 ? hn::Max(hn::Sub(hn::Abs(g), l1_), hn::Zero(kReal)) : g;
    return hn::Mul(size, size);
  }

  Sums sums_;
  BoundTerms terms_;
  Reals l1_, l2_, h_step_, least_h_;
  Wholes too_few_;
};

// The first of the best lines.
HWY_INLINE void note_first(const BestOfLines& lines, double& score, size_t& place) {
  const auto scores = hn::Div(lines.over, lines.under);
  const double most = hn::GetLane(hn::MaxOfLanes(kReal, scores));
  if (most < score) return;
  HWY_ALIGN double each[8];
  HWY_ALIGN int64_t places[8];
  hn::Store(scores, kReal, each);
  hn::Store(lines.place, kWhole, places);
  size_t first = static_cast<size_t>(-1);
  for (size_t k = 0; k < hn::Lanes(kReal); ++k)
    if (each[k] == most) first = std::min(first, static_cast<size_t>(places[k]));
  place = most > score ? first : std::min(first, place);
  score = most;
}

template <class Sums>
size_t find_in(const int64_t* sums, size_t n, const BoundLimits& limits) {
  const size_t lanes = hn::Lanes(kReal);
  const Comparison<Sums> comparison(limits);
  const BestOfLines none{hn::Set(kReal, -1.0), hn::Set(kReal, 1.0), hn::Set(kWhole, static_cast<int64_t>(n))};
  double score = -1;
  size_t place = n;
  // Two vectors of lines at a time, so that neither waits for the other.
  for (size_t line = 0; line < kBoundLines; line += 2 * lanes) {
    BestOfLines first = none, second = none;
    for (size_t i = line; i < n; i += kBoundLines) {
      comparison.offer(sums, i, first);
      comparison.offer(sums, i + lanes, second);
    }
    note_first(first, score, place);
    note_first(second, score, place);
  }
  return place;
}

size_t find(const int64_t* sums, size_t n, const BoundLimits& limits) { return find_in<PairsOfSums>(sums, n, limits); }
size_t find_packed(const int64_t* sums, size_t n, const BoundLimits& limits) { return find_in<PackedSums>(sums, n, limits); }

}  // namespace kolosal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace kolosal {

HWY_EXPORT(find);
HWY_EXPORT(find_packed);

size_t best_bound_scalar(const int64_t* sums, size_t n, const BoundLimits& limits) {
  const BoundTerms terms(limits);
  const int64_t mask = (int64_t{1} << limits.count_bits) - 1;
  const auto hessian = [&](int64_t sum) { return static_cast<double>(sum >> limits.count_bits) * terms.h_step; };
  struct Side {
    double square, below;
  };
  const auto side_of = [&](int64_t g_sum, double h) {
    const double size = std::max(std::abs(static_cast<double>(g_sum)) - terms.l1, 0.0), below = h + terms.l2;
    return below > 0 ? Side{size * size, below} : Side{0, 1};
  };
  struct Line {
    double over = -1, under = 1;
    size_t place = 0;
  };
  std::array<Line, kBoundLines> lines;
  for (Line& line : lines) line.place = n;
  for (size_t i = 0; i < n; ++i) {
    const int64_t g = sums[2 * i], hn = sums[2 * i + 1], right_hn = limits.total[1] - hn;
    const double h = hessian(hn), right_h = hessian(right_hn);
    if ((hn & mask) < limits.min_count || (right_hn & mask) < limits.min_count || std::min(h, right_h) < terms.least_h) continue;
    const Side left = side_of(g, h), right = side_of(limits.total[0] - g, right_h);
    const double over = left.square * right.below + right.square * left.below, under = left.below * right.below;
    if (Line& line = lines[i % kBoundLines]; over * line.under > line.over * under) line = {over, under, i};
  }
  double score = -1;
  size_t place = n;
  for (const Line& line : lines) {
    const double here = line.over / line.under;
    if (here < score) continue;
    place = here > score ? line.place : std::min(place, line.place);
    score = here;
  }
  return place;
}

size_t best_packed_bound_scalar(const int64_t* sums, size_t n, const BoundLimits& limits) {
  std::array<int64_t, 2 * 256> pairs;
  for (size_t i = 0; i < n; ++i) {
    const GradientSum sum = PackedSum::widened(sums[i], limits.count_bits);
    pairs[2 * i] = sum[0];
    pairs[2 * i + 1] = sum[1];
  }
  return best_bound_scalar(pairs.data(), n, limits);
}

FindBestBound find_best_bound() { return uses_scalar_loops() ? &best_bound_scalar : &HWY_DYNAMIC_DISPATCH(find); }
FindBestBound find_best_packed_bound() { return uses_scalar_loops() ? &best_packed_bound_scalar : &HWY_DYNAMIC_DISPATCH(find_packed); }

}  // namespace kolosal

#endif  // HWY_ONCE
