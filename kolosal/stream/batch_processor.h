// BatchProcessor: a function of tables over more rows than fit into memory, batch by batch, on all threads, results in order.
//
// The caller's thread reads batches, gives results to the sink in order of rows, and works on a batch itself where it would have to
// wait; the other threads of the context work on batches alone. At most `max_in_flight` batches are held, from being read to being
// taken by the sink, and each has reserved its bytes in the context's memory budget.
//
// Where every row's result depends on that row alone, what the sink gets, put together, depends neither on the strategy, nor on the
// size of batches, nor on the number of threads. Sizes that follow time or memory are not the same in each run.
//
// Cost     that of the reader, the function and the sink, and some microseconds a batch.
// Checked  batch_processor_test.cc, with functions that fail, are slow, are cancelled.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "kolosal/base/fit_context.h"
#include "kolosal/base/memory_pressure.h"
#include "kolosal/stream/batch_size.h"
#include "kolosal/table/io/table_io.h"
#include "kolosal/table/table.h"

namespace kolosal {

/// How far a run is, told after each batch that the sink took.
struct BatchProgress {
  int64_t n_batches = 0;
  int64_t n_rows = 0;                   ///< that came in with those batches
  std::optional<int64_t> n_rows_total;  ///< where it is known
  double seconds = 0;                   ///< since the run began
  double rows_per_second = 0;
};
void describe(Fields<BatchProgress>& fields);

/// What a run did.
struct BatchStatistics {
  int64_t n_batches = 0;
  int64_t n_rows_in = 0, n_rows_out = 0;
  int64_t n_bytes_in = 0, n_bytes_out = 0;
  int64_t min_batch_rows = 0, max_batch_rows = 0;  ///< of the batches that were made
  int64_t max_in_flight = 0;                       ///< most batches that were held at a time
  double seconds = 0;                              ///< of the run
  double function_seconds = 0;                     ///< in the function, all threads together
  double min_batch_seconds = 0, mean_batch_seconds = 0, max_batch_seconds = 0;
  double rows_per_second = 0;
  bool stopped = false;  ///< on_progress ended the run
};
void describe(Fields<BatchStatistics>& fields);

/// What may be given to a processor besides its options.
struct BatchHooks {
  /// Called in the caller's thread after each batch; returning false ends the run. May be empty.
  std::function<bool(const BatchProgress&)> on_progress;
  /// Where memory-aware batches learn of memory.
  std::function<MemoryState()> read_memory = [] { return read_memory_state(); };
};

class BatchProcessor {
 public:
  /// What becomes of a batch; called from several threads at once. It may use the context's threads and should poll should_stop().
  using Function = std::function<Table(const Table& batch)>;
  /// Takes the results in order of rows, in the caller's thread.
  using Sink = std::function<void(const Table& result)>;

  /// Throws Error(BadValue) where the options contradict themselves.
  explicit BatchProcessor(BatchOptions options = {}, BatchHooks hooks = {});

  /// Every row of the source through `function` into `sink`. What the function throws reaches the caller once the results before that
  /// batch were given to the sink, an Error with the number of the batch and its rows; what reader and sink throw reaches it at once.
  /// Throws Error(Cancelled) and Error(Timeout) as the context says, and Error(OutOfMemory) where the budget does not have room for
  /// one batch. When it returns or throws, no call of the function is under way.
  BatchStatistics run(TableReader& reader, const Function& function, const Sink& sink, const FitContext& context) const;
  BatchStatistics run(const Table& table, const Function& function, const Sink& sink, const FitContext& context) const;

  /// The options of every run.
  const BatchOptions& options() const noexcept { return options_; }

 private:
  BatchOptions options_;
  BatchHooks hooks_;
};

}  // namespace kolosal
