#include "kolosal/stream/batch_processor.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "kolosal/base/array.h"
#include "kolosal/stream/batch_source.h"
#include "kolosal/table/table_parts.h"

namespace kolosal {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(20);  // between looks at the cancel token where nothing happens

/// A batch on its way. Who claims it first computes it.
class Batch {
 public:
  Batch(Table rows, size_t number, size_t first_row, MemoryLease lease)
      : rows_(std::move(rows)), number_(number), first_row_(first_row), n_rows_(rows_.n_rows()), lease_(std::move(lease)) {}

  bool claim() noexcept { return !claimed_.exchange(true); }

  /// Computes the result; only for who claimed the batch.
  void compute(const BatchProcessor::Function& function) {
    const Stopwatch watch;
    std::optional<Table> result;
    std::exception_ptr error;
    const size_t bytes_in = n_bytes(rows_);
    try {
      result = function(rows_);
    } catch (const Error& failed) {
      error = std::make_exception_ptr(Error(failed.code(), where() + failed.message(), failed.remedy()));
    } catch (...) {
      error = std::current_exception();
    }
    rows_ = Table();
    const std::lock_guard lock(mutex_);
    bytes_in_ = bytes_in;
    seconds_ = watch.seconds();
    result_ = std::move(result);
    error_ = error;
    done_ = true;
    changed_.notify_all();
  }

  bool done() const {
    const std::lock_guard lock(mutex_);
    return done_;
  }
  /// Waits until the batch is done, or a while.
  void wait_a_while() const {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPoll, [this] { return done_; });
  }
  void wait() const {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return done_; });
  }

  /// The result of a batch that is done; throws what the function threw.
  const Table& result() const {
    if (error_) std::rethrow_exception(error_);
    return *result_;
  }
  /// Lets rows, result and bytes of the budget go: a task that nobody needs any more may hold the batch for a while.
  void release() {
    rows_ = Table();
    result_.reset();
    lease_.reset();
  }
  size_t n_rows() const noexcept { return n_rows_; }
  size_t bytes_in() const noexcept { return bytes_in_; }
  double seconds() const noexcept { return seconds_; }

 private:
  std::string where() const {
    if (n_rows_ == 0) return "batch " + std::to_string(number_ + 1) + ": ";
    return "batch " + std::to_string(number_ + 1) + " (rows " + std::to_string(first_row_ + 1) + " to " +
           std::to_string(first_row_ + n_rows_) + "): ";
  }

  Table rows_;
  size_t number_, first_row_, n_rows_;
  std::optional<MemoryLease> lease_;
  std::atomic<bool> claimed_{false};
  mutable std::mutex mutex_;  // guards what follows
  mutable std::condition_variable changed_;
  bool done_ = false;
  std::optional<Table> result_;
  std::exception_ptr error_;
  size_t bytes_in_ = 0;
  double seconds_ = 0;
};

/// One run.
class Run {
 public:
  Run(const BatchOptions& options, const BatchHooks& hooks, BatchSource source, const BatchProcessor::Function& function,
      const BatchProcessor::Sink& sink, const FitContext& context)
      : hooks_(hooks),
        source_(std::move(source)),
        function_(function),
        sink_(sink),
        context_(context),
        limit_(static_cast<size_t>(options.max_in_flight > 0 ? options.max_in_flight : 2 * context.threads->size())),
        sizer_(options, limit_, *context.memory) {
    const auto when_short = [](MemoryPressure pressure, const MemoryState&) {
      if (pressure != MemoryPressure::Normal) release_idle_arrays();
    };
    if (options.strategy == BatchStrategy::MemoryAware)
      monitor_ = std::make_unique<MemoryMonitor>(when_short, MemoryThresholds{}, 0.1, hooks.read_memory);
  }
  ~Run() {
    // What nobody began is not begun; what somebody works on still sees the function and the context.
    for (const auto& batch : in_flight_) {
      if (!batch->claim()) batch->wait();
      batch->release();
    }
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  BatchStatistics finish() {
    bool at_end = false;
    while (!statistics_.stopped && !(at_end && in_flight_.empty())) {
      context_.check();
      const bool is_full = at_end || in_flight_.size() >= limit_;
      if (!in_flight_.empty() && (is_full || in_flight_.front()->done())) deliver();
      else at_end = !start_batch();
    }
    statistics_.seconds = watch_.seconds();
    statistics_.rows_per_second = rate();
    if (statistics_.n_batches > 0)
      statistics_.mean_batch_seconds = statistics_.function_seconds / static_cast<double>(statistics_.n_batches);
    return statistics_;
  }

 private:
  double rate() const { return static_cast<double>(statistics_.n_rows_in) / std::max(watch_.seconds(), 1e-9); }

  /// Makes room for the next batch, reads it and offers it to the threads; false at the end, and where the run was stopped meanwhile.
  bool start_batch() {
    const double bytes_per_row = source_.bytes_per_row();
    const size_t wanted = sizer_.next_rows(bytes_per_row, monitor_ ? monitor_->pressure() : MemoryPressure::Normal);
    while (!in_flight_.empty() && sizer_.expected_bytes(wanted, bytes_per_row) > context_.memory->available() && !statistics_.stopped)
      deliver();
    if (statistics_.stopped) return false;
    std::optional<Table> rows = source_.next(wanted);
    if (!rows) return false;
    const size_t n = rows->n_rows();
    MemoryLease lease(context_.memory, sizer_.expected_bytes(n, bytes_per_row), "a batch of " + std::to_string(n) + " rows and its result");
    auto batch = std::make_shared<Batch>(std::move(*rows), n_started_++, next_row_, std::move(lease));
    next_row_ += n;
    in_flight_.push_back(batch);
    statistics_.max_in_flight = std::max(statistics_.max_in_flight, static_cast<int64_t>(in_flight_.size()));
    if (context_.threads->size() > 1) {
      const auto work = [batch, function = &function_] {
        if (batch->claim()) batch->compute(*function);
      };
      (void)context_.threads->run_async(work);
    }
    return true;
  }

  /// Computes or awaits the first batch, works on others meanwhile, and gives its result to the sink.
  void deliver() {
    const std::shared_ptr<Batch> first = in_flight_.front();
    while (!first->done()) {
      context_.check();
      const auto open = std::ranges::find_if(in_flight_, [](const auto& batch) { return batch->claim(); });
      if (open != in_flight_.end()) (*open)->compute(function_);
      else first->wait_a_while();
    }
    const Table& result = first->result();
    sink_(result);
    record(*first, result);
    in_flight_.pop_front();
    first->release();
    if (!hooks_.on_progress) return;
    BatchProgress progress{statistics_.n_batches, statistics_.n_rows_in, {}, watch_.seconds(), rate()};
    if (const auto total = source_.n_rows_total()) progress.n_rows_total = static_cast<int64_t>(*total);
    statistics_.stopped = !hooks_.on_progress(progress);
  }

  void record(const Batch& batch, const Table& result) {
    BatchStatistics& s = statistics_;
    const auto rows = static_cast<int64_t>(batch.n_rows());
    const size_t bytes_out = n_bytes(result);
    s.min_batch_rows = s.n_batches == 0 ? rows : std::min(s.min_batch_rows, rows);
    s.max_batch_rows = std::max(s.max_batch_rows, rows);
    s.min_batch_seconds = s.n_batches == 0 ? batch.seconds() : std::min(s.min_batch_seconds, batch.seconds());
    s.max_batch_seconds = std::max(s.max_batch_seconds, batch.seconds());
    s.function_seconds += batch.seconds();
    s.n_rows_in += rows;
    s.n_rows_out += static_cast<int64_t>(result.n_rows());
    s.n_bytes_in += static_cast<int64_t>(batch.bytes_in());
    s.n_bytes_out += static_cast<int64_t>(bytes_out);
    s.n_batches += 1;
    if (rows > 0) sizer_.observe(batch.n_rows(), batch.seconds(), batch.bytes_in(), bytes_out);
  }

  const BatchHooks& hooks_;
  BatchSource source_;
  const BatchProcessor::Function& function_;
  const BatchProcessor::Sink& sink_;
  const FitContext& context_;
  size_t limit_;
  BatchSizer sizer_;
  std::unique_ptr<MemoryMonitor> monitor_;
  Stopwatch watch_;
  BatchStatistics statistics_;
  size_t n_started_ = 0, next_row_ = 0;
  std::deque<std::shared_ptr<Batch>> in_flight_;  // in order of rows
};

}  // namespace

void describe(Fields<BatchProgress>& fields) {
  fields.add("n_batches", &BatchProgress::n_batches, "Batches that are done.");
  fields.add("n_rows", &BatchProgress::n_rows, "Rows of those batches.");
  fields.add("n_rows_total", &BatchProgress::n_rows_total, "All rows, where their number is known.");
  fields.add("seconds", &BatchProgress::seconds, "Seconds since the run began.");
  fields.add("rows_per_second", &BatchProgress::rows_per_second, "Rows a second so far.");
}

void describe(Fields<BatchStatistics>& fields) {
  fields.add("n_batches", &BatchStatistics::n_batches, "Batches that the sink took.");
  fields.add("n_rows_in", &BatchStatistics::n_rows_in, "Rows that came in with them.");
  fields.add("n_rows_out", &BatchStatistics::n_rows_out, "Rows that went out.");
  fields.add("n_bytes_in", &BatchStatistics::n_bytes_in, "Bytes of the rows that came in.");
  fields.add("n_bytes_out", &BatchStatistics::n_bytes_out, "Bytes of the rows that went out.");
  fields.add("min_batch_rows", &BatchStatistics::min_batch_rows, "Rows of the smallest batch.");
  fields.add("max_batch_rows", &BatchStatistics::max_batch_rows, "Rows of the largest batch.");
  fields.add("max_in_flight", &BatchStatistics::max_in_flight, "Most batches that were held at a time.");
  fields.add("seconds", &BatchStatistics::seconds, "Seconds of the run.");
  fields.add("function_seconds", &BatchStatistics::function_seconds, "Seconds in the function, all threads together.");
  fields.add("min_batch_seconds", &BatchStatistics::min_batch_seconds, "Seconds of the fastest batch.");
  fields.add("mean_batch_seconds", &BatchStatistics::mean_batch_seconds, "Seconds of a batch on average.");
  fields.add("max_batch_seconds", &BatchStatistics::max_batch_seconds, "Seconds of the slowest batch.");
  fields.add("rows_per_second", &BatchStatistics::rows_per_second, "Rows that came in a second.");
  fields.add("stopped", &BatchStatistics::stopped, "Whether the progress callback ended the run.");
}

BatchProcessor::BatchProcessor(BatchOptions options, BatchHooks hooks) : options_(options), hooks_(std::move(hooks)) {
  check_options(options_);
}

BatchStatistics BatchProcessor::run(TableReader& reader, const Function& function, const Sink& sink, const FitContext& context) const {
  return Run(options_, hooks_, BatchSource(reader), function, sink, context).finish();
}

BatchStatistics BatchProcessor::run(const Table& table, const Function& function, const Sink& sink, const FitContext& context) const {
  return Run(options_, hooks_, BatchSource(table), function, sink, context).finish();
}

}  // namespace kolosal
