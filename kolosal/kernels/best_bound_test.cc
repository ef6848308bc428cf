#include "kolosal/kernels/best_bound.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kolosal/base/random.h"
#include "kolosal/kernels/kernels.h"

namespace kolosal {
namespace {

TEST(BestBound, IsTheSameWithEveryInstructionSet) {
  const std::string before = simd_target();
  for (const size_t n : {size_t{1}, size_t{3}, size_t{8}, size_t{19}, size_t{255}})
    for (uint64_t seed = 0; seed < 30; ++seed) {
      RandomStream stream(seed, "bounds", n);
      BoundLimits limits{.count_bits = 12, .gradient_step = 0.25, .hessian_step = 0.5};
      limits.min_count = static_cast<int64_t>(stream.below(20));
      limits.min_hessian = seed % 2 == 0 ? 0 : 30;
      limits.l1 = seed % 3 == 0 ? 0 : 2;
      limits.l2 = seed % 5 == 0 ? 0 : 1;
      std::vector<int64_t> sums(2 * n);
      for (size_t i = 0; i < n; ++i) {
        const bool empty = stream.below(4) == 0;
        limits.total[0] += sums[2 * i] = empty ? 0 : static_cast<int64_t>(stream.below(200)) - 100;
        limits.total[1] += sums[2 * i + 1] = empty ? 0 : static_cast<int64_t>((stream.below(50) << 12) + stream.below(9) + 1);
        sums[2 * i] = limits.total[0];
        sums[2 * i + 1] = limits.total[1];
      }
      const BestBound plain = best_bound_scalar(sums.data(), n, limits);
      for (const std::string& target : simd_targets()) {
        SCOPED_TRACE(target);
        set_simd_target(target);
        const BestBound found = find_best_bound()(sums.data(), n, limits);
        EXPECT_EQ(found.score, plain.score);
        if (std::isfinite(plain.score)) {
          EXPECT_EQ(found.place, plain.place);
        }
      }
    }
  set_simd_target(before);
}

TEST(BestBound, SplitsWhereTheGradientsChangeSign) {
  // Four bins of two rows each: gradients -3, -1, 2, 2.
  const std::vector<int64_t> sums = {-3, (2 << 4) + 2, -4, (4 << 4) + 4, -2, (6 << 4) + 6, 0, (8 << 4) + 8};
  BoundLimits limits{.count_bits = 4, .total = {0, (8 << 4) + 8}};
  const BestBound found = find_best_bound()(sums.data(), 4, limits);
  EXPECT_EQ(found.place, 1U);
  EXPECT_DOUBLE_EQ(found.score, 16.0 / 4 + 16.0 / 4);
  limits.min_count = 5;
  EXPECT_TRUE(std::isinf(find_best_bound()(sums.data(), 4, limits).score));
}

}  // namespace
}  // namespace kolosal
