#include "kolosal/kernels/matrix_product.h"

#include <gtest/gtest.h>

#include "kolosal/kernels/bfloat16_unit.h"
#include "kolosal/kernels/kernels_test_rows.h"
#include "kolosal/kernels/rounded_panels.h"

namespace kolosal {
namespace {

using kernels_test::farthest;
using kernels_test::for_each_target;
using kernels_test::normals;

constexpr size_t kGap = 32;  // numbers between panels

// A matrix of normal numbers in panels with a gap between them, whose columns beyond the last are normal numbers, too.
struct Made {
  Made(size_t n_rows, size_t n_columns, uint64_t seed)
      : numbers(normals((n_rows * kWidthStep + kGap) * (n_columns / kWidthStep + 1), seed)),
        panels{numbers.data(), n_rows * kWidthStep + kGap, n_rows, n_columns} {}
  std::vector<float> numbers;
  Panels panels;
};

TEST(MatrixProduct, IsThatOfThePlainLoopsOfAMatrixAndItsTranspose) {
  for_each_target([] {
    for (const size_t n_rows : {1U, 2U, 3U, 5U, 6U, 7U, 8U, 9U, 16U, 33U})
      for (const size_t depth : {0U, 1U, 15U, 16U, 40U})
        for (const size_t width : {1U, 16U, 20U, 48U}) {
          const Made left(n_rows, depth, n_rows), across(depth, n_rows, n_rows), right(depth, width, width);
          const size_t step = padded_width(n_rows) * kWidthStep + kGap;
          std::vector<float> out(padded_width(width) / kWidthStep * step, -1.0F), expected(out);
          multiply(left.panels, right.panels, out.data(), step);
          scalar::multiply(left.panels, right.panels, expected.data(), step);
          EXPECT_LT(farthest(out, expected), 1e-5);
          multiply_transposed(across.panels, right.panels, out.data(), step);
          scalar::multiply_transposed(across.panels, right.panels, expected.data(), step);
          EXPECT_LT(farthest(out, expected), 1e-5);
        }
  });
}

TEST(MatrixProduct, IsTheSumOfProductsOfRowsAndColumns) {
  const Made left(2, 18, 1), right(18, 17, 2);
  std::vector<float> out(2 * 2 * kWidthStep);
  multiply(left.panels, right.panels, out.data(), 2 * kWidthStep);
  double sum = 0;
  for (size_t k = 0; k < 18; ++k)
    sum +=
        static_cast<double>(left.numbers[k / 16 * (32 + kGap) + 16 + k % 16]) * static_cast<double>(right.numbers[18 * 16 + kGap + k * 16]);
  EXPECT_NEAR(static_cast<double>(out[2 * kWidthStep + 16]), sum, 1e-5);
}

// A row of the product has the same bits where its row of `left` is alone.
template <class Matrix>
void expect_rows_alone(const Matrix& left, const Matrix& right) {
  const size_t n_rows = left.n_rows, step = n_rows * kWidthStep;
  for_each_target([&] {
    std::vector<float> together(step * right.n_columns / kWidthStep), alone(together);
    multiply(left, right, together.data(), step);
    for (size_t i = 0; i < n_rows; ++i) {
      Matrix row = left;
      row.first += i * kWidthStep;
      row.n_rows = 1;
      multiply(row, right, alone.data() + i * kWidthStep, step);
    }
    EXPECT_EQ(together, alone);
  });
}

TEST(MatrixProduct, GivesARowTheSameBitsAloneAndAmongOthers) { expect_rows_alone(Made(29, 50, 1).panels, Made(50, 80, 2).panels); }

// A matrix of words of normal numbers, rounded, in panels with a gap between them.
struct MadeWords {
  MadeWords(size_t n_rows, size_t n_columns, uint64_t seed)
      : words((n_rows * kWidthStep + kGap) * padded_width(n_columns) / kWidthStep),
        panels{words.data(), n_rows * kWidthStep + kGap, n_rows, n_columns} {
    const std::vector<float> numbers = normals(2 * words.size(), seed);
    for (size_t i = 0; i < words.size(); ++i)
      words[i] = to_bfloat16(numbers[2 * i]) | static_cast<uint32_t>(to_bfloat16(numbers[2 * i + 1])) << 16;
  }
  std::vector<uint32_t> words;
  WordPanels panels;
};

TEST(MatrixProduct, OfWordsIsThatOfThePlainLoops) {
  for_each_target([] {
    SCOPED_TRACE(simd_target());
    for (const size_t n_rows : {1U, 2U, 5U, 8U, 9U, 15U, 16U, 17U, 32U, 33U, 50U})
      for (const size_t depth : {0U, 16U, 48U})
        for (const size_t width : {1U, 16U, 20U, 48U, 64U}) {
          const MadeWords left(n_rows, depth, n_rows), right(depth, width, width);
          const size_t step = n_rows * kWidthStep + kGap;
          std::vector<float> out(padded_width(width) / kWidthStep * step, -1.0F), expected(out);
          multiply(left.panels, right.panels, out.data(), step);
          scalar::multiply(left.panels, right.panels, expected.data(), step);
          EXPECT_LT(farthest(out, expected), 1e-5);
          if (bfloat16_unit() == Bfloat16Unit::None) {
            EXPECT_EQ(out, expected);
          }
        }
  });
}

TEST(MatrixProduct, OfWordsIsTheSumOfProductsOfBothNumbersOfEach) {
  const MadeWords left(2, 16, 1), right(16, 17, 2);
  std::vector<float> out(2 * 2 * kWidthStep);
  multiply(left.panels, right.panels, out.data(), 2 * kWidthStep);
  double sum = 0;
  for (size_t k = 0; k < 16; ++k)
    for (const unsigned half : {0U, 16U}) {
      const float a = from_bfloat16(static_cast<uint16_t>(left.words[16 + k] >> half));
      const float b = from_bfloat16(static_cast<uint16_t>(right.words[16 * 16 + kGap + k * 16] >> half));
      sum += static_cast<double>(a) * static_cast<double>(b);
    }
  EXPECT_NEAR(static_cast<double>(out[2 * kWidthStep + 16]), sum, 1e-5);
}

TEST(MatrixProduct, OfWordsGivesARowTheSameBitsAloneAndAmongOthers) {
  expect_rows_alone(MadeWords(45, 48, 1).panels, MadeWords(48, 80, 2).panels);
}

TEST(MatrixProduct, OfWordsCarriesInfinityAndWhatIsNotANumber) {
  MadeWords left(3, 16, 1);
  const MadeWords right(16, 16, 2);
  left.words[0] = to_bfloat16(std::numeric_limits<float>::infinity());
  left.words[16] = to_bfloat16(std::numeric_limits<float>::quiet_NaN());
  for_each_target([&] {
    std::vector<float> out(3 * kWidthStep);
    multiply(left.panels, right.panels, out.data(), out.size());
    EXPECT_TRUE(std::isinf(out[0]));
    EXPECT_TRUE(std::isnan(out[16]));
    EXPECT_TRUE(std::isfinite(out[32]));
  });
}

TEST(MatrixProduct, PanelsHoldAMatrixAndZerosBesideIt) {
  const size_t n_rows = 3, n_columns = 20, step = n_rows * kWidthStep;
  const std::vector<float> from = normals(n_rows * n_columns, 3);
  std::vector<float> panels(2 * step, -1.0F), back(from.size());
  to_panels(from.data(), n_columns, n_rows, n_columns, panels.data(), step);
  EXPECT_EQ(panels[place_in_panels(step, 2, 17)], from[2 * n_columns + 17]);
  EXPECT_EQ(panels[place_in_panels(step, 2, 20)], 0.0F);
  from_panels({panels.data(), step, n_rows, n_columns}, back.data(), n_columns);
  EXPECT_EQ(back, from);
}

}  // namespace
}  // namespace kolosal
