#include "kolosal/models/trees/tree_columns.h"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "kolosal/models/trees/trees_test_rows.h"

namespace kolosal {
namespace {

TEST(TreeColumns, RanksValuesInTheirOrderAndKeepsTheMissingApart) {
  FeatureMatrix x({{"n", 0}, {"c", 3}}, 5);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::ranges::copy(std::vector<float>{2, -1, nan, 2, 0.5}, x.column(0).begin());
  std::ranges::copy(std::vector<float>{2, 0, 1, nan, 7}, x.column(1).begin());
  const std::vector<uint32_t> rows = {0, 1, 2, 3, 4};
  const auto columns = rank_columns(x, rows, false, trees_test::context_of(1)).columns;
  constexpr uint16_t kMissing = RankedColumn::kMissing;
  EXPECT_EQ(columns[0].ranks, (std::vector<uint16_t>{2, 0, kMissing, 2, 1}));
  EXPECT_EQ(columns[0].least, (std::vector<float>{-1, 0.5, 2}));
  EXPECT_EQ(columns[1].ranks, (std::vector<uint16_t>{2, 0, 1, kMissing, kMissing}));
}

TEST(TreeColumns, LetsNeighboursShareARankWhereThereAreTooManyValues) {
  constexpr size_t kRows = 200'000;
  FeatureMatrix x({{"n", 0}}, kRows);
  std::vector<uint32_t> rows(kRows);
  std::iota(rows.begin(), rows.end(), 0U);
  for (size_t i = 0; i < kRows; ++i) x.column(0)[i] = static_cast<float>((i * 7919) % kRows);
  const RankedColumn column = rank_columns(x, rows, false, trees_test::context_of(2)).columns[0];
  EXPECT_LT(column.least.size(), 65'535U);
  EXPECT_GT(column.least.size(), 20'000U);
  for (size_t i = 0; i < kRows; ++i) {
    ASSERT_LE(column.least[column.ranks[i]], x.at(i, 0));
    ASSERT_GE(column.most[column.ranks[i]], x.at(i, 0));
  }
}

TEST(TreeColumns, TellTheValuesAndCodesOfTheBinsThatStandForRanks) {
  FeatureMatrix x({{"n", 0}, {"c", 4}}, 6);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::ranges::copy(std::vector<float>{1, 2, 3, 4, nan, 100}, x.column(0).begin());
  std::ranges::copy(std::vector<float>{3, 3, 3, 1, nan, 0}, x.column(1).begin());
  const std::vector<uint32_t> rows = {0, 1, 2, 3, 4};
  const TreeColumns made = bin_columns(x, rows, {}, 2, trees_test::context_of(1));
  const RankedColumn& number = made.columns[0];
  EXPECT_EQ(number.missing, 2);
  EXPECT_EQ(std::vector<float>(number.least.begin(), number.least.begin() + 2), (std::vector<float>{1, 3}));
  EXPECT_EQ(number.greatest(0), 2);
  EXPECT_EQ(number.greatest(1), 4);
  EXPECT_EQ(made.bins->column(0)[4 * made.bins->stride()], number.missing);
  const RankedColumn& category = made.columns[1];
  EXPECT_EQ(category.n_categories, 4);
  EXPECT_EQ(category.missing, 2);
  EXPECT_EQ(category.code(0), 3U);
  EXPECT_EQ(category.code(1), 1U);
  EXPECT_EQ(made.bins->column(1)[3 * made.bins->stride()], 1);
}

}  // namespace
}  // namespace kolosal
