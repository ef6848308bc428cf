#include "kolosal/kernels/mixture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kolosal/base/random.h"
#include "kolosal/kernels/kernels.h"

namespace kolosal {
namespace {

TEST(Mixture, IsTheSumOfProductsWithTheSameBitsOnEveryInstructionSet) {
  constexpr size_t kDims = 3, kKernels = 37;
  RandomStream stream(0, "mixture");
  const auto draw = [&](size_t n) {
    std::vector<double> x(n);
    for (double& v : x) v = stream.normal();
    return x;
  };
  const auto centers = draw(kDims * kKernels), scales = draw(kDims * kKernels), points = draw(kDims * kMixturePoints);
  const auto base = draw(kMixturePoints * kKernels);
  const std::string before = simd_target();
  std::vector<double> first;
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    auto out = base;
    subtract_squares(centers.data(), scales.data(), kDims, kKernels, points.data(), out.data());
    std::vector<double> sums(kMixturePoints);
    for (size_t p = 0; p < kMixturePoints; ++p) {
      double exact = 0;
      for (size_t i = 0; i < kKernels; ++i) {
        double z = base[p * kKernels + i];
        for (size_t d = 0; d < kDims; ++d)
          z -= std::pow((points[d * kMixturePoints + p] - centers[d * kKernels + i]) * scales[d * kKernels + i], 2);
        exact += std::exp(z);
      }
      sums[p] = log_sum_exp(std::span(out).subspan(p * kKernels, kKernels));
      EXPECT_NEAR(sums[p], std::log(exact), 1e-13) << target;
    }
    if (first.empty()) first = sums;
    EXPECT_EQ(sums, first) << target;
  }
  set_simd_target(before);
}

TEST(Mixture, NumbersFarBelowTheMostAddNothing) {
  std::vector<double> x = {-2000, 0, -1e5, 0};
  EXPECT_DOUBLE_EQ(log_sum_exp(x), std::log(2.0));
  EXPECT_EQ(log_sum_exp({}), -std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace kolosal
