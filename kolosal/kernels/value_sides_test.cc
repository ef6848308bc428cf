#include "kolosal/kernels/value_sides.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "kolosal/base/random.h"
#include "kolosal/kernels/kernels.h"

namespace kolosal {
namespace {

TEST(ValueSides, AreTheSameBitsWithEveryInstructionSet) {
  const std::string before = simd_target();
  RandomStream stream(1, "sides");
  constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
  for (const size_t n : {size_t{1}, size_t{8}, size_t{21}, size_t{300}}) {
    std::vector<float> x(padded_sides(n), kNone);
    std::vector<double> weights(x.size(), 1e9), targets(x.size(), 1e9);
    double weight = 0, sum = 0;
    size_t count = 0, present = 0;
    for (size_t i = 0; i < n; ++i) {
      x[i] = stream.below(5) == 0 ? kNone : static_cast<float>(stream.normal());
      weights[i] = stream.uniform();
      targets[i] = stream.normal();
      present += x[i] == x[i];
      if (!(x[i] <= 0.25F)) continue;
      weight += weights[i];
      sum += weights[i] * targets[i];
      ++count;
    }
    const SideSums plain = sum_up_to_scalar(x.data(), weights.data(), targets.data(), x.size(), 0.25F);
    EXPECT_NEAR(plain.weight, weight, 1e-12);
    EXPECT_NEAR(plain.sum, sum, 1e-12);
    const ValueRange plain_range = find_range_scalar(x.data(), x.size());
    for (const std::string& target : simd_targets()) {
      SCOPED_TRACE(target);
      set_simd_target(target);
      const SideSums found = sum_up_to()(x.data(), weights.data(), targets.data(), x.size(), 0.25F);
      EXPECT_EQ(found.weight, plain.weight);
      EXPECT_EQ(found.sum, plain.sum);
      EXPECT_EQ(found.count, count);
      const ValueRange range = find_range()(x.data(), x.size());
      EXPECT_EQ(range.least, plain_range.least);
      EXPECT_EQ(range.most, plain_range.most);
      EXPECT_EQ(range.n_present, present);
    }
  }
  set_simd_target(before);
}

}  // namespace
}  // namespace kolosal
