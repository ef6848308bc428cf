// Binning: every feature cut into at most 255 bins and one for missing, so that a tree can be grown from histograms.
//
// A number's bins follow the weighted quantiles of its values; where there are no more distinct values than bins, each has its
// own. Bins end at float32 midpoints between neighbouring values. A category's bins are its codes by falling weight. Of more
// codes than bins, where the target is given seven eighths of the bins are codes and the others groups of codes in whose rows
// the target is alike (category_groups.h), unless what the other codes tell is chance. Codes that get no bin share that of the
// missing; those of one or two rows do so where codes are more than bins: nothing can be learnt of them, and a column of names
// would tell the rows of small leaves apart. Bounds come from up to 200,000 evenly spaced rows.
//
// Cost     O(n_rows n_features log n_bins) time, one byte a cell.
// Checked  binning_test.cc.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kolosal/base/fit_context.h"
#include "kolosal/table/feature_matrix.h"
#include "kolosal/table/target.h"

namespace kolosal {

/// How one feature is cut. Bins 0 .. n_bins-1 hold values; bin n_bins holds what is missing.
struct FeatureBins {
  int32_t n_bins = 0;
  bool categorical = false;
  std::vector<float> upper;          ///< numbers: (n_bins - 1,) bin b holds upper[b-1] < x <= upper[b]
  std::vector<uint8_t> bin_of_code;  ///< categories: (n_categories,) the bin of each code

  /// The bin of a value.
  uint8_t bin_of(float x) const noexcept;
};

/// The values of `column` at `rows` that are not missing, ascending. -0 counts as 0.
std::vector<float> sorted_numbers(std::span<const float> column, std::span<const uint32_t> rows);

/// A value and the place of its row in the list of rows.
struct PlacedNumber {
  float value;
  uint32_t place;
};
/// The same with the places, equal values in the order of their places.
std::vector<PlacedNumber> sorted_places(std::span<const float> column, std::span<const uint32_t> rows);

/// The bound between two neighbouring values: their midpoint as float32, >= low and < high.
float midpoint(float low, float high) noexcept;

/// Cuts every feature of `x` by its rows `rows`, of weights `weights` (n_rows of rows,), or all one where empty; categories also by
/// `target`, whose row i is rows[i] of x, where it is not null.
/// Throws Error(Timeout) or Error(Cancelled) where the context asks to stop.
std::vector<FeatureBins> make_bins(const FeatureMatrix& x, std::span<const uint32_t> rows, std::span<const double> weights,
                                   const Target* target, int max_bins, const FitContext& context);

/// Whether a category has codes beyond the `max_bins` heaviest that tell of `target`, whose row i is rows[i] of x.
bool loses_codes(const FeatureMatrix& x, std::span<const uint32_t> rows, std::span<const double> weights, const Target& target,
                 int max_bins);

/// The bins of a feature: that of row i is first[i * stride].
struct ColumnOfBins {
  const uint8_t* first;
  size_t stride;
};

/// Bins of some rows, one byte a cell. Features lie in panels of up to 32, row after row within a panel: where rows are far
/// apart, what a row costs is the lines of cache that its bins lie in.
class BinnedMatrix {
 public:
  /// Bins the rows of `x` that `rows` lists, in that order; with a second copy, column after column, where `with_columns`. Throws
  /// Error(Timeout) or Error(Cancelled).
  BinnedMatrix(const FeatureMatrix& x, std::span<const uint32_t> rows, const std::vector<FeatureBins>& bins, const FitContext& context,
               bool with_columns = false);

  /// Number of rows.
  size_t n_rows() const noexcept { return n_rows_; }
  /// Bytes from one row of a feature to the next.
  size_t stride() const noexcept { return width_; }
  /// Bin of the first row of a feature; the bin of row i is `column(f)[i * stride()]`.
  const uint8_t* column(size_t feature) const noexcept { return cells_.data() + (feature / width_) * n_rows_ * width_ + feature % width_; }
  /// Where the bins of one feature lie closest together.
  ColumnOfBins densest_column(size_t feature) const noexcept {
    if (columns_.empty()) return {column(feature), width_};
    return {columns_.data() + feature * n_rows_, 1};
  }
  /// Bytes that a matrix of this size takes.
  static size_t bytes_for(size_t n_rows, size_t n_features, bool with_columns = false);

 private:
  static size_t panel_width(size_t n_features);

  static constexpr size_t kPadding = 7;  // part_rows reads eight bytes from a bin on

  size_t n_rows_;
  size_t width_;
  std::vector<uint8_t> cells_;
  std::vector<uint8_t> columns_;  // (n_features, n_rows) and the padding, or empty
};

}  // namespace kolosal
