#include "kolosal/stream/stream_core.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <unordered_set>
#include <utility>

namespace kolosal {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(20);  // between looks at the cancel token and the deadline

/// The pipeline that this thread works for.
thread_local const StreamCore* working_for = nullptr;

double seconds_between(Clock::time_point from, Clock::time_point to) { return std::chrono::duration<double>(to - from).count(); }

/// The error with where it happened; errors of other kinds are left as they are.
std::exception_ptr with_place(const FailedItem& failed) {
  try {
    std::rethrow_exception(failed.error);
  } catch (const Error& error) {
    std::string where = "stage '" + failed.stage + "', item " + std::to_string(failed.item.number + 1);
    if (failed.attempts > 1) where += " in " + std::to_string(failed.attempts) + " attempts";
    return std::make_exception_ptr(Error(error.code(), where + ": " + error.message(), error.remedy()));
  } catch (...) {
    return std::current_exception();
  }
}

void check_stages(const std::vector<StageSpec>& stages, bool has_sink) {
  std::unordered_set<std::string> names;
  for (const StageSpec& stage : stages) {
    (void)from_value<StageOptions>(to_value(stage.options), "stage '" + stage.name + "'");
    if (!names.insert(stage.name).second)
      throw Error(ErrorCode::BadValue, "two stages are named '" + stage.name + "'", "Give each stage a name of its own.");
  }
  if (stages.empty()) throw Error(ErrorCode::EmptyInput, "the pipeline has no stage (it is empty)", "Add a stage.");
  if (has_sink && stages.back().options.n_workers != 1)
    throw Error(ErrorCode::BadValue,
                "the sink '" + stages.back().name + "' has " + std::to_string(stages.back().options.n_workers) +
                    " workers; items reach a sink one after the other",
                "Give the sink one worker, and do in a stage before it what can be done at once.");
}

}  // namespace

struct StreamCore::Stage {
  explicit Stage(StageSpec given) : spec(std::move(given)), queue(static_cast<size_t>(spec.options.queue_capacity)) {}

  StageSpec spec;
  OrderedQueue<StreamItem> queue;
  LatencyRecorder wait, run;
  std::atomic<int64_t> n_in{0}, n_out{0}, n_retries{0}, n_dead{0};
};

std::string error_text(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    return known.message();
  } catch (const std::exception& known) {
    return known.what();
  } catch (...) {
    return "an error of unknown kind";
  }
}

StreamCore::StreamCore(std::vector<StageSpec> stages, bool has_sink, StreamHooks hooks, const FitContext& context)
    : hooks_(std::move(hooks)), context_(context) {
  check_stages(stages, has_sink);
  if (!has_sink) output_ = std::make_unique<OrderedQueue<StreamItem>>(static_cast<size_t>(stages.back().options.queue_capacity));
  for (StageSpec& stage : stages) stages_.push_back(std::make_unique<Stage>(std::move(stage)));
  try {
    for (size_t i = 0; i < stages_.size(); ++i)
      for (int32_t k = 0; k < stages_[i]->spec.options.n_workers; ++k) threads_.emplace_back([this, i] { work(i); });
    watcher_ = std::thread([this] { watch(); });
  } catch (...) {
    request_stop();
    join();
    throw;
  }
}

StreamCore::~StreamCore() {
  request_stop();
  join();
}

Pushed StreamCore::push(const std::function<std::shared_ptr<void>()>& make, Clock::time_point until) {
  const auto accept = [&](uint64_t number) {
    const Clock::time_point now = Clock::now();
    std::shared_ptr<void> item = make();
    return StreamItem{number, item, item, now, now};
  };
  return stages_.front()->queue.append(accept, until);
}

Popped StreamCore::next(StreamItem& item, Clock::time_point until) {
  OrderedQueue<StreamItem>::Slot slot;
  Popped popped;
  do popped = output_->pop(slot, until);
  while (popped == Popped::Item && !slot.item);
  if (popped == Popped::Item) {
    acknowledge(*slot.item);
    item = std::move(*slot.item);
  }
  if (popped == Popped::End) throw_failure();
  return popped;
}

void StreamCore::close() {
  const uint64_t n = stages_.front()->queue.close();
  for (size_t i = 1; i < stages_.size(); ++i) stages_[i]->queue.close(n);
  if (output_) output_->close(n);
}

void StreamCore::drain() {
  close();
  join();
  throw_failure();
}

void StreamCore::request_stop() { end(State::Stopped, nullptr); }

std::vector<StreamItem> StreamCore::stop() {
  request_stop();
  join();
  const std::lock_guard lock(mutex_);
  return std::exchange(unfinished_, {});
}

void StreamCore::work(size_t i) {
  working_for = this;
  Stage& stage = *stages_[i];
  OrderedQueue<StreamItem>* const after = i + 1 < stages_.size() ? &stages_[i + 1]->queue : output_.get();
  OrderedQueue<StreamItem>::Slot slot;
  while (stage.queue.pop(slot) == Popped::Item) {
    std::optional<StreamItem> passed;
    if (slot.item) passed = run_stage(stage, after == nullptr, std::move(*slot.item));
    if (after != nullptr && !after->put(slot.number, passed) && passed) hand_back(std::move(*passed));
  }
}

/// The item as it goes on; nothing where it is acknowledged, dead or handed back.
std::optional<StreamItem> StreamCore::run_stage(Stage& stage, bool is_sink, StreamItem item) {
  ++stage.n_in;
  const Clock::time_point begin = Clock::now();
  stage.wait.add(seconds_between(item.queued, begin));
  for (int attempt = 1;; ++attempt) {
    std::exception_ptr error;
    std::shared_ptr<void> value;
    try {
      value = stage.spec.run(item.value.get());
    } catch (...) {
      error = std::current_exception();
    }
    if (!error) {
      item.value = std::move(value);
      item.queued = Clock::now();
      stage.run.add(seconds_between(begin, item.queued));
      ++stage.n_out;
      if (!is_sink) return item;
      acknowledge(item);
      return std::nullopt;
    }
    const bool try_again = attempt < stage.spec.options.max_attempts && may_retry(stage.spec.retry_if, error);
    if (!try_again && !ending()) {
      bury(stage, {std::move(item), stage.spec.name, attempt, error});
      return std::nullopt;
    }
    if (ending() || !wait_to_retry(retry_delay(stage.spec.options, context_.seed, stage.spec.name, item.number, attempt))) {
      hand_back(std::move(item));
      return std::nullopt;
    }
    ++stage.n_retries;
  }
}

bool StreamCore::may_retry(const RetryIf& retry_if, const std::exception_ptr& error) {
  try {
    return !retry_if || retry_if(error);
  } catch (...) {
    fail(std::current_exception());
    return false;
  }
}

bool StreamCore::wait_to_retry(double seconds) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, std::chrono::duration<double>(std::min(seconds, 1e9)), [this] { return state_ != State::Running; });
}

void StreamCore::acknowledge(StreamItem& item) {
  ++n_acknowledged_;
  latency_.add(seconds_between(item.accepted, Clock::now()));
  if (!hooks_.on_acknowledged) return;
  try {
    hooks_.on_acknowledged(item);
  } catch (...) {
    fail(std::current_exception());
  }
}

void StreamCore::bury(Stage& stage, FailedItem failed) {
  if (!hooks_.on_dead_letter) {
    fail(with_place(failed));
    return hand_back(std::move(failed.item));
  }
  try {
    const std::lock_guard lock(dead_mutex_);
    hooks_.on_dead_letter(failed);
    ++stage.n_dead;
    ++n_dead_;
  } catch (...) {
    fail(std::current_exception());
    hand_back(std::move(failed.item));
  }
}

void StreamCore::hand_back(StreamItem item) {
  const std::lock_guard lock(mutex_);
  unfinished_.push_back(std::move(item));
  ++n_handed_back_;
}

void StreamCore::fail(const std::exception_ptr& error) { end(State::Failed, error); }

void StreamCore::end(State state, const std::exception_ptr& error) {
  // Queues stop before anybody can see that the pipeline ends: an item that is handed back would leave the way free for later ones.
  const std::lock_guard lock(mutex_);
  if (state_ != State::Running || finished_) return;
  for (const auto& stage : stages_) stage->queue.stop();
  if (output_) output_->stop();
  state_ = state;
  failure_ = error;
  changed_.notify_all();
}

bool StreamCore::ending() const {
  const std::lock_guard lock(mutex_);
  return state_ != State::Running;
}

/// Ends the pipeline where the context says so.
void StreamCore::watch() {
  std::unique_lock lock(mutex_);
  while (state_ == State::Running && !finished_) {
    changed_.wait_for(lock, kPoll);
    lock.unlock();
    try {
      context_.check();
    } catch (...) {
      fail(std::current_exception());
    }
    lock.lock();
  }
}

bool StreamCore::is_called_by_worker() const noexcept { return working_for == this; }

void StreamCore::join() {
  if (is_called_by_worker())
    throw Error(ErrorCode::Unsupported, "a stage of a pipeline cannot wait for the pipeline's end",
                "Call request_stop() there, and drain() or stop() elsewhere.");
  const std::lock_guard one_at_a_time(join_mutex_);
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
  {
    const std::lock_guard lock(mutex_);
    // Without a sink there may be items that wait for next().
    if (state_ == State::Running && output_) return;
    finished_ = true;
    changed_.notify_all();
  }
  if (watcher_.joinable()) watcher_.join();
  if (!ending()) return;
  const auto take = [this](OrderedQueue<StreamItem>& queue) {
    for (StreamItem& item : queue.take_all()) hand_back(std::move(item));
  };
  for (const auto& stage : stages_) take(stage->queue);
  if (output_) take(*output_);
  const std::lock_guard lock(mutex_);
  std::ranges::sort(unfinished_, {}, &StreamItem::number);
}

void StreamCore::throw_failure() const {
  const std::lock_guard lock(mutex_);
  if (failure_) std::rethrow_exception(failure_);
}

StreamStatistics StreamCore::statistics() const {
  StreamStatistics all;
  all.seconds = watch_.seconds();
  // In this order an item may be counted as in flight too long, never twice.
  all.n_acknowledged = n_acknowledged_;
  all.n_dead = n_dead_;
  {
    const std::lock_guard lock(mutex_);
    all.n_handed_back = n_handed_back_;
  }
  all.n_accepted = static_cast<int64_t>(stages_.front()->queue.n_appended());
  all.n_in_flight = all.n_accepted - all.n_acknowledged - all.n_dead - all.n_handed_back;
  all.items_per_second = static_cast<double>(all.n_acknowledged) / std::max(all.seconds, 1e-9);
  all.latency_seconds = latency_.found();
  for (const auto& stage : stages_) {
    StageStatistics one;
    one.name = stage->spec.name;
    one.n_workers = stage->spec.options.n_workers;
    one.n_out = stage->n_out;
    one.n_in = stage->n_in;
    one.n_retries = stage->n_retries;
    one.n_dead = stage->n_dead;
    one.queue_depth = static_cast<int64_t>(stage->queue.depth());
    one.max_queue_depth = static_cast<int64_t>(stage->queue.max_depth());
    one.items_per_second = static_cast<double>(one.n_out) / std::max(all.seconds, 1e-9);
    one.wait_seconds = stage->wait.found();
    one.run_seconds = stage->run.found();
    all.stages.push_back(std::move(one));
  }
  return all;
}

}  // namespace kolosal
