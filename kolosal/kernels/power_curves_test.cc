#include "kolosal/kernels/power_curves.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "kolosal/base/random.h"
#include "kolosal/kernels/kernels.h"

namespace kolosal {
namespace {

class PowerCurves : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { set_simd_target(GetParam()); }
  void TearDown() override { set_simd_target(simd_targets().front()); }
};

constexpr double kLambdas[] = {-30, -2.5, -1, -1e-6, 0, 1e-9, 0.3, 1, 2, 2.5, 30};

std::vector<double> numbers() {
  const double inf = std::numeric_limits<double>::infinity();
  std::vector<double> made{0.0, -0.0, 1e-300, -1e-300, 5e-324, 1e-9, -1e-9, 1e300, -1e300, 1e18, -1e18, inf, -inf, std::nan("")};
  RandomStream random(3, "power_curves");
  for (int i = 0; i < 200; ++i) made.push_back(random.normal() * std::pow(10.0, static_cast<double>(i % 9) - 4));
  return made;
}

void expect_same(double found, double known, double x, double lambda) {
  if (std::isnan(known)) EXPECT_TRUE(std::isnan(found)) << x << " " << lambda;
  else if (std::isinf(known)) EXPECT_EQ(found, known) << x << " " << lambda;
  else EXPECT_NEAR(found, known, 1e-12 * std::abs(known)) << x << " " << lambda;
}

TEST_P(PowerCurves, AreThoseOfOneNumber) {
  const std::vector<double> x = numbers();
  std::vector<double> made(x.size()), log(x.size());
  signed_log1p(x, log);
  for (const double lambda : kLambdas) {
    box_cox(x, lambda, 0, 1, made);
    for (size_t i = 0; i < x.size(); ++i) expect_same(made[i], box_cox(x[i], lambda), x[i], lambda);
    yeo_johnson(x, lambda, 0, 1, made);
    for (size_t i = 0; i < x.size(); ++i) expect_same(made[i], yeo_johnson(x[i], lambda), x[i], lambda);
  }
  for (size_t i = 0; i < x.size(); ++i) expect_same(log[i], std::copysign(std::log1p(std::abs(x[i])), x[i]), x[i], 0);
}

TEST_P(PowerCurves, GiveANumberTheSameInASpanOfAnyLength) {
  const std::vector<double> x = numbers();
  std::vector<double> all(x.size()), part(x.size());
  yeo_johnson(x, 0.3, 1.5, 2, all);
  for (size_t from = 0; from < 20; ++from) {
    yeo_johnson(std::span(x).subspan(from), 0.3, 1.5, 2, std::span(part).subspan(from));
    for (size_t i = from; i < x.size(); ++i) ASSERT_TRUE(part[i] == all[i] || std::isnan(all[i])) << x[i];
  }
}

TEST_P(PowerCurves, SumWhatTheCurvesGive) {
  RandomStream random(4, "power_sums");
  for (const size_t n : {1U, 7U, 8U, 61U}) {
    std::vector<double> x(n), log(n), weights(n), positive(n);
    for (size_t i = 0; i < n; ++i) {
      x[i] = 3 * random.normal();
      positive[i] = std::log(std::abs(x[i]));
      weights[i] = random.uniform();
    }
    signed_log1p(x, log);
    for (const double lambda : {-1.5, 0.0, 0.4, 2.0}) {
      PowerSums known, weighed;
      for (size_t i = 0; i < n; ++i) {
        const double y = yeo_johnson(x[i], lambda) - 0.7, z = box_cox(std::abs(x[i]), lambda) - 0.7;
        known = {known.weight + 1, known.first + y, known.second + y * y};
        weighed = {weighed.weight + weights[i], weighed.first + weights[i] * z, weighed.second + weights[i] * z * z};
      }
      const PowerSums found = yeo_johnson_sums(log, {}, lambda, 0.7), other = box_cox_sums(positive, weights, lambda, 0.7);
      EXPECT_EQ(found.weight, known.weight);
      EXPECT_NEAR(found.first, known.first, 1e-11 * (1 + known.second));
      EXPECT_NEAR(found.second, known.second, 1e-11 * (1 + known.second));
      EXPECT_NEAR(other.weight, weighed.weight, 1e-12);
      EXPECT_NEAR(other.first, weighed.first, 1e-11 * (1 + weighed.second));
      EXPECT_NEAR(other.second, weighed.second, 1e-11 * (1 + weighed.second));
    }
  }
}

TEST_P(PowerCurves, SumToInfinityWhereTheyOverflow) {
  const std::vector<double> log{1, 60, 2};
  EXPECT_TRUE(std::isinf(yeo_johnson_sums(log, {}, 20, 0).second));
  EXPECT_TRUE(std::isinf(box_cox_sums(log, {}, 20, 0).second));
}

INSTANTIATE_TEST_SUITE_P(EveryTarget, PowerCurves, testing::ValuesIn(simd_targets()), [](const auto& target) { return target.param; });

}  // namespace
}  // namespace kolosal
