// Row tiles: the rows of a tile that are near a query, by Euclidean distance in float32.
//
// The distance of a row is a chain over the columns in their order, so it has the same bits wherever the row lies.
//
// Cost     1 load, 2 operations a row and column.
// Checked  row_tiles_test.cc, each instruction set against the plain loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kolosal {

/// Rows in columns, in tiles of kTile rows: a tile has kTile values of each column. Places that no row fills are zero.
class RowTiles {
 public:
  static constexpr size_t kTile = 64;

  RowTiles() = default;
  /// The rows of `rows` (n_rows, n_columns) row-major in the order given.
  RowTiles(std::span<const float> rows, size_t n_columns, std::span<const uint32_t> order);

  /// Tiles, of which the last may not be full; columns; the numbers of a tile, column after column.
  size_t n_tiles() const noexcept { return (order_.size() + kTile - 1) / kTile; }
  size_t n_columns() const noexcept { return n_columns_; }
  const float* tile(size_t i) const noexcept { return cells_.data() + i * n_columns_ * kTile; }
  /// Numbers of the rows of a tile, as they were in `rows`.
  std::span<const uint32_t> rows_of(size_t i) const noexcept {
    return std::span(order_).subspan(i * kTile, i + 1 < n_tiles() ? kTile : order_.size() - i * kTile);
  }

 private:
  size_t n_columns_ = 0;
  std::vector<uint32_t> order_;
  std::vector<float> cells_;
};

/// Writes the places (0 .. kTile-1, ascending) of the rows whose squared distance from `query` is at most `limit` to `places`, their
/// squared distances to `distances`, both with room for kTile, and returns how many there are. A distance that is not a number is infinite.
using TileScan = size_t (*)(const float* tile, size_t n_columns, const float* query, float limit, uint32_t* places, float* distances);

/// The scan for the instruction set in use: ask once, call often.
TileScan tile_scan();
/// The plain loop, which the others are held against.
size_t tile_scan_scalar(const float* tile, size_t n_columns, const float* query, float limit, uint32_t* places, float* distances);

}  // namespace kolosal
