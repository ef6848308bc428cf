// Masked scan: nearest rows to a query among rows with missing values, a tile at a time.
//
// The distance is the mean of the squared differences over the columns that both rows have.
//
// Cost     2 loads, 3 operations a row and column of the query; one division a row.
// Checked  masked_scan_test.cc, each instruction set against the plain loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kolosal {

/// Rows in columns, in tiles of kTile rows: a tile has the values of each column, then whether they are there (1 or 0, as doubles),
/// then how many are there in each row. Rows that fill the last tile up have nothing there.
class MaskedTiles {
 public:
  static constexpr size_t kTile = 128;

  MaskedTiles() = default;
  /// `values` and `there` are (n_rows, n_columns) column-major. Values that are not there are not read.
  MaskedTiles(std::span<const double> values, std::span<const uint8_t> there, size_t n_rows, size_t n_columns);

  /// Tiles, the last of which may be filled up, and columns.
  size_t n_tiles() const noexcept { return n_tiles_; }
  size_t n_columns() const noexcept { return n_columns_; }
  /// The tile's values, its flags and its counts, one after the other.
  const double* tile(size_t i) const noexcept { return cells_.data() + i * (2 * n_columns_ + 1) * kTile; }
  /// The flags of a column in a tile.
  const double* there(size_t i, size_t column) const noexcept { return tile(i) + (n_columns_ + column) * kTile; }

 private:
  size_t n_tiles_ = 0, n_columns_ = 0;
  std::vector<double> cells_;
};

/// A row to look for: its values, and which of the columns it has and which it lacks.
struct MaskedQuery {
  const double* values;  ///< (n_columns)
  std::span<const uint32_t> present, absent;
};

/// Writes the places (0 .. kTile-1, ascending) of the rows whose distance is below `limit` to `places`, their distances to
/// `distances`, both with room for kTile, and returns how many there are. Rows that share no column are never among them.
using MaskedScan = size_t (*)(const double* tile, size_t n_columns, const MaskedQuery& query, double limit, uint32_t* places,
                              double* distances);

/// The scan for the instruction set in use: ask once, call often.
MaskedScan masked_scan();
/// The plain loop, which the others are held against.
size_t masked_scan_scalar(const double* tile, size_t n_columns, const MaskedQuery& query, double limit, uint32_t* places,
                          double* distances);

}  // namespace kolosal
