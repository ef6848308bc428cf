#include "kolosal/models/trees/ranked_columns.h"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "kolosal/models/trees/trees_test_rows.h"

namespace kolosal {
namespace {

TEST(RankedColumns, RanksValuesInTheirOrderAndKeepsTheMissingApart) {
  FeatureMatrix x({{"n", 0}, {"c", 3}}, 5);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::ranges::copy(std::vector<float>{2, -1, nan, 2, 0.5}, x.column(0).begin());
  std::ranges::copy(std::vector<float>{2, 0, 1, nan, 7}, x.column(1).begin());
  const std::vector<uint32_t> rows = {0, 1, 2, 3, 4};
  const auto columns = rank_columns(x, rows, trees_test::context_of(1));
  constexpr uint16_t kMissing = RankedColumn::kMissing;
  EXPECT_EQ(columns[0].ranks, (std::vector<uint16_t>{2, 0, kMissing, 2, 1}));
  EXPECT_EQ(columns[0].least, (std::vector<float>{-1, 0.5, 2}));
  EXPECT_EQ(columns[1].ranks, (std::vector<uint16_t>{2, 0, 1, kMissing, kMissing}));
}

TEST(RankedColumns, LetsNeighboursShareARankWhereThereAreTooManyValues) {
  constexpr size_t kRows = 200'000;
  FeatureMatrix x({{"n", 0}}, kRows);
  std::vector<uint32_t> rows(kRows);
  std::iota(rows.begin(), rows.end(), 0U);
  for (size_t i = 0; i < kRows; ++i) x.column(0)[i] = static_cast<float>((i * 7919) % kRows);
  const RankedColumn column = rank_columns(x, rows, trees_test::context_of(2))[0];
  EXPECT_LT(column.least.size(), 65'535U);
  EXPECT_GT(column.least.size(), 20'000U);
  for (size_t i = 0; i < kRows; ++i) {
    ASSERT_LE(column.least[column.ranks[i]], x.at(i, 0));
    ASSERT_GE(column.most[column.ranks[i]], x.at(i, 0));
  }
}

}  // namespace
}  // namespace kolosal
