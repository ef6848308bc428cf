#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "kolosal/base/random.h"
#include "kolosal/kernels/kernels.h"
#include "kolosal/kernels/row_blocks_scalar.h"

namespace kolosal {
namespace {

void for_each_target(const std::function<void()>& body) {
  for (const std::string& target : simd_targets()) {
    SCOPED_TRACE(target);
    set_simd_target(target);
    body();
  }
  set_simd_target(simd_targets().front());
}

std::vector<double> normals(size_t n, uint64_t seed) {
  RandomStream random(seed, "row blocks");
  std::vector<double> numbers(n);
  for (double& number : numbers) number = random.normal();
  return numbers;
}

void expect_near(const std::vector<double>& found, const std::vector<double>& expected, double tolerance) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], tolerance * (1 + std::abs(expected[i]))) << "at " << i;
}

// Blocks of every width around the tiles and every length around the vectors, with rows between the columns that are not theirs.
void for_each_block(const std::function<void(const ColumnBlock&)>& body) {
  for (const size_t n_columns : {1U, 2U, 3U, 4U, 5U, 7U, 8U, 9U, 11U, 13U, 21U})
    for (const size_t n_rows : {0U, 1U, 7U, 8U, 15U, 16U, 17U, 100U}) {
      const size_t stride = n_rows + 3;
      const std::vector<double> numbers = normals(stride * n_columns + 1, n_columns * 100 + n_rows);
      const std::vector<float> x(numbers.begin(), numbers.end());
      SCOPED_TRACE(std::to_string(n_rows) + " x " + std::to_string(n_columns));
      body({x.data(), stride, n_rows, n_columns});
    }
}

TEST(RowBlocks, ProductsAreThoseOfThePlainLoopsWithEveryInstructionSet) {
  for_each_target([] {
    for_each_block([](const ColumnBlock& x) {
      const std::vector<double> weights = normals(x.n_columns, 1), factors = normals(x.n_rows, 2);
      std::vector<double> sums(x.n_rows, 1.5), expected(x.n_rows, 1.5);
      add_products(x, weights.data(), sums.data());
      scalar::add_products(x, weights.data(), expected.data());
      expect_near(sums, expected, 1e-13);
      std::vector<double> across(x.n_columns, 0.5), expected_across(x.n_columns, 0.5);
      add_transposed_products(x, factors.data(), across.data());
      scalar::add_transposed_products(x, factors.data(), expected_across.data());
      expect_near(across, expected_across, 1e-12);
    });
  });
}

TEST(RowBlocks, GramMatricesAreThoseOfThePlainLoopsWithEveryInstructionSet) {
  for_each_target([] {
    for_each_block([](const ColumnBlock& x) {
      const std::vector<double> centers = normals(x.n_columns, 3), scales = normals(x.n_columns, 4), factors = normals(x.n_rows, 5);
      const size_t n_padded = padded_rows(x.n_rows), width = x.n_columns + 2;
      std::vector<double> packed(n_padded * x.n_columns, -1), expected(packed);
      pack_columns(x, centers.data(), scales.data(), factors.data(), packed.data());
      scalar::pack_columns(x, centers.data(), scales.data(), factors.data(), expected.data());
      expect_near(packed, expected, 1e-13);
      std::vector<double> gram(x.n_columns * width, 0.25), expected_gram(gram);
      add_gram(packed.data(), n_padded, x.n_columns, gram.data(), width);
      scalar::add_gram(packed.data(), n_padded, x.n_columns, expected_gram.data(), width);
      expect_near(gram, expected_gram, 1e-12);
    });
  });
}

TEST(RowBlocks, LogisticTermsAndExponentialsAreThoseOfThePlainLoops) {
  std::vector<double> margins = normals(1000, 6), truth(1000), weights = normals(1000, 7);
  for (size_t i = 0; i < 1000; ++i) {
    margins[i] *= i % 3 == 0 ? 1 : 40;
    truth[i] = static_cast<double>(i % 2);
    weights[i] = std::abs(weights[i]);
  }
  margins[0] = 800;
  margins[1] = -800;
  margins[2] = 0;
  for_each_target([&] {
    for (const size_t n : {0U, 1U, 3U, 8U, 13U, 1000U}) {
      std::vector<double> residuals(n), curvatures(n), expected_residuals(n), expected_curvatures(n), powers(n), expected_powers(n);
      const std::span<const double> m(margins.data(), n), y(truth.data(), n), s(weights.data(), n);
      const double loss = logistic_terms(m, y, s, residuals, curvatures);
      EXPECT_NEAR(loss, scalar::logistic_terms(m, y, s, expected_residuals, expected_curvatures), 1e-12 * (1 + loss));
      expect_near(residuals, expected_residuals, 1e-14);
      expect_near(curvatures, expected_curvatures, 1e-14);
      exponentials(m, powers);
      scalar::exponentials(m, expected_powers);
      expect_near(powers, expected_powers, 1e-13);
    }
  });
}

TEST(RowBlocks, ExponentialsEndWhereNumbersDo) {
  for_each_target([] {
    const std::vector<double> x{-1e308, -701, 0, 701, 1e308};
    std::vector<double> out(x.size());
    exponentials(x, out);
    EXPECT_EQ(out[0], 0);
    EXPECT_EQ(out[1], 0);
    EXPECT_EQ(out[2], 1);
    EXPECT_TRUE(std::isfinite(out[4]));
    EXPECT_NEAR(out[4], std::exp(700.0), 1e-12 * out[4]);
  });
}

}  // namespace
}  // namespace kolosal
