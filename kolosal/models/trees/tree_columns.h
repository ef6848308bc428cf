// TreeColumns: every cell as the rank of its value among the values of its column, so that trees sort, compare and count small numbers in
// place of floats.
//
// Exact: each distinct value has its own rank; where a column has more than 65,534 of them, neighbours share one. Categories are ranked by
// their code. Binned: ranks are the bins of binning.h, at most 255 of them, one byte a cell.
//
// Cost     O(n_rows n_features log n_rows) time, two bytes a cell; binned O(n_rows n_features log n_bins), one byte.
// Checked  tree_columns_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kolosal/base/fit_context.h"
#include "kolosal/models/trees/binning.h"
#include "kolosal/table/feature_matrix.h"

namespace kolosal {

/// The ranks of one column.
struct RankedColumn {
  static constexpr uint16_t kMissing = 0xffff;

  int32_t n_categories = 0;      ///< 0: numbers
  uint16_t missing = kMissing;   ///< the rank of what is missing, above all others
  std::vector<uint16_t> ranks;   ///< (n_rows,), or empty where TreeColumns has bins
  std::vector<float> least;      ///< numbers: the least value of each rank
  std::vector<float> most;       ///< numbers: the greatest value of each rank; empty where each rank has one value
  std::vector<int32_t> code_of;  ///< categories: the code of each rank; empty where that is the rank

  /// The greatest value of a rank of numbers.
  float greatest(uint16_t rank) const noexcept { return most.empty() ? least[rank] : most[rank]; }
  /// The code of a rank of categories.
  size_t code(uint16_t rank) const noexcept { return code_of.empty() ? rank : static_cast<size_t>(code_of[rank]); }
};

/// The rows of a fit as trees see them.
struct TreeColumns {
  std::vector<RankedColumn> columns;
  std::optional<BinnedMatrix> bins;  ///< the ranks of all columns, where they are bins
  std::vector<float> values;         ///< (n_rows, n_columns) row-major where bounds are drawn at random, else empty

  /// Bytes that they take of so many rows and features.
  static size_t bytes_for(size_t n_rows, size_t n_features, bool binned, bool with_values);
};

/// Ranks the rows of `x` that `rows` lists, in that order. With values, the columns of numbers have no ranks. Category codes from 65,535 on
/// count as missing. Throws Error(Timeout) or Error(Cancelled) where the context asks to stop.
TreeColumns rank_columns(const FeatureMatrix& x, std::span<const uint32_t> rows, bool with_values, const FitContext& context);

/// The same in bins, for which rows count by `weights` (rows,), or all alike where empty.
TreeColumns bin_columns(const FeatureMatrix& x, std::span<const uint32_t> rows, std::span<const double> weights, int max_bins,
                        const FitContext& context);

}  // namespace kolosal
