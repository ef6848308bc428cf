#include "kolosal/kernels/rounded_panels.h"

#include <gtest/gtest.h>

#include <bit>

#include "kolosal/kernels/kernels_test_rows.h"

namespace kolosal {
namespace {

using kernels_test::for_each_target;
using kernels_test::normals;

constexpr uint32_t kUnwritten = 0xdeadbeef;

TEST(RoundedPanels, NumbersBecomeTheNearestTiesEven) {
  const auto rounded = [](float number) { return from_bfloat16(to_bfloat16(number)); };
  EXPECT_EQ(rounded(1.0F), 1.0F);
  EXPECT_EQ(rounded(-3.140625F), -3.140625F);
  EXPECT_EQ(rounded(1 + 0x1p-8F), 1.0F);             // a tie, to the even one
  EXPECT_EQ(rounded(1 + 3 * 0x1p-8F), 1 + 0x1p-6F);  // a tie, to the even one
  EXPECT_EQ(rounded(1 + 0x1p-8F + 0x1p-20F), 1 + 0x1p-7F);
  EXPECT_EQ(rounded(std::numeric_limits<float>::max()), std::numeric_limits<float>::infinity());
  EXPECT_EQ(rounded(-std::numeric_limits<float>::infinity()), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(rounded(std::numeric_limits<float>::quiet_NaN())));
  EXPECT_TRUE(std::isnan(rounded(std::bit_cast<float>(0x7fffffffU))));
  EXPECT_TRUE(std::isnan(rounded(std::bit_cast<float>(0x7f800001U))));
  EXPECT_EQ(std::signbit(rounded(-0.0F)), true);
  EXPECT_EQ(rounded(0x1p-130F), 0x1p-130F);
}

// Numbers of every kind in panels.
std::vector<float> all_kinds(size_t n) {
  std::vector<float> numbers = normals(n, 1);
  const float rare[] = {1 + 0x1p-8F, std::numeric_limits<float>::max(), -std::numeric_limits<float>::infinity(), -0.0F,
                        0x1p-130F,   std::bit_cast<float>(0x7fffffffU), std::bit_cast<float>(0xff800001U)};
  for (size_t i = 0; i < n; i += 5) numbers[i] = rare[i / 5 % std::size(rare)];
  return numbers;
}

TEST(RoundedPanels, PairsAreThoseOfThePlainLoopsToTheBit) {
  for_each_target([] {
    for (const size_t n_rows : {1U, 2U, 7U, 31U, 32U, 40U})
      for (const size_t n_columns : {1U, 16U, 20U, 32U, 48U}) {
        const size_t step = n_rows * kWidthStep + 8, n_words = padded_width(n_rows) * padded_width(n_columns) * 2;
        const std::vector<float> numbers = all_kinds(step * padded_width(n_columns) / kWidthStep);
        const Panels from{numbers.data(), step, n_rows, n_columns};
        std::vector<uint32_t> out(n_words, kUnwritten), expected(out);
        round_row_pairs(from, out.data(), padded_width(n_rows) * kWidthStep);
        scalar::round_row_pairs(from, expected.data(), padded_width(n_rows) * kWidthStep);
        EXPECT_EQ(out, expected);
        round_column_pairs(from, out.data(), step);
        scalar::round_column_pairs(from, expected.data(), step);
        EXPECT_EQ(out, expected);
      }
  });
}

TEST(RoundedPanels, PairsHoldTheirNumbersAndZerosBeyond) {
  const std::vector<float> numbers = normals(3 * 2 * kWidthStep, 2);
  const size_t step = 3 * kWidthStep;
  const Panels from{numbers.data(), step, 3, 20};
  const auto number = [&](size_t i, size_t j) { return to_bfloat16(numbers[place_in_panels(step, i, j)]); };
  std::vector<uint32_t> rows(2 * kWidthStep * kWidthStep, kUnwritten), columns(step, kUnwritten);
  round_row_pairs(from, rows.data(), kWidthStep * kWidthStep);
  EXPECT_EQ(rows[place_in_panels(kWidthStep * kWidthStep, 0, 17)], number(0, 17) | static_cast<uint32_t>(number(1, 17)) << 16);
  EXPECT_EQ(rows[place_in_panels(kWidthStep * kWidthStep, 1, 17)], number(2, 17));
  EXPECT_EQ(rows[place_in_panels(kWidthStep * kWidthStep, 15, 17)], 0U);
  round_column_pairs(from, columns.data(), step);
  EXPECT_EQ(columns[kWidthStep + 9], number(1, 18) | static_cast<uint32_t>(number(1, 19)) << 16);
  const Panels first{numbers.data(), step, 3, 16};
  round_column_pairs(first, columns.data(), step);
  EXPECT_EQ(columns[kWidthStep + 7], number(1, 14) | static_cast<uint32_t>(number(1, 15)) << 16);
  EXPECT_EQ(columns[kWidthStep + 8], 0U);
}

TEST(RoundedPanels, WordsAreTurnedAndNoOthersWritten) {
  for_each_target([] {
    for (const size_t n_rows : {1U, 4U, 7U, 16U, 19U})
      for (const size_t n_columns : {16U, 32U}) {
        std::vector<uint32_t> words(n_rows * n_columns);
        for (size_t i = 0; i < words.size(); ++i) words[i] = static_cast<uint32_t>(i);
        std::vector<uint32_t> out(padded_width(n_rows) * n_columns, kUnwritten), expected(out);
        const WordPanels from{words.data(), n_rows * kWidthStep, n_rows, n_columns};
        transpose_words(from, out.data(), n_columns * kWidthStep);
        for (size_t i = 0; i < n_rows; ++i)
          for (size_t j = 0; j < n_columns; ++j)
            expected[place_in_panels(n_columns * kWidthStep, j, i)] = words[place_in_panels(n_rows * kWidthStep, i, j)];
        EXPECT_EQ(out, expected);
      }
  });
}

}  // namespace
}  // namespace kolosal
