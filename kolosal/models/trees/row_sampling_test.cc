#include "kolosal/models/trees/row_sampling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "kolosal/base/random.h"
#include "kolosal/models/trees/trees_test_rows.h"

namespace kolosal {
namespace {

using trees_test::context_of;

// A squared loss at score 0, whose gradients are the targets with the other sign.
struct Fixture {
  explicit Fixture(size_t n) : target{Task::Regression, n, 1, {}, {}, {}}, scores(n, 0.0) {
    RandomStream stream(3, "targets");
    for (size_t i = 0; i < n; ++i) target.values.push_back((0.5 + stream.normal()) * std::exp(stream.normal()));
    loss = make_boosting_loss({target, {}});
    loss->begin_round(scores, context_of(1));
  }
  // The sum of gradients by the rows drawn.
  double sum(const RowSample& sample) const {
    double total = 0;
    for (const uint32_t row : sample.rows)
      total += target.values[row] * (sample.weights.empty() ? 1.0 : static_cast<double>(sample.weights[row]));
    return total;
  }
  double true_sum() const { return std::accumulate(target.values.begin(), target.values.end(), 0.0); }

  Target target;
  std::vector<double> scores;
  std::unique_ptr<BoostingLoss> loss;
};

constexpr RowSampling kAll[] = {RowSampling::Uniform, RowSampling::Goss, RowSampling::MinimalVariance};

TEST(RowSampling, PartsTheRowsAndKeepsAboutTheShareAskedFor) {
  const Fixture f(10'000);
  for (const RowSampling sampling : kAll)
    for (const double fraction : {0.1, 0.3, 0.8}) {
      SCOPED_TRACE(std::string(enum_name(sampling)) + " " + std::to_string(fraction));
      const RowSample sample = draw_rows(sampling, fraction, 10'000, *f.loss, 1, context_of(1));
      EXPECT_NEAR(static_cast<double>(sample.rows.size()), fraction * 10'000, 200);
      std::vector<uint32_t> all = sample.rows;
      all.insert(all.end(), sample.others.begin(), sample.others.end());
      EXPECT_TRUE(std::ranges::is_sorted(sample.rows) && std::ranges::is_sorted(sample.others));
      std::ranges::sort(all);
      for (uint32_t i = 0; i < 10'000; ++i) ASSERT_EQ(all[i], i);
      const RowSample wide = draw_rows(sampling, fraction, 10'000, *f.loss, 1, context_of(4));
      EXPECT_EQ(wide.rows, sample.rows);
      EXPECT_EQ(wide.weights, sample.weights);
      EXPECT_NE(draw_rows(sampling, fraction, 10'000, *f.loss, 2, context_of(1)).rows, sample.rows);
    }
}

TEST(RowSampling, ListsNoRowsWhereAllAreDrawn) {
  const Fixture f(100);
  for (const RowSampling sampling : kAll) {
    const RowSample sample = draw_rows(sampling, 1, 100, *f.loss, 1, context_of(1));
    EXPECT_TRUE(sample.rows.empty() && sample.others.empty() && sample.weights.empty());
  }
}

TEST(RowSampling, KeepsTheMeanOfSumsAndMinimalVarianceScattersLess) {
  const Fixture f(4000);
  std::vector<double> spread;
  for (const RowSampling sampling : kAll) {
    SCOPED_TRACE(enum_name(sampling));
    const double factor = sampling == RowSampling::Uniform ? 1 / 0.3 : 1;
    double sum = 0, squares = 0;
    constexpr int kDraws = 300;
    for (uint64_t seed = 0; seed < kDraws; ++seed) {
      const double off = factor * f.sum(draw_rows(sampling, 0.3, 4000, *f.loss, seed, context_of(1))) - f.true_sum();
      sum += off;
      squares += off * off;
    }
    const double deviation = std::sqrt(squares / kDraws);
    EXPECT_LT(std::abs(sum / kDraws), 4 * deviation / std::sqrt(double{kDraws}));
    spread.push_back(deviation);
  }
  EXPECT_LT(spread[1], 0.8 * spread[0]);
  EXPECT_LT(spread[2], 0.8 * spread[0]);
}

TEST(RowSampling, OfGossKeepsTheGreatestGradientsForCertain) {
  const Fixture f(4096);
  const RowSample sample = draw_rows(RowSampling::Goss, 0.3, 4096, *f.loss, 1, context_of(1));
  std::vector<double> sizes;
  for (const double y : f.target.values) sizes.push_back(std::abs(y));
  std::ranges::sort(sizes, std::greater<>());
  for (uint32_t i = 0; i < 4096; ++i)
    if (std::abs(f.target.values[i]) > sizes[800]) {
      EXPECT_EQ(sample.weights[i], 1);
    }
}

TEST(RowSampling, DrawsOneRowWhereChanceDrawsNone) {
  const Fixture f(50);
  std::set<uint32_t> drawn;
  for (const RowSampling sampling : {RowSampling::Uniform, RowSampling::MinimalVariance})
    for (uint64_t seed = 0; seed < 20; ++seed) {
      const RowSample sample = draw_rows(sampling, 1e-6, 50, *f.loss, seed, context_of(1));
      ASSERT_EQ(sample.rows.size(), 1U);
      ASSERT_EQ(sample.others.size(), 49U);
      EXPECT_EQ(std::ranges::count(sample.others, sample.rows[0]), 0);
      if (!sample.weights.empty()) {
        EXPECT_GT(sample.weights[sample.rows[0]], 0);
      }
      drawn.insert(sample.rows[0]);
    }
  EXPECT_GT(drawn.size(), 5U);
}

TEST(RowSampling, DrawsSomethingWhereGradientsAreZeroOrRowsFew) {
  for (const size_t n : {size_t{1}, size_t{2}, size_t{50}}) {
    Fixture f(n);
    std::ranges::fill(f.target.values, 0.0);
    for (const RowSampling sampling : kAll) EXPECT_FALSE(draw_rows(sampling, 0.01, n, *f.loss, 1, context_of(1)).rows.empty());
  }
}

}  // namespace
}  // namespace kolosal
