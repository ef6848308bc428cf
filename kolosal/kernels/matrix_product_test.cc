#include "kolosal/kernels/matrix_product.h"

#include <gtest/gtest.h>

#include "kolosal/kernels/kernels_test_rows.h"

namespace kolosal {
namespace {

using kernels_test::farthest;
using kernels_test::for_each_target;
using kernels_test::normals;

TEST(MatrixProduct, IsThatOfThePlainLoopsOfAMatrixAndItsTranspose) {
  for_each_target([] {
    for (const size_t n_rows : {1U, 2U, 3U, 4U, 7U, 8U, 9U, 15U, 33U})
      for (const size_t depth : {0U, 1U, 5U, 40U})
        for (const size_t width : {16U, 32U, 48U}) {
          const std::vector<float> left = normals(n_rows * depth + 1, n_rows), right = normals(depth * (width + 16) + 1, width);
          for (const LeftMatrix& matrix : {LeftMatrix{left.data(), depth, 1, n_rows, depth}, {left.data(), 1, n_rows, n_rows, depth}}) {
            std::vector<float> out(n_rows * (width + 3), -1.0F), expected(out);
            multiply(matrix, right.data(), width + 16, width, out.data(), width + 3);
            scalar::multiply(matrix, right.data(), width + 16, width, expected.data(), width + 3);
            EXPECT_LT(farthest(out, expected), 1e-5);
          }
        }
  });
}

TEST(MatrixProduct, GivesARowTheSameBitsAloneAndAmongOthers) {
  const size_t n_rows = 29, depth = 50, width = 80;
  const std::vector<float> left = normals(n_rows * depth, 1), right = normals(depth * width, 2);
  for_each_target([&] {
    std::vector<float> together(n_rows * width), alone(together);
    multiply({left.data(), depth, 1, n_rows, depth}, right.data(), width, width, together.data(), width);
    for (size_t i = 0; i < n_rows; ++i)
      multiply({left.data() + i * depth, depth, 1, 1, depth}, right.data(), width, width, alone.data() + i * width, width);
    EXPECT_EQ(together, alone);
  });
}

}  // namespace
}  // namespace kolosal
