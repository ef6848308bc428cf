#include "kolosal/kernels/gradient_rows.h"

#include <gtest/gtest.h>

#include <vector>

#include "kolosal/base/random.h"
#include "kolosal/kernels/kernels.h"

namespace kolosal {
namespace {

// n rows, every one or every third of those from `first` on.
std::vector<GradientRow> make_rows(size_t n, uint32_t every, uint32_t first = 0) {
  std::vector<GradientRow> rows;
  for (uint32_t i = 0; i < n; ++i) rows.push_back({first + i * every, 0, 0});
  return rows;
}

class GradientRows : public testing::Test {
 protected:
  ~GradientRows() override { set_simd_target(before_); }

 private:
  std::string before_ = simd_target();
};

TEST_F(GradientRows, AreRoundedAlikeByEveryInstructionSet) {
  constexpr uint32_t kFirst = 1000;
  RandomStream stream(1, "gradients");
  std::vector<Gradient> exact(400);
  for (Gradient& of_row : exact) of_row = {static_cast<float>(stream.normal()), static_cast<float>(stream.uniform())};
  exact[7] = {1e6F, 1e6F};
  exact[8] = {-1e6F, 0};
  for (const uint32_t every : {1U, 3U}) {
    std::vector<GradientRow> plain = make_rows(131, every, kFirst);
    round_gradients_scalar(exact.data(), kFirst, 700, 1000, 0x123456789abcdef, plain);
    for (const std::string& target : simd_targets()) {
      SCOPED_TRACE(target);
      set_simd_target(target);
      std::vector<GradientRow> found = make_rows(131, every, kFirst);
      round_gradients(exact.data(), kFirst, 700, 1000, 0x123456789abcdef, found);
      for (size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(found[i].row, plain[i].row);
        EXPECT_EQ(found[i].gradient, plain[i].gradient);
        EXPECT_EQ(found[i].hessian, plain[i].hessian);
      }
    }
  }
}

TEST_F(GradientRows, AreRoundedToEitherSideSoThatTheMeanIsRight) {
  const std::vector<Gradient> exact(40'000, Gradient{-2.3F, 1.75F});
  std::vector<GradientRow> rows = make_rows(exact.size(), 1);
  round_gradients(exact.data(), 0, 1, 1, 5, rows);
  double gradient = 0, hessian = 0, both = 0;
  for (const GradientRow& row : rows) {
    ASSERT_TRUE((row.gradient == -3 || row.gradient == -2) && (row.hessian == 1 || row.hessian == 2));
    gradient += row.gradient;
    hessian += row.hessian;
    both += (row.gradient + 2.3) * (row.hessian - 1.75);
  }
  const auto n = static_cast<double>(rows.size());
  EXPECT_NEAR(gradient / n, -2.3, 0.01);
  EXPECT_NEAR(hessian / n, 1.75, 0.01);
  EXPECT_NEAR(both / n, 0, 0.005);  // the chances of the two have nothing to do with each other
}

TEST_F(GradientRows, SumsAreMovedAlikeByEveryInstructionSet) {
  RandomStream stream(2, "sums");
  std::vector<int64_t> packed(37, 0);
  std::vector<GradientSum> sums(packed.size(), GradientSum{});
  for (size_t i = 0; i < 20'000; ++i) {
    const GradientRow row{0, static_cast<int16_t>(static_cast<int>(stream.below(4095)) - 2047), static_cast<uint16_t>(stream.below(1024))};
    const size_t bin = stream.below(packed.size());
    packed[bin] += PackedSum::of(row);
    sums[bin] += GradientSum{row.gradient, (int64_t{row.hessian} << 20) + 1};
  }
  for (const std::string& target : simd_targets()) {
    SCOPED_TRACE(target);
    set_simd_target(target);
    std::vector<int64_t> from = packed;
    std::vector<GradientSum> wide(packed.size(), GradientSum{5, 7});
    move_sums(from.data(), from.size(), 20, false, wide.data());
    EXPECT_EQ(from, std::vector<int64_t>(packed.size(), 0));
    from = packed;
    move_sums(from.data(), from.size(), 20, true, wide.data());
    for (size_t i = 0; i < wide.size(); ++i) {
      EXPECT_EQ(wide[i][0], 2 * sums[i][0]);
      EXPECT_EQ(wide[i][1], 2 * sums[i][1]);
    }
  }
}

TEST_F(GradientRows, ArePartedInTheirOrderByEveryInstructionSet) {
  RandomStream stream(3, "bins");
  constexpr size_t kStride = 3, kAfter = 7;
  for (const size_t n : {0, 1, 7, 8, 9, 61, 200}) {
    const std::vector<GradientRow> rows = make_rows(n, 2);
    std::vector<uint8_t> bins(2 * n * kStride + kAfter);
    for (uint8_t& bin : bins) bin = static_cast<uint8_t>(stream.below(256));
    for (const BinSet& left : {BinSet{0x123456789abcdef, ~uint64_t{0}, 0, 0xff00ff00ff00ff00}, BinSet{}, BinSet{~0UL, ~0UL, ~0UL, ~0UL}}) {
      std::vector<uint32_t> to_left, to_right;
      for (const GradientRow& row : rows) {
        const uint8_t bin = bins[row.row * kStride];
        (((left[bin / 64] >> (bin % 64)) & 1) != 0 ? to_left : to_right).push_back(row.row);
      }
      for (const std::string& target : simd_targets()) {
        SCOPED_TRACE(target);
        set_simd_target(target);
        std::vector<GradientRow> left_rows = rows, right_rows(n);
        const size_t n_left = part_rows(left_rows, bins.data(), kStride, left, right_rows.data());
        ASSERT_EQ(n_left, to_left.size());
        for (size_t i = 0; i < n_left; ++i) EXPECT_EQ(left_rows[i].row, to_left[i]);
        for (size_t i = 0; i < n - n_left; ++i) EXPECT_EQ(right_rows[i].row, to_right[i]);
      }
    }
  }
}

}  // namespace
}  // namespace kolosal
