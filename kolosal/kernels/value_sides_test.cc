#include "kolosal/kernels/value_sides.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
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

TEST(ValueSides, AllRowsAreSummedAlikeByEveryInstructionSet) {
  const std::string before = simd_target();
  RandomStream stream(2, "sums");
  for (const size_t n : {size_t{1}, size_t{8}, size_t{21}, size_t{300}}) {
    std::vector<double> weights, targets;
    double weight = 0, sum = 0;
    for (size_t i = 0; i < n; ++i) {
      weights.push_back(stream.uniform());
      targets.push_back(static_cast<double>(stream.below(3)));
      weight += weights[i];
      sum += weights[i] * targets[i];
    }
    const SideSums plain = sum_all_scalar(weights.data(), targets.data(), n);
    EXPECT_NEAR(plain.weight, weight, 1e-12);
    EXPECT_NEAR(plain.sum, sum, 1e-12);
    EXPECT_EQ(plain.count, static_cast<size_t>(std::ranges::count(targets, targets[0])));
    for (const std::string& target : simd_targets()) {
      SCOPED_TRACE(target);
      set_simd_target(target);
      const SideSums found = sum_all()(weights.data(), targets.data(), n);
      EXPECT_EQ(found.weight, plain.weight);
      EXPECT_EQ(found.sum, plain.sum);
      EXPECT_EQ(found.count, plain.count);
    }
  }
  set_simd_target(before);
}

TEST(ValueSides, RowsArePartedInTheirOrderByEveryInstructionSet) {
  const std::string before = simd_target();
  RandomStream stream(3, "parting");
  for (const size_t n : {size_t{0}, size_t{1}, size_t{8}, size_t{21}, size_t{300}})
    for (const bool missing_left : {false, true}) {
      std::vector<float> x;
      std::vector<uint32_t> rows, left, right;
      std::vector<double> targets, weights;
      for (uint32_t i = 0; i < n; ++i) {
        x.push_back(stream.below(5) == 0 ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(stream.normal()));
        rows.push_back(i);
        targets.push_back(i + 0.25);
        weights.push_back(i + 0.75);
        (x[i] <= 0.25F || (x[i] != x[i] && missing_left) ? left : right).push_back(i);
      }
      for (const std::string& target : simd_targets()) {
        SCOPED_TRACE(target);
        set_simd_target(target);
        std::vector<uint32_t> here = rows, there(n);
        std::vector<double> y = targets, w = weights, there_y(n), there_w(n);
        const size_t n_left = part_by_values()(x.data(), n, 0.25F, missing_left, {here.data(), y.data(), w.data()},
                                               {there.data(), there_y.data(), there_w.data()});
        ASSERT_EQ(n_left, left.size());
        for (size_t i = 0; i < n; ++i) {
          const bool stays = i < n_left;
          const size_t at = stays ? i : i - n_left;
          const uint32_t row = stays ? left[at] : right[at];
          EXPECT_EQ((stays ? here : there)[at], row);
          EXPECT_EQ((stays ? y : there_y)[at], row + 0.25);
          EXPECT_EQ((stays ? w : there_w)[at], row + 0.75);
        }
      }
    }
  set_simd_target(before);
}

}  // namespace
}  // namespace kolosal
