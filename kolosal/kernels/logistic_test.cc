#include "kolosal/kernels/logistic.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kolosal/base/random.h"
#include "kolosal/kernels/kernels.h"

namespace kolosal {
namespace {

std::vector<double> numbers() {
  std::vector<double> x = {0, -0.0, 1, -1, 36, -36, 700, -700, 1e6, -1e6};
  RandomStream stream(0, "logistic");
  while (x.size() < 3001) x.push_back(20 * stream.normal());
  return x;
}

TEST(Logistic, IsWithinAFewUnitsOfTheLastPlace) {
  const std::vector<double> x = numbers();
  std::vector<double> out(x.size());
  logistic(x, out);
  for (size_t i = 0; i < x.size(); ++i) {
    const double exact = static_cast<double>(1 / (1 + std::exp(static_cast<long double>(-std::clamp(x[i], -708.0, 708.0)))));
    EXPECT_NEAR(out[i], exact, 1e-15 * exact) << x[i];
  }
}

TEST(Logistic, GivesTheSameBitsWithEveryInstructionSet) {
  const std::string before = simd_target();
  std::vector<double> x = numbers(), first(x.size()), out(x.size());
  x[5] = std::numeric_limits<double>::infinity();
  logistic(x, first);
  EXPECT_EQ(first[5], 1);
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    logistic(x, out);
    EXPECT_EQ(out, first) << target;
  }
  set_simd_target(before);
  x.assign(1, std::numeric_limits<double>::quiet_NaN());
  logistic(x, std::span(out).first(1));
  EXPECT_TRUE(std::isnan(out[0]));
}

TEST(Logistic, SlopesAreThoseOfItsValuesWithEveryInstructionSet) {
  const std::string before = simd_target();
  const std::vector<double> x = numbers();
  std::vector<double> p(x.size()), truth(x.size()), g(x.size()), h(x.size());
  logistic(x, p);
  for (size_t i = 0; i < x.size(); ++i) truth[i] = static_cast<double>(i % 2);
  for (const std::string& target : simd_targets()) {
    SCOPED_TRACE(target);
    set_simd_target(target);
    logistic_slopes(x, truth, 1e-16, g, h);
    for (size_t i = 0; i < x.size(); ++i) {
      EXPECT_EQ(g[i], p[i] - truth[i]);
      EXPECT_EQ(h[i], std::max(p[i] * (1 - p[i]), 1e-16));
    }
  }
  set_simd_target(before);
}

}  // namespace
}  // namespace kolosal
