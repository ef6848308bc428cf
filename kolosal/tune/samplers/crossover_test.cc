#include "kolosal/tune/samplers/crossover.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "kolosal/base/json.h"

namespace kolosal {
namespace {

Crossover crossover(const std::string& text) { return Crossover::from_value(parse_json(text), "crossover"); }

struct Moments {
  double mean = 0, deviation = 0, least = 1e9, most = -1e9;
};
Moments moments_of(const std::string& text, double a, double b) {
  const Crossover made = crossover(text);
  RandomStream stream(1, "moments");
  Moments told;
  double squares = 0;
  constexpr int kDraws = 20000;
  for (int i = 0; i < kDraws; ++i) {
    const double x = made.number(a, b, -10, 10, i % 2 == 0, stream);
    told.mean += x / kDraws;
    squares += x * x / kDraws;
    told.least = std::min(told.least, x);
    told.most = std::max(told.most, x);
  }
  told.deviation = std::sqrt(squares - told.mean * told.mean);
  return told;
}

TEST(Crossover, ChildrenOfTwoLieWhereTheirKindSays) {
  const Moments uniform = moments_of(R"("uniform")", 1, 3), blend = moments_of(R"("blx_alpha")", 1, 3),
                wide = moments_of(R"({"kind": "blx_alpha", "alpha": 2})", 1, 3);
  EXPECT_NEAR(uniform.deviation, 1, 1e-9);
  EXPECT_NEAR(blend.deviation, 4 / std::sqrt(12), 0.02);  // even over [0, 4]
  EXPECT_NEAR(blend.least, 0, 0.01);
  EXPECT_NEAR(wide.most, 7, 0.02);
  for (const char* text : {R"("sbx")", R"("vsbx")"}) {
    const Moments near = moments_of(text, 1, 3), far = moments_of("{\"kind\": " + std::string(text) + ", \"eta\": 1}", 1, 3);
    EXPECT_NEAR(near.mean, 2, 0.02) << text;
    EXPECT_NEAR(near.deviation, 1, 0.06) << text;
    EXPECT_GT(far.deviation, 1.2 * near.deviation) << text;
  }
  // The middle between far parents, which sbx leaves almost empty, and the range beyond.
  EXPECT_GE(moments_of(R"("vsbx")", -9.9, 9.9).least, -10);
  EXPECT_LE(moments_of(R"({"kind": "vsbx", "eta": 0})", -9.9, 9.9).most, 10);
}

TEST(Crossover, ChildrenOfThreeKeepTheirMeanAndTheirPlane) {
  const std::array<std::vector<double>, 3> parents = {{{0.4, 0.5, 0.5}, {0.6, 0.5, 0.5}, {0.5, 0.6, 0.5}}};
  const std::vector<double> centre = {0.5, 0.5 + 0.1 / 3, 0.5};
  for (const char* text : {R"("spx")", R"("undx")"}) {
    const Crossover made = crossover(text);
    RandomStream stream(2, "three");
    std::vector<double> mean(3), spread(3);
    for (int i = 0; i < 20000; ++i) {
      const std::vector<double> x = made.point(parents, stream);
      for (size_t j = 0; j < 3; ++j) {
        mean[j] += x[j] / 20000;
        spread[j] += (x[j] - centre[j]) * (x[j] - centre[j]) / 20000;
      }
    }
    EXPECT_NEAR(mean[0], 0.5, 0.003) << text;
    EXPECT_NEAR(mean[1], made.kind == CrossoverKind::Spx ? 0.5 + 0.1 / 3 : 0.5, 0.003) << text;
    if (made.kind == CrossoverKind::Spx) {
      EXPECT_EQ(spread[2], 0);  // the plane of the parents
      EXPECT_GT(spread[1], 1e-4);
    } else {
      EXPECT_NEAR(std::sqrt(spread[0]), 0.1, 0.003);                  // half of 0.2
      EXPECT_NEAR(std::sqrt(spread[2]), 0.035 / std::sqrt(3), 1e-3);  // across: 0.1 is how far the third is off
    }
  }
  RandomStream stream(3, "same");
  const std::vector<double> same(2, 0.25);
  EXPECT_EQ(crossover(R"("undx")").point({same, same, same}, stream), same);
}

TEST(Crossover, RefusesWhatTheKindHasNot) {
  EXPECT_THROW(crossover(R"("two_point")"), Error);
  EXPECT_THROW(crossover(R"({"kind": "uniform", "alpha": 0.5})"), Error);
  EXPECT_THROW(crossover(R"({"kind": "undx", "epsilon": 1})"), Error);
  EXPECT_THROW(crossover(R"({"kind": "blx_alpha", "alpha": -1})"), Error);
  EXPECT_THROW(crossover("3"), Error);
}

}  // namespace
}  // namespace kolosal
