// NeighborSearch: the k nearest of stored rows, exactly.
//
// On few features and many rows a k-d tree whose leaves are tiles of rows; else all tiles, for several queries at a time. Both find the
// same rows: distances have the same bits, and of rows equally far the one stored first is nearer. A branch of the tree is passed over only
// where every row in it is farther than the k-th so far by more than rounding can make up.
//
// Cost     to build, O(n log n) for the tree; a query, about O(log n) tiles of 64 rows on few features, else all of them.
// Source   Friedman, Bentley and Finkel, ACM TOMS 3(3), 1977; Arya and Mount, DCC 1993 (distances kept from level to level).
// Checked  neighbors_test.cc: tree and tiles against sorting all distances.
#pragma once

#include <functional>
#include <vector>

#include "kolosal/kernels/row_tiles.h"

namespace kolosal {

/// A stored row and its squared distance from the query.
struct Neighbor {
  float distance = 0;
  uint32_t row = 0;
  bool operator<(const Neighbor& other) const noexcept {
    return distance < other.distance || (distance == other.distance && row < other.row);
  }
};

class NeighborSearch {
 public:
  /// A k-d tree, or all rows.
  enum class Method { Tree, Tiles };

  /// Over rows (n_rows, n_columns) row-major. The method is the faster one unless given; a tree
  /// needs a column.
  NeighborSearch(std::span<const float> rows, size_t n_rows, size_t n_columns);
  NeighborSearch(std::span<const float> rows, size_t n_rows, size_t n_columns, Method method);

  /// Calls found(query, neighbors) for each of the queries (n_queries, n_columns) row-major, in order, with its k nearest rows, the nearest
  /// first. 1 <= k <= n_rows.
  void find(std::span<const float> queries, size_t n_queries, size_t k,
            const std::function<void(size_t query, std::span<const Neighbor> neighbors)>& found) const;

 private:
  /// A split of rows by one column, or a leaf: the tile `left`.
  struct Node {
    int32_t column = -1;  ///< -1: a leaf
    float threshold = 0;  ///< the left rows are at most that, the right rows at least
    uint32_t left = 0, right = 0;
  };
  class Nearest;

  uint32_t build(std::span<const float> rows, std::span<uint32_t> order, size_t begin);
  void scan(size_t tile, const float* query, Nearest& nearest) const;
  void descend(uint32_t node, const float* query, double bound, std::vector<double>& offsets, Nearest& nearest) const;

  size_t n_columns_;
  Method method_;
  std::vector<Node> nodes_;
  RowTiles tiles_;
  TileScan scan_;
};

}  // namespace kolosal
