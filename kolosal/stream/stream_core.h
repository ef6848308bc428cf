// StreamCore: the engine of a StreamingPipeline, for items whose types are checked by that class alone. What is guaranteed is told
// there.
//
// Every stage has a queue before it and threads of its own, which block: a stage may wait for a network or a disk.
#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "kolosal/base/fit_context.h"
#include "kolosal/stream/ordered_queue.h"
#include "kolosal/stream/stage_options.h"
#include "kolosal/stream/stream_statistics.h"

namespace kolosal {

/// Decides by its error whether a failed attempt may be followed by another.
using RetryIf = std::function<bool(const std::exception_ptr& error)>;

/// An item on its way.
struct StreamItem {
  uint64_t number = 0;             ///< of acceptance, from 0
  std::shared_ptr<void> original;  ///< as it was accepted
  std::shared_ptr<void> value;     ///< as the last stage left it
  Clock::time_point accepted, queued;
};

/// An item that a stage failed on.
struct FailedItem {
  StreamItem item;
  std::string stage;
  int attempts = 0;
  std::exception_ptr error;
};

/// One stage without its types.
struct StageSpec {
  std::string name;
  StageOptions options;
  RetryIf retry_if;  ///< empty: every error
  std::function<std::shared_ptr<void>(const void* value)> run;
};

/// What happens to items, told to whoever listens. Each may be empty.
struct StreamHooks {
  std::function<void(const StreamItem& item)> on_acknowledged;   ///< the sink returned for it, or next() gives it
  std::function<void(const FailedItem& failed)> on_dead_letter;  ///< a stage failed on it
};

/// What an exception says, on one line.
std::string error_text(const std::exception_ptr& error);

class StreamCore {
 public:
  /// Starts the workers. With a sink the last stage is it: items end there, else they wait for next(). Throws Error(BadValue) where the
  /// stages' options are out of bounds, names repeat, or the sink has more than one worker.
  StreamCore(std::vector<StageSpec> stages, bool has_sink, StreamHooks hooks, const FitContext& context);
  /// As stop(), so not from a worker; what was not finished is dropped.
  ~StreamCore();
  StreamCore(const StreamCore&) = delete;
  StreamCore& operator=(const StreamCore&) = delete;

  /// Accepts what `make` returns; waits for room until then.
  Pushed push(const std::function<std::shared_ptr<void>()>& make, Clock::time_point until);
  /// The next finished item, without a sink; it is acknowledged. Throws what ended the pipeline.
  Popped next(StreamItem& item, Clock::time_point until);
  /// Waits until next() would not wait, though it may find that an item was dead; takes nothing.
  Popped wait_for_next(Clock::time_point until) { return output_->wait_for_next(until); }
  /// Accepts no more; and waits until all is done; and ends at once.
  void close();
  void drain();
  void request_stop();
  /// Stops; gives the items that were not finished, in order of acceptance, once.
  std::vector<StreamItem> stop();
  StreamStatistics statistics() const;
  /// Whether the calling thread is one of the workers, which cannot wait for the end of all workers.
  bool is_called_by_worker() const noexcept;

 private:
  struct Stage;
  enum class State { Running, Stopped, Failed };

  void work(size_t stage);
  void watch();
  std::optional<StreamItem> run_stage(Stage& stage, bool is_sink, StreamItem item);
  bool may_retry(const RetryIf& retry_if, const std::exception_ptr& error);
  bool wait_to_retry(double seconds);
  void acknowledge(StreamItem& item);
  void bury(Stage& stage, FailedItem failed);
  void hand_back(StreamItem item);
  void fail(const std::exception_ptr& error);
  void end(State state, const std::exception_ptr& error);
  bool ending() const;
  void join();
  void throw_failure() const;

  StreamHooks hooks_;
  FitContext context_;
  Stopwatch watch_;
  std::vector<std::unique_ptr<Stage>> stages_;
  std::unique_ptr<OrderedQueue<StreamItem>> output_;  // without a sink
  LatencyRecorder latency_;
  std::atomic<int64_t> n_acknowledged_{0}, n_dead_{0};

  mutable std::mutex mutex_;  // guards what follows up to dead_mutex_
  mutable std::condition_variable changed_;
  State state_ = State::Running;
  std::exception_ptr failure_;
  std::vector<StreamItem> unfinished_;
  int64_t n_handed_back_ = 0;
  bool finished_ = false;  // no worker is left and nothing waits for next()

  std::mutex dead_mutex_;  // one dead letter at a time
  std::mutex join_mutex_;  // guards the threads
  std::vector<std::thread> threads_;
  std::thread watcher_;
};

}  // namespace kolosal
