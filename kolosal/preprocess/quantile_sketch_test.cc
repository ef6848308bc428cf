#include "kolosal/preprocess/quantile_sketch.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

constexpr std::array kQuantiles{0.0, 0.001, 0.01, 0.25, 0.5, 0.75, 0.99, 0.999, 1.0};

/// The share of weight that lies below and up to `value`.
std::pair<double, double> ranks(const Sample& sorted, double value) {
  double below = 0, up_to = 0, total = 0;
  for (size_t i = 0; i < sorted.values.size(); ++i) {
    total += sorted.weight(i);
    if (sorted.values[i] < value) below += sorted.weight(i);
    if (sorted.values[i] <= value) up_to += sorted.weight(i);
  }
  return {below / total, up_to / total};
}

void expect_within_bound(const QuantileSketch& sketch, Sample sample) {
  sort_sample(sample);
  const std::vector<double> found = sketch.quantiles(kQuantiles);
  const double slack = sketch.rank_error() + 2.0 / static_cast<double>(sample.values.size());
  for (size_t i = 0; i < found.size(); ++i) {
    const auto [below, up_to] = ranks(sample, found[i]);
    EXPECT_LE(below, kQuantiles[i] + slack) << "quantile " << kQuantiles[i];
    EXPECT_GE(up_to, kQuantiles[i] - slack) << "quantile " << kQuantiles[i];
  }
  EXPECT_EQ(found.front(), sample.values.front());
  EXPECT_EQ(found.back(), sample.values.back());
}

TEST(QuantileSketch, StaysWithinTheErrorOfRankItTellsInEveryOrderOfInput) {
  RandomStream random(1, "sketch");
  Sample sample;
  for (int i = 0; i < 100'000; ++i) sample.values.push_back(std::exp(3 * random.normal()));
  for (const char* order : {"random", "ascending", "descending"}) {
    if (std::string(order) == "ascending") std::ranges::sort(sample.values);
    if (std::string(order) == "descending") std::ranges::reverse(sample.values);
    QuantileSketch sketch(256);
    for (const double value : sample.values) sketch.add(value);
    EXPECT_GT(sketch.rank_error(), 0);
    EXPECT_LT(sketch.rank_error(), std::log2(100'000.0 / 256) / (2 * 256) * 1.2) << order;
    expect_within_bound(sketch, sample);
  }
}

TEST(QuantileSketch, CountsWeights) {
  RandomStream random(2, "sketch");
  Sample sample;
  QuantileSketch sketch(128);
  for (int i = 0; i < 20'000; ++i) {
    sample.values.push_back(random.normal());
    sample.weights.push_back(random.below(100) == 0 ? 500.0 : 0.1 + random.uniform());
    sketch.add(sample.values.back(), sample.weights.back());
  }
  EXPECT_LT(sketch.rank_error(), 0.06);
  expect_within_bound(sketch, sample);
}

TEST(QuantileSketch, LosesNothingOfFewDistinctNumbers) {
  RandomStream random(3, "sketch");
  Sample sample;
  QuantileSketch sketch(64);
  for (int i = 0; i < 50'000; ++i) {
    sample.values.push_back(static_cast<double>(random.below(31)));
    sketch.add(sample.values.back());
  }
  EXPECT_EQ(sketch.rank_error(), 0);
  sort_sample(sample);
  const std::vector<double> found = sketch.quantiles(kQuantiles);
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], sorted_quantile(sample, kQuantiles[i]), 1e-9);
}

RC_GTEST_PROP(QuantileSketch, IsExactWhileAllNumbersFit, ()) {
  const auto raw = *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(-50, 50)));
  const bool weighted = *rc::gen::arbitrary<bool>();
  Sample sample;
  QuantileSketch sketch;
  for (const int value : raw) {
    sample.values.push_back(0.5 * value);
    if (weighted) sample.weights.push_back(0.25 * *rc::gen::inRange(1, 9));
    sketch.add(sample.values.back(), weighted ? sample.weights.back() : 1.0);
  }
  sort_sample(sample);
  const std::vector<double> found = sketch.quantiles(kQuantiles);
  for (size_t i = 0; i < found.size(); ++i) RC_ASSERT(std::abs(found[i] - sorted_quantile(sample, kQuantiles[i])) < 1e-9);
}

RC_GTEST_PROP(QuantileSketch, OfAnySplitMergedInAnyOrderStaysWithinTheErrorItTells, ()) {
  constexpr size_t kWidth = 32;
  RandomStream random(*rc::gen::arbitrary<uint64_t>(), "sketch");
  const auto n = *rc::gen::inRange<size_t>(1, 3000);
  std::vector<QuantileSketch> parts(*rc::gen::inRange<size_t>(1, 9), QuantileSketch(kWidth));
  Sample sample;
  for (size_t i = 0; i < n; ++i) {
    sample.values.push_back(std::exp(2 * random.normal()));
    sample.weights.push_back(1 + static_cast<double>(random.below(3)));
    parts[random.below(parts.size())].add(sample.values.back(), sample.weights.back());
  }
  while (parts.size() > 1) {
    const auto from = static_cast<std::ptrdiff_t>(1 + random.below(parts.size() - 1));
    parts.front().merge(parts[static_cast<size_t>(from)]);
    parts.erase(parts.begin() + from);
  }
  expect_within_bound(parts.front(), sample);
  RC_ASSERT(!testing::Test::HasFailure());
  // Each level of the largest part and of the merge may add half a piece of 1 / width.
  RC_ASSERT(parts.front().rank_error() <= std::log2(3.0 * static_cast<double>(n)) / (2 * kWidth));
}

TEST(QuantileSketch, DoublesItselfAndRefusesAnotherWidth) {
  QuantileSketch sketch(64);
  for (int i = 0; i < 10; ++i) sketch.add(i);
  sketch.merge(sketch);
  EXPECT_EQ(sketch.sample().values.size(), 10u);
  EXPECT_EQ(sketch.sample().weight(3), 2);
  EXPECT_THROW(sketch.merge(QuantileSketch(32)), Error);
}

TEST(QuantileSketch, GivesZeroOfNoNumbers) { EXPECT_EQ(QuantileSketch().quantiles(kQuantiles).front(), 0); }

}  // namespace
}  // namespace kolosal
