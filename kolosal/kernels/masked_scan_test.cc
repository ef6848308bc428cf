#include "kolosal/kernels/masked_scan.h"

#include <gtest/gtest.h>

#include <limits>

#include "kolosal/base/random.h"
#include "kolosal/kernels/kernels.h"

namespace kolosal {
namespace {

TEST(MaskedScan, FindsTheSameRowsWithEveryInstructionSet) {
  constexpr size_t kRows = 300, kColumns = 7;
  RandomStream random(1, "masked scan");
  std::vector<double> values(kRows * kColumns);
  std::vector<uint8_t> there(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    there[i] = random.uniform() < 0.7;
    values[i] = there[i] != 0 ? random.normal() : std::numeric_limits<double>::quiet_NaN();
  }
  const MaskedTiles tiles(values, there, kRows, kColumns);
  const std::vector<double> row{0.1, -0.4, 0, 1, 2, -1, 0.5};
  const std::vector<uint32_t> present{0, 2, 3, 6}, absent{1, 4, 5};
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    const MaskedScan scan = masked_scan();
    for (const double limit : {0.5, 2.0, std::numeric_limits<double>::infinity()})
      for (size_t tile = 0; tile < tiles.n_tiles(); ++tile) {
        uint32_t places[MaskedTiles::kTile], expected_places[MaskedTiles::kTile];
        double distances[MaskedTiles::kTile], expected[MaskedTiles::kTile];
        const MaskedQuery query{row.data(), present, absent};
        const size_t n = scan(tiles.tile(tile), kColumns, query, limit, places, distances);
        ASSERT_EQ(n, masked_scan_scalar(tiles.tile(tile), kColumns, query, limit, expected_places, expected)) << target;
        for (size_t i = 0; i < n; ++i) {
          ASSERT_EQ(places[i], expected_places[i]);
          ASSERT_LT(tile * MaskedTiles::kTile + places[i], kRows);
          ASSERT_NEAR(distances[i], expected[i], 1e-12);
        }
      }
  }
  set_simd_target(simd_targets().front());
}

TEST(MaskedScan, IsTheMeanSquareOverSharedColumns) {
  const std::vector<double> values{1, 5, 3, 0, 2, 7};  // columns of 2 rows
  const std::vector<uint8_t> there{1, 1, 1, 0, 0, 0};
  const MaskedTiles tiles(values, there, 2, 3);
  const std::vector<double> row{2, 5, 0};
  const std::vector<uint32_t> present{0, 1}, absent{2};
  uint32_t places[MaskedTiles::kTile];
  double distances[MaskedTiles::kTile];
  ASSERT_EQ(masked_scan()(tiles.tile(0), 3, {row.data(), present, absent}, 100, places, distances), 2U);
  EXPECT_EQ(distances[0], 2.5);
  EXPECT_EQ(distances[1], 9);
}

}  // namespace
}  // namespace kolosal
