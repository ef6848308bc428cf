#include "kolosal/kernels/best_bound.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kolosal/base/random.h"
#include "kolosal/kernels/gradient_rows.h"
#include "kolosal/kernels/kernels.h"

namespace kolosal {
namespace {

struct Bounds {
  std::vector<int64_t> sums;
  BoundLimits limits;
};

// The running sums of n bins, of which every fourth or so is empty, filled up to whole lines.
Bounds make_bounds(size_t n, uint64_t seed) {
  RandomStream stream(seed, "bounds", n);
  Bounds made{{}, {.count_bits = 12, .gradient_step = 0.25, .hessian_step = 0.5}};
  BoundLimits& limits = made.limits;
  limits.min_count = static_cast<int64_t>(stream.below(20));
  limits.min_hessian = seed % 2 == 0 ? 0 : 30;
  limits.l1 = seed % 3 == 0 ? 0 : 2;
  limits.l2 = seed % 5 == 0 ? 0 : 1;
  for (size_t i = 0; i < n; ++i) {
    const bool empty = stream.below(4) == 0;
    limits.total[0] += empty ? 0 : static_cast<int64_t>(stream.below(200)) - 100;
    limits.total[1] += empty ? 0 : static_cast<int64_t>((stream.below(50) << 12) + stream.below(9) + 1);
    made.sums.insert(made.sums.end(), {limits.total[0], limits.total[1]});
  }
  while (made.sums.size() % (2 * kBoundLines) != 0) made.sums.insert(made.sums.end(), {limits.total[0], limits.total[1]});
  return made;
}

// What a side scores.
long double score_of(int64_t g_sum, int64_t h_sum, const BoundLimits& limits) {
  const long double g = std::max(std::abs(static_cast<long double>(g_sum) * limits.gradient_step) - limits.l1, 0.0L);
  const long double h = static_cast<long double>(h_sum >> limits.count_bits) * limits.hessian_step + limits.l2;
  return h > 0 ? g * g / h : 0;
}

// What the bound behind a bin scores; minus infinity where it does not keep to the limits.
long double score_behind(size_t bin, const Bounds& bounds) {
  const BoundLimits& limits = bounds.limits;
  const int64_t g = bounds.sums[2 * bin], h = bounds.sums[2 * bin + 1], right_h = limits.total[1] - h;
  for (const int64_t side : {h, right_h})
    if ((side & ((1 << limits.count_bits) - 1)) < limits.min_count ||
        static_cast<double>(side >> limits.count_bits) * limits.hessian_step < limits.min_hessian)
      return -std::numeric_limits<long double>::infinity();
  return score_of(g, h, limits) + score_of(limits.total[0] - g, right_h, limits);
}

TEST(BestBound, IsTheSameWithEveryInstructionSet) {
  const std::string before = simd_target();
  for (const size_t n : {size_t{1}, size_t{3}, size_t{8}, size_t{19}, size_t{255}})
    for (uint64_t seed = 0; seed < 30; ++seed) {
      const auto [sums, limits] = make_bounds(n, seed);
      const size_t plain = best_bound_scalar(sums.data(), sums.size() / 2, limits);
      for (const std::string& target : simd_targets()) {
        SCOPED_TRACE(target);
        set_simd_target(target);
        EXPECT_EQ(find_best_bound()(sums.data(), sums.size() / 2, limits), plain);
      }
    }
  set_simd_target(before);
}

TEST(BestBound, IsTheOneOfTheGreatestQuotients) {
  for (const size_t n : {size_t{8}, size_t{19}, size_t{255}})
    for (uint64_t seed = 0; seed < 60; ++seed) {
      const Bounds bounds = make_bounds(n, seed);
      long double best = -std::numeric_limits<long double>::infinity();
      size_t place = bounds.sums.size() / 2;
      for (size_t bin = 0; bin < bounds.sums.size() / 2; ++bin)
        if (const long double score = score_behind(bin, bounds); score > best) {
          best = score;
          place = bin;
        }
      const size_t found = best_bound_scalar(bounds.sums.data(), bounds.sums.size() / 2, bounds.limits);
      if (found != place) {  // but for rounding they are as good
        ASSERT_LT(std::max(found, place), bounds.sums.size() / 2);
        EXPECT_NEAR(static_cast<double>(score_behind(found, bounds) / best), 1, 1e-12);
      }
    }
}

TEST(BestBound, OfWordsIsThatOfPairs) {
  const std::string before = simd_target();
  for (const size_t n : {size_t{1}, size_t{19}, size_t{255}})
    for (uint64_t seed = 0; seed < 30; ++seed) {
      const auto [pairs, limits] = make_bounds(n, seed);
      std::vector<int64_t> words;
      for (size_t i = 0; i < pairs.size(); i += 2)
        words.push_back(static_cast<int64_t>(PackedSum::packed(GradientSum{pairs[i], pairs[i + 1]}, limits.count_bits)));
      const size_t plain = best_bound_scalar(pairs.data(), words.size(), limits);
      EXPECT_EQ(best_packed_bound_scalar(words.data(), words.size(), limits), plain);
      for (const std::string& target : simd_targets()) {
        SCOPED_TRACE(target);
        set_simd_target(target);
        EXPECT_EQ(find_best_packed_bound()(words.data(), words.size(), limits), plain);
      }
    }
  set_simd_target(before);
}

TEST(BestBound, TakesStepsOfAnySize) {
  for (const double step : {1e-150, 1e150}) {
    Bounds bounds = make_bounds(255, 4);
    const size_t plain = best_bound_scalar(bounds.sums.data(), bounds.sums.size() / 2, bounds.limits);
    // All limits grow alike, but that of counts, which has no unit.
    bounds.limits.gradient_step *= step;
    bounds.limits.l1 *= step;
    bounds.limits.hessian_step *= step;
    bounds.limits.min_hessian *= step;
    bounds.limits.l2 *= step;
    EXPECT_EQ(best_bound_scalar(bounds.sums.data(), bounds.sums.size() / 2, bounds.limits), plain);
    EXPECT_EQ(find_best_bound()(bounds.sums.data(), bounds.sums.size() / 2, bounds.limits), plain);
    // Beside a penalty as great as this all scores are nearly 0, but the best is still the best.
    bounds.limits.l2 = 1e300;
    EXPECT_LT(find_best_bound()(bounds.sums.data(), bounds.sums.size() / 2, bounds.limits), bounds.sums.size() / 2);
  }
}

TEST(BestBound, SplitsWhereTheGradientsChangeSign) {
  // Four bins of two rows each: gradients -3, -1, 2, 2.
  std::vector<int64_t> sums = {-3, (2 << 4) + 2, -4, (4 << 4) + 4, -2, (6 << 4) + 6, 0, (8 << 4) + 8};
  while (sums.size() < 2 * kBoundLines) sums.insert(sums.end(), {0, (8 << 4) + 8});
  BoundLimits limits{.count_bits = 4, .total = {0, (8 << 4) + 8}};
  EXPECT_EQ(find_best_bound()(sums.data(), kBoundLines, limits), 1U);
  limits.min_count = 5;
  EXPECT_EQ(find_best_bound()(sums.data(), kBoundLines, limits), kBoundLines);
}

TEST(BestBound, ASideWithoutHessiansScoresNothing) {
  // Bins whose hessians sum to nothing, then two with some: the gradients of the first count for nothing.
  std::vector<int64_t> sums = {9, 2, 8, (4 << 4) + 4, 0, (8 << 4) + 8};
  while (sums.size() < 2 * kBoundLines) sums.insert(sums.end(), {0, (8 << 4) + 8});
  const BoundLimits limits{.count_bits = 4, .total = {0, (8 << 4) + 8}};
  const std::string before = simd_target();
  for (const std::string& target : simd_targets()) {
    SCOPED_TRACE(target);
    set_simd_target(target);
    EXPECT_EQ(find_best_bound()(sums.data(), kBoundLines, limits), 1U);
  }
  set_simd_target(before);
}

}  // namespace
}  // namespace kolosal
