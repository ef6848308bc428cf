#include "kolosal/models/trees/binning.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
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
