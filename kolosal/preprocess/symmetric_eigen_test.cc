#include "kolosal/preprocess/symmetric_eigen.h"

#include <gtest/gtest.h>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

/// A'A of n + 3 random rows of n.
std::vector<double> gram(size_t n) {
  RandomStream random(n, "gram");
  std::vector<double> product(n * n);
  for (size_t row = 0; row < n + 3; ++row) {
    std::vector<double> x(n);
    for (double& number : x) number = random.normal();
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < n; ++j) product[i * n + j] += x[i] * x[j];
  }
  return product;
}

TEST(SymmetricEigen, GivesOrthonormalVectorsThatTheMatrixOnlyStretches) {
  for (const size_t n : {1U, 2U, 7U, 30U}) {
    const std::vector<double> matrix = gram(n);
    const auto [values, vectors] = symmetric_eigen(matrix, n);
    for (size_t k = 0; k < n; ++k) {
      if (k > 0) {
        EXPECT_GE(values[k - 1], values[k]);
      }
      for (size_t i = 0; i < n; ++i) {
        double stretched = 0, product = 0;
        for (size_t j = 0; j < n; ++j) {
          stretched += matrix[i * n + j] * vectors[k * n + j];
          product += vectors[k * n + j] * vectors[i * n + j];
        }
        EXPECT_NEAR(stretched, values[k] * vectors[k * n + i], 1e-10);
        EXPECT_NEAR(product, i == k ? 1 : 0, 1e-12);
      }
    }
  }
}

TEST(SymmetricEigen, GivesTheMatrixBack) {
  const std::vector<double> matrix{4, 1, 1e-3, 1, 3, 2e-4, 1e-3, 2e-4, 1e-6};
  const SymmetricEigen eigen = symmetric_eigen(matrix, 3);
  for (size_t i = 0; i < 3; ++i)
    for (size_t j = 0; j < 3; ++j) {
      double sum = 0;
      for (size_t k = 0; k < 3; ++k) sum += eigen.vectors[k * 3 + i] * eigen.values[k] * eigen.vectors[k * 3 + j];
      EXPECT_NEAR(sum, matrix[i * 3 + j], 1e-14);
    }
}

}  // namespace
}  // namespace kolosal
