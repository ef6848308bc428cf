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
  std::vector<double> g(400), h(400);
  for (double& each : g) each = stream.normal();
  for (double& each : h) each = stream.uniform();
  g[7] = h[7] = 1e6;
  g[8] = -1e6;
  h[8] = 0;
  for (const uint32_t every : {1U, 3U}) {
    std::vector<GradientRow> plain = make_rows(131, every, kFirst);
    round_gradients_scalar(g.data(), h.data(), kFirst, 700, 1000, 0x123456789abcdef, plain);
    for (const std::string& target : simd_targets()) {
      SCOPED_TRACE(target);
      set_simd_target(target);
      std::vector<GradientRow> found = make_rows(131, every, kFirst);
      round_gradients(g.data(), h.data(), kFirst, 700, 1000, 0x123456789abcdef, found);
      for (size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(found[i].row, plain[i].row);
        EXPECT_EQ(found[i].gradient, plain[i].gradient);
        EXPECT_EQ(found[i].hessian, plain[i].hessian);
      }
    }
  }
}

TEST_F(GradientRows, AreRoundedToEitherSideSoThatTheMeanIsRight) {
  const std::vector<double> g(40'000, -1.15), h(g.size(), 0.875);
  std::vector<GradientRow> rows = make_rows(g.size(), 1);
  round_gradients(g.data(), h.data(), 0, 2, 2, 5, rows);
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

// n sums, packed, of up to `most` rows each.
std::vector<int64_t> make_packed(size_t n, size_t most, uint64_t seed) {
  RandomStream stream(seed, "packed");
  std::vector<int64_t> packed(n, 0);
  for (int64_t& word : packed)
    for (size_t i = stream.below(most + 1); i > 0; --i)
      word +=
          PackedSum::of({0, static_cast<int16_t>(static_cast<int>(stream.below(4095)) - 2047), static_cast<uint16_t>(stream.below(1024))});
  return packed;
}

TEST_F(GradientRows, PackedSumsAreSubtractedFromWideOnesByEveryInstructionSet) {
  constexpr int kCountBits = 20;
  constexpr size_t kSums = 37;
  // What two sides sum to has more rows than a word counts; the second side has not.
  const std::vector<int64_t> first = make_packed(kSums, PackedSum::kMost, 1), second = make_packed(kSums, PackedSum::kMost, 2);
  std::vector<GradientSum> both;
  for (size_t i = 0; i < kSums; ++i) both.push_back(PackedSum::widened(first[i], kCountBits) + PackedSum::widened(second[i], kCountBits));
  for (const std::string& target : simd_targets()) {
    SCOPED_TRACE(target);
    set_simd_target(target);
    std::vector<GradientSum> wide = both;
    subtract_packed(first.data(), kSums, kCountBits, wide.data());
    std::vector<GradientSum> room = both;
    auto* const words = reinterpret_cast<int64_t*>(room.data());
    pack_difference(room.data(), first.data(), kSums, kCountBits, words);
    for (size_t i = 0; i < kSums; ++i) {
      const GradientSum rest = PackedSum::widened(second[i], kCountBits);
      EXPECT_EQ(wide[i][0], rest[0]);
      EXPECT_EQ(wide[i][1], rest[1]);
      EXPECT_EQ(words[i], second[i]);
    }
  }
}

TEST_F(GradientRows, AreSummedAlikeByEveryInstructionSet) {
  RandomStream stream(4, "rows");
  for (const size_t n : {0, 1, 8, 61}) {
    std::vector<GradientRow> rows = make_rows(n, 3);
    int64_t gradient = 0, hessian = 0;
    for (GradientRow& row : rows) {
      gradient += row.gradient = static_cast<int16_t>(static_cast<int>(stream.below(4095)) - 2047);
      hessian += row.hessian = static_cast<uint16_t>(stream.below(1024));
    }
    for (const std::string& target : simd_targets()) {
      SCOPED_TRACE(target);
      set_simd_target(target);
      const GradientSum sum = sum_of_rows(rows, 20);
      EXPECT_EQ(sum[0], gradient);
      EXPECT_EQ(sum[1], (hessian << 20) + static_cast<int64_t>(n));
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
