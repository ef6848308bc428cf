#include "kolosal/kernels/normal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace kolosal {
namespace {

TEST(NormalQuantile, UndoesTheDistributionFunction) {
  for (double x = -37; x <= 5; x += 0.01) {
    const double p = normal_cdf(x);
    // What a rounding of p moves x by: p / density.
    const double moved = std::numeric_limits<double>::epsilon() * p * std::sqrt(2 * 3.14159265358979) * std::exp(x * x / 2);
    EXPECT_NEAR(normal_quantile(p), x, 4 * moved + 1e-14 * std::abs(x)) << x;
  }
}

TEST(NormalQuantile, OfTheEndsIsInfiniteAndOutsideThereIsNone) {
  EXPECT_EQ(normal_quantile(0.5), 0);
  EXPECT_EQ(normal_quantile(0), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(normal_quantile(1), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(normal_quantile(-0.1)));
  EXPECT_TRUE(std::isnan(normal_quantile(std::nan(""))));
}

}  // namespace
}  // namespace kolosal
