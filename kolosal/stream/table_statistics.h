// TableStatistics: what can be said of each column of more rows than fit into memory, kept as rows come, and merged.
//
// Rows may be added in chunks of any size, and statistics of parts be merged in any order: counts, range and missing values are exactly
// those of all rows together, mean and variance up to rounding (Chan), quantiles and frequent values within the errors that are told.
//
// Cost     O(cells); a column takes 16 sketch_width log2(n_rows / sketch_width) bytes, and 2 n_frequent texts, whatever the rows.
// Source   chunk_fit.h, quantile_sketch.h, heavy_hitters.h.
// Checked  table_statistics_test.cc: any split in any order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kolosal/base/fields.h"
#include "kolosal/base/fit_context.h"
#include "kolosal/preprocess/chunk_fit.h"
#include "kolosal/preprocess/quantile_sketch.h"
#include "kolosal/stream/heavy_hitters.h"
#include "kolosal/table/table.h"

namespace kolosal {

/// How much TableStatistics keep.
struct TableStatisticsOptions {
  int32_t sketch_width = 2048;
  int32_t n_frequent = 128;
};
void describe(Fields<TableStatisticsOptions>& fields);

/// One column. Numbers, dates (days) and timestamps (microseconds) have moments, range and quantiles; texts, categories, booleans,
/// integers and dates have frequent values.
class ColumnStatistics {
 public:
  ColumnStatistics(const Column& like, const TableStatisticsOptions& options);

  /// Learns from further rows.
  void add(const Column& column, const FitContext& context);
  /// Learns from the rows that the other has learnt from.
  void merge(const ColumnStatistics& other);

  /// Of the column.
  const std::string& name() const noexcept { return name_; }
  ColumnKind kind() const noexcept { return kind_; }
  /// Rows, those without a value, and those that hold NaN or an infinity.
  int64_t n_rows() const noexcept { return n_rows_; }
  int64_t n_missing() const noexcept { return n_missing_; }
  int64_t n_not_finite() const noexcept { return n_rows_ - n_missing_ - n_finite_; }

  /// Of the finite numbers; n is 0 where there are none.
  Moments moments() const { return moments_.found(); }
  Range range() const { return range_.found(); }
  const QuantileSketch& quantiles() const noexcept { return sketch_; }
  /// Of the values that are there, as text.
  const HeavyHitters& frequent() const noexcept { return frequent_; }

  /// {"name", "kind", "n_rows", "n_missing", ...}: everything that the kind has.
  Value to_value() const;

 private:
  bool has_numbers() const noexcept;
  bool has_frequent() const noexcept;
  void count_values(const Column& column);

  std::string name_;
  ColumnKind kind_;
  int64_t n_rows_ = 0, n_missing_ = 0, n_finite_ = 0;
  ChunkMoments moments_;
  ChunkRange range_;
  QuantileSketch sketch_;
  HeavyHitters frequent_;
};

class TableStatistics {
 public:
  /// Throws Error(BadValue) where an option is out of bounds.
  explicit TableStatistics(const TableStatisticsOptions& options = {});

  /// Learns from further rows, columns side by side on the context's threads. Throws Error(FeatureMismatch) where the table has other
  /// columns or kinds than the first.
  void add(const Table& table, const FitContext& context = {});
  /// Learns from the rows that the other has learnt from. Throws Error(FeatureMismatch) as `add`, Error(BadValue) where the options differ.
  void merge(const TableStatistics& other);

  /// Number of rows so far, and what is known of each column; no columns before the first table.
  int64_t n_rows() const noexcept { return n_rows_; }
  const std::vector<ColumnStatistics>& columns() const noexcept { return columns_; }
  /// {"n_rows", "columns": [...]}.
  Value to_value() const;

 private:
  void start(const Table& like);

  TableStatisticsOptions options_;
  std::optional<Table> like_;  // no rows
  int64_t n_rows_ = 0;
  std::vector<ColumnStatistics> columns_;
};

}  // namespace kolosal
