#include "kolosal/kernels/row_tiles.h"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "kolosal/base/random.h"
#include "kolosal/kernels/kernels.h"

namespace kolosal {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(RowTiles, FindsTheSameRowsWithEveryInstructionSet) {
  constexpr size_t kRows = 150, kColumns = 7;
  RandomStream random(1, "row tiles");
  std::vector<float> rows(kRows * kColumns), query(kColumns);
  for (float& value : rows) value = static_cast<float>(random.normal());
  for (float& value : query) value = static_cast<float>(random.normal());
  std::vector<uint32_t> order(kRows);
  std::iota(order.rbegin(), order.rend(), 0U);
  const RowTiles tiles(rows, kColumns, order);
  ASSERT_EQ(tiles.n_tiles(), 3U);
  EXPECT_EQ(tiles.rows_of(2).size(), kRows - 2 * RowTiles::kTile);
  EXPECT_EQ(tiles.rows_of(0)[1], kRows - 2);
  EXPECT_EQ(tiles.tile(1)[3 * RowTiles::kTile + 5], rows[(kRows - 1 - RowTiles::kTile - 5) * kColumns + 3]);
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const float limit : {3.0F, 10.0F, kInfinity})
      for (size_t t = 0; t < tiles.n_tiles(); ++t) {
        uint32_t places[RowTiles::kTile], expected_places[RowTiles::kTile];
        float distances[RowTiles::kTile], expected[RowTiles::kTile];
        const size_t n = tile_scan()(tiles.tile(t), kColumns, query.data(), limit, places, distances);
        ASSERT_EQ(n, tile_scan_scalar(tiles.tile(t), kColumns, query.data(), limit, expected_places, expected)) << target;
        for (size_t i = 0; i < n; ++i) {
          ASSERT_EQ(places[i], expected_places[i]);
          ASSERT_NEAR(distances[i], expected[i], 1e-5F * expected[i]);
        }
      }
  }
  set_simd_target(simd_targets().front());
}

TEST(RowTiles, TakesRowsAtTheLimitAndWhatIsNotANumberForInfinitelyFar) {
  const std::vector<float> rows{1, 3};
  const std::vector<uint32_t> order{0, 1};
  const RowTiles tiles(rows, 1, order);
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    uint32_t places[RowTiles::kTile];
    float distances[RowTiles::kTile];
    const float at_two = 2, nowhere = std::numeric_limits<float>::quiet_NaN();
    EXPECT_EQ(tile_scan()(tiles.tile(0), 1, &at_two, 1, places, distances), 2U);
    EXPECT_EQ(tile_scan()(tiles.tile(0), 1, &at_two, 0.99F, places, distances), 0U);
    EXPECT_EQ(tile_scan()(tiles.tile(0), 1, &nowhere, kInfinity, places, distances), RowTiles::kTile);
    EXPECT_EQ(distances[0], kInfinity);
    EXPECT_EQ(tile_scan()(tiles.tile(0), 1, &nowhere, 1e30F, places, distances), 0U);
  }
  set_simd_target(simd_targets().front());
}

}  // namespace
}  // namespace kolosal
