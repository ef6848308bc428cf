// How many rows the next batch has: a fixed number, one that follows the measured time of a batch, or one that follows its measured
// bytes and the memory that is left.
//
// Checked  batch_size_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "kolosal/base/fields.h"
#include "kolosal/base/memory_budget.h"
#include "kolosal/base/memory_pressure.h"

namespace kolosal {

/// What the size of batches follows.
enum class BatchStrategy {
  Fixed,        ///< `batch_rows` rows each; the last has what is left
  Dynamic,      ///< as many rows as take `target_seconds`
  MemoryAware,  ///< as many rows as take `target_bytes`, less where memory is short
};

constexpr auto enum_names(BatchStrategy) {
  return std::to_array<std::pair<BatchStrategy, std::string_view>>(
      {{BatchStrategy::Fixed, "fixed"}, {BatchStrategy::Dynamic, "dynamic"}, {BatchStrategy::MemoryAware, "memory_aware"}});
}

/// How a BatchProcessor cuts its rows.
struct BatchOptions {
  BatchStrategy strategy = BatchStrategy::Dynamic;
  int64_t batch_rows = 8192;
  int64_t min_batch_rows = 256;
  int64_t max_batch_rows = 1'000'000;
  double target_seconds = 0.1;
  int64_t target_bytes = int64_t{64} << 20;
  int32_t max_in_flight = 0;
};
void describe(Fields<BatchOptions>& fields);
/// Throws Error(BadValue) where a field is out of its bounds, or min_batch_rows is more than max_batch_rows.
void check_options(const BatchOptions& options);

/// Chooses the rows of each batch and learns from the batches that are done. Not safe from several threads.
class BatchSizer {
 public:
  /// `n_in_flight` batches share what `memory` has. Throws as check_options.
  BatchSizer(const BatchOptions& options, size_t n_in_flight, const MemoryBudget& memory);

  /// Rows that the next batch should have, where its rows take `bytes_per_row` as they come in; at least 1.
  size_t next_rows(double bytes_per_row, MemoryPressure pressure);
  /// A batch of `rows` > 0 rows took so many seconds, and so many bytes as it came in and went out.
  void observe(size_t rows, double seconds, size_t bytes_in, size_t bytes_out);
  /// Bytes that `rows` rows will take together with what becomes of them, judged by the batches so far.
  size_t expected_bytes(size_t rows, double bytes_per_row) const;

 private:
  double bytes_limit(MemoryPressure pressure) const;

  BatchOptions options_;
  double n_in_flight_;
  const MemoryBudget& memory_;
  double rows_;                 // of the batch given last
  double seconds_per_row_ = 0;  // 0: not known yet
  double growth_ = 1;           // bytes that go out for each that comes in
};

}  // namespace kolosal
