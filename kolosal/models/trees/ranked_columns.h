// RankedColumns: every cell as the rank of its value among the column's distinct values, so that trees can sort and compare
// 16-bit numbers in place of floats and yet split exactly.
//
// Where a column has more than 65,534 distinct values, neighbours share a rank. Categories are ranked by their code.
//
// Cost     O(n_rows n_features log n_rows) time, two bytes a cell.
// Checked  ranked_columns_test.cc.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kolosal/base/fit_context.h"
#include "kolosal/table/feature_matrix.h"

namespace kolosal {

/// One column of ranks.
struct RankedColumn {
  static constexpr uint16_t kMissing = 0xffff;

  int32_t n_categories = 0;     ///< 0: numbers
  std::vector<uint16_t> ranks;  ///< (n_rows,) kMissing where missing; a category's rank is its code
  std::vector<float> least;     ///< numbers: the least value of each rank
  std::vector<float> most;      ///< numbers: the greatest value of each rank; empty where each rank has one value

  /// The greatest value of a rank of numbers.
  float greatest(uint16_t rank) const noexcept { return most.empty() ? least[rank] : most[rank]; }
};

/// Ranks the rows of `x` that `rows` lists, in that order; without `numbers` those of categories alone. Category codes from 65,535 on count
/// as missing. Throws Error(Timeout) or Error(Cancelled) where the context asks to stop.
std::vector<RankedColumn> rank_columns(const FeatureMatrix& x, std::span<const uint32_t> rows, const FitContext& context,
                                       bool numbers = true);
/// The values of these rows, (rows, features) row-major. Throws Error(Timeout) or Error(Cancelled).
std::vector<float> row_major(const FeatureMatrix& x, std::span<const uint32_t> rows, const FitContext& context);

}  // namespace kolosal
