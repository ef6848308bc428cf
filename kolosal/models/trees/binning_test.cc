#include "kolosal/models/trees/binning.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "kolosal/models/trees/trees_test_rows.h"

namespace kolosal {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

FeatureMatrix one_column(const std::vector<float>& values, int32_t n_categories = 0) {
  FeatureMatrix x({{"x", n_categories}}, values.size());
  std::ranges::copy(values, x.column(0).begin());
  return x;
}

std::vector<uint32_t> all_rows(size_t n) {
  std::vector<uint32_t> rows(n);
  std::iota(rows.begin(), rows.end(), 0U);
  return rows;
}

TEST(Binning, GivesEveryDistinctValueItsOwnBinWhereThereAreFew) {
  const auto x = one_column({3, 1, 2, 1, kNaN, -0.0F, 0.0F});
  const auto bins = make_bins(x, all_rows(7), {}, nullptr, 255, trees_test::context_of(1))[0];
  EXPECT_EQ(bins.n_bins, 4);
  EXPECT_EQ(bins.upper, (std::vector<float>{0.5, 1.5, 2.5}));
  EXPECT_EQ(bins.bin_of(kNaN), 4);
  EXPECT_EQ(bins.bin_of(1.5F), 1);
  EXPECT_EQ(bins.bin_of(1.6F), 2);
}

TEST(Binning, KeepsInfinitiesInTheOutermostBins) {
  const float inf = std::numeric_limits<float>::infinity();
  const auto bins = make_bins(one_column({-inf, 1, inf, 2}), all_rows(4), {}, nullptr, 255, trees_test::context_of(1))[0];
  EXPECT_EQ(bins.n_bins, 4);
  EXPECT_EQ(bins.bin_of(-inf), 0);
  EXPECT_EQ(bins.bin_of(1), 1);
  EXPECT_EQ(bins.bin_of(inf), 3);
}

TEST(Binning, CutsManyValuesIntoBinsOfAboutEqualWeight) {
  std::vector<float> values(10'000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(std::exp(static_cast<double>((i * 7919) % 10'000) / 1000));
  const auto bins = make_bins(one_column(values), all_rows(values.size()), {}, nullptr, 50, trees_test::context_of(2))[0];
  EXPECT_EQ(bins.n_bins, 50);
  std::vector<int> count(50);
  for (const float v : values) ++count[bins.bin_of(v)];
  for (const int c : count) EXPECT_NEAR(c, 200, 10);
}

// The same cuts value by value: a bin ends where it holds its share of what is left, a value that is too heavy for one with itself, and
// one that comes to such a value before it where it is half full.
std::vector<float> cuts_one_by_one(const std::map<float, double>& weight_of, size_t max_bins) {
  const std::vector<std::pair<float, double>> values(weight_of.begin(), weight_of.end());
  double rest = 0;
  for (const auto& [value, weight] : values) rest += weight;
  const double share = rest / static_cast<double>(max_bins);
  size_t bins_left = max_bins;
  for (const auto& [value, weight] : values)
    if (weight >= share) {
      rest -= weight;
      --bins_left;
    }
  double mean = rest / static_cast<double>(bins_left), inside = 0;
  std::vector<float> upper;
  for (size_t i = 0; i + 1 < values.size() && upper.size() + 1 < max_bins; ++i) {
    const bool big = values[i].second >= share, big_next = values[i + 1].second >= share;
    inside += values[i].second;
    if (!big) rest -= values[i].second;
    if (!big && inside < mean && !(big_next && inside >= mean / 2)) continue;
    upper.push_back(midpoint(values[i].first, values[i + 1].first));
    inside = 0;
    if (!big && bins_left > 1) mean = rest / static_cast<double>(--bins_left);
  }
  return upper;
}

TEST(Binning, CutsWhereAWalkOverAllValuesDoes) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    RandomStream stream(seed, "values");
    std::vector<float> values(3000);
    std::vector<double> weights;
    std::map<float, double> counts, sums;
    for (float& value : values) {
      // From all different to a few that most rows have.
      value = static_cast<float>(std::round(stream.normal() * std::pow(10.0, static_cast<double>(seed % 5))));
      if (stream.below(5) < seed % 3) value = static_cast<float>(stream.below(4));
      weights.push_back(static_cast<double>(1 + stream.below(8)) / 8);
      counts[value] += 1;
      sums[value] += weights.back();
    }
    for (const int max_bins : {2, 7, 60}) {
      if (counts.size() <= static_cast<size_t>(max_bins)) continue;
      const auto cut = [&](std::span<const double> by) {
        return make_bins(one_column(values), all_rows(values.size()), by, nullptr, max_bins, trees_test::context_of(1))[0].upper;
      };
      EXPECT_EQ(cut({}), cuts_one_by_one(counts, static_cast<size_t>(max_bins))) << seed << " " << max_bins;
      EXPECT_EQ(cut(weights), cuts_one_by_one(sums, static_cast<size_t>(max_bins))) << seed << " " << max_bins;
    }
  }
}

TEST(Binning, OrdersCategoriesByWeightAndPutsTheRestWithTheMissing) {
  const auto x = one_column({0, 1, 1, 1, 1, 2, 2, 2, 4, kNaN}, 6);
  const auto bins = make_bins(x, all_rows(10), {}, nullptr, 2, trees_test::context_of(1))[0];
  EXPECT_EQ(bins.n_bins, 2);
  EXPECT_EQ(bins.bin_of(1), 0);
  EXPECT_EQ(bins.bin_of(2), 1);
  EXPECT_EQ(bins.bin_of(0), 2);
  EXPECT_EQ(bins.bin_of(9), 2);
  EXPECT_EQ(bins.bin_of(kNaN), 2);
}

TEST(Binning, PutsCategoriesOfTwoRowsWithTheMissingOnlyWhereThereAreTooManyForBins) {
  std::vector<float> values;
  for (int32_t code = 0; code < 300; ++code) values.insert(values.end(), code < 10 ? 3 : 2, static_cast<float>(code));
  const auto bins_of = [&](size_t n) {
    return make_bins(one_column(values, 300), all_rows(n), {}, nullptr, 255, trees_test::context_of(1))[0];
  };
  const FeatureBins many = bins_of(values.size());
  for (float code = 0; code < 10; ++code) EXPECT_EQ(many.bin_of(code), code);
  for (float code = 10; code < 300; ++code) EXPECT_EQ(many.bin_of(code), 10);
  EXPECT_EQ(bins_of(300).n_bins, 145);
}

TEST(Binning, GroupsCodesBeyondItsBinsByTheTargetUnlessThatIsChance) {
  constexpr int kCodes = 600;
  std::vector<float> values;
  Target told{Task::Regression, 0, 1, {}, {}, {}}, noise = told;
  RandomStream random(1, "codes");
  for (int i = 0; i < kCodes * 20; ++i) {
    values.push_back(static_cast<float>(i % kCodes));
    told.values.push_back(i % kCodes % 7 + 0.1 * random.normal());
    noise.values.push_back(random.normal());
  }
  told.n_rows = noise.n_rows = values.size();
  const auto bins_of = [&](const Target* target) {
    return make_bins(one_column(values, kCodes), all_rows(values.size()), {}, target, 255, trees_test::context_of(1))[0];
  };
  const FeatureBins grouped = bins_of(&told);
  EXPECT_EQ(grouped.n_bins, 255);
  for (float code = 0; code < kCodes; ++code) EXPECT_LT(grouped.bin_of(code), 255) << code;
  EXPECT_EQ(bins_of(&noise).bin_of_code, bins_of(nullptr).bin_of_code);
}

TEST(Binning, AWeightOfTwoIsARowTwice) {
  std::vector<float> values, twice;
  std::vector<double> weights;
  for (size_t i = 0; i < 3000; ++i) {
    values.push_back(static_cast<float>((i * 37) % 1009));
    weights.push_back(i % 3 == 0 ? 2 : 1);
    twice.insert(twice.end(), i % 3 == 0 ? 2 : 1, values.back());
  }
  const auto a = make_bins(one_column(values), all_rows(values.size()), weights, nullptr, 32, trees_test::context_of(1))[0];
  const auto b = make_bins(one_column(twice), all_rows(twice.size()), {}, nullptr, 32, trees_test::context_of(1))[0];
  EXPECT_EQ(a.upper, b.upper);
}

RC_GTEST_PROP(Binning, PutsEveryValueBetweenTheBoundsOfItsBin, (const std::vector<int>& raw)) {
  RC_PRE(!raw.empty());
  std::vector<float> values;
  for (const int v : raw) values.push_back(static_cast<float>(v) * 0.37F);
  const auto x = one_column(values);
  const auto bins = make_bins(x, all_rows(values.size()), {}, nullptr, 7, trees_test::context_of(1));
  RC_ASSERT(bins[0].n_bins <= 7);
  const BinnedMatrix binned(x, all_rows(values.size()), bins, trees_test::context_of(1));
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t b = binned.column(0)[i * binned.stride()];
    RC_ASSERT(b < static_cast<size_t>(bins[0].n_bins));
    if (b > 0) RC_ASSERT(bins[0].upper[b - 1] < values[i]);
    if (b < bins[0].upper.size()) RC_ASSERT(values[i] <= bins[0].upper[b]);
  }
}

}  // namespace
}  // namespace kolosal
