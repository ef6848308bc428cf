// StreamingPipeline: items through stages that work at the same time, in order, with bounded memory, and nothing lost.
//
//   auto pipeline = StreamStages<std::string>()
//                       .then("parse", parse, {.n_workers = 4})             // Row parse(const std::string&)
//                       .then("predict", predict, {.max_attempts = 3})      // double predict(const Row&)
//                       .into("write", write, {}, callbacks, context);      // void write(const double&)
//   while (read(line)) pipeline.push(line);                                  // waits while the pipeline is full
//   pipeline.drain();
//
// What is guaranteed
//   Order       Items reach the sink one after the other, in the order in which they were accepted, whatever the number of workers.
//               A stage of one worker sees them in that order too.
//   Bound       At most queue_capacity items wait before a stage and n_workers are in it; push() waits while there is no room.
//   Ends        An item that was accepted ends in exactly one way. It is acknowledged: the sink returned for it, or next() gave it. Or
//               it is dead: a stage or the sink failed on it max_attempts times, or with an error that is not to be tried again, and the
//               dead-letter callback returned for it. Or it is handed back by stop(), unchanged. So after drain() or stop()
//               n_accepted = n_acknowledged + n_dead + n_handed_back.
//   Once        The sink returns at most once for an item. It is called again only where it threw, so what it had done until then it must
//               undo or be able to do twice.
//   Failure     Without a dead-letter callback the first failure ends the pipeline, as does a callback that throws, the deadline or the
//               cancel token: calls under way end, nothing new is begun, push() accepts nothing more, drain() and next() throw the
//               error, and stop() hands back every item that is neither acknowledged nor dead, the failed one too.
//   stop()      Waits for the calls under way. A sink that returns still acknowledges its item; what other stages made is dropped, and the
//               items as they were accepted are handed back, in that order.
//   A crash     of the process loses what was not acknowledged: who feeds the pipeline must keep it until then.
//
// Functions are called from several threads where a stage has several workers, and keep their argument as it is: it may be tried again.
// Threads: one for each worker, one that looks at deadline and cancel token every 20 ms.
//
// Cost     some microseconds an item and stage.
// Checked  streaming_pipeline_test.cc, also under ThreadSanitizer: stages and sinks that throw, stops at random moments, slow consumers.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "kolosal/stream/stream_core.h"

namespace kolosal {

/// An item that failed. The references hold during the call that tells of it.
template <class In>
struct DeadLetter {
  const In& item;      ///< as it was accepted
  uint64_t number;     ///< of acceptance, from 0
  std::string stage;   ///< where it failed
  int attempts;        ///< how often it was tried there
  std::string reason;  ///< what the last error says
  std::exception_ptr error;
};

/// What happens to items, told to whoever listens. Each may be empty; what it throws ends the pipeline.
template <class In>
struct StreamCallbacks {
  /// The sink returned for the item, or next() gives it. Called in order of acceptance, without a sink if one thread alone calls next().
  std::function<void(uint64_t number, const In& item)> on_acknowledged;
  /// An item failed. Called from any thread, one at a time. Where it is empty, a failure ends the pipeline.
  std::function<void(const DeadLetter<In>& letter)> on_dead_letter;
};

/// A pipeline at work. Methods may be called from any thread, but not drain(), stop() or the destructor from a stage or callback.
template <class In, class Out = void>
class StreamingPipeline {
 public:
  /// Made by StreamStages.
  explicit StreamingPipeline(std::unique_ptr<StreamCore> core) : core_(std::move(core)) {}

  /// Accepts an item, once there is room for it; false where the pipeline accepts no more: then `item` is left as it is.
  bool push(In&& item) { return push_until(std::move(item), kForever) == Pushed::Accepted; }
  bool push(const In& item) { return push_until(item, kForever) == Pushed::Accepted; }
  /// The same, waiting for room no longer than `seconds`.
  template <class Item>
  requires std::constructible_from<In, Item&&> Pushed try_push(Item&& item, double seconds = 0) {
    return push_until(std::forward<Item>(item), Deadline::after(seconds).when());
  }

  /// The next result, in order, once there is one; nothing after the last. Throws what ended the pipeline.
  std::optional<Out> next() requires(!std::is_void_v<Out>) { return next_until(kForever).second; }
  /// The same, waiting no longer than `seconds`: whether there is one, none yet, or none any more.
  std::pair<Popped, std::optional<Out>> try_next(double seconds = 0) requires(!std::is_void_v<Out>) {
    return next_until(Deadline::after(seconds).when());
  }

  /// Waits no longer than `seconds` until it is worth while to call try_next(): it will not be where the answer is Empty. Takes nothing.
  Popped wait_for_next(double seconds) requires(!std::is_void_v<Out>) { return core_->wait_for_next(Deadline::after(seconds).when()); }

  /// Accepts no more. What was accepted goes on.
  void close() { core_->close(); }
  /// Accepts no more and waits until every item is acknowledged or dead, or, in a pipeline without sink, waits for next(). Throws what
  /// ended the pipeline.
  void drain() { core_->drain(); }
  /// Begins to stop and returns at once; stop() then gives what was not finished.
  void request_stop() { core_->request_stop(); }
  /// Stops, and gives the items that were accepted and neither acknowledged nor dead, in order of acceptance, once.
  std::vector<In> stop() {
    std::vector<In> items;
    for (StreamItem& item : core_->stop()) items.push_back(std::move(*static_cast<In*>(item.original.get())));
    return items;
  }
  StreamStatistics statistics() const { return core_->statistics(); }
  /// Whether this is asked by a stage or a callback that a worker calls.
  bool is_called_by_worker() const noexcept { return core_->is_called_by_worker(); }

 private:
  static constexpr Clock::time_point kForever = Clock::time_point::max();

  template <class Item>
  Pushed push_until(Item&& item, Clock::time_point until) {
    return core_->push([&]() -> std::shared_ptr<void> { return std::make_shared<In>(std::forward<Item>(item)); }, until);
  }
  std::pair<Popped, std::optional<Out>> next_until(Clock::time_point until) requires(!std::is_void_v<Out>) {
    StreamItem item;
    const Popped popped = core_->next(item, until);
    if (popped != Popped::Item) return {popped, std::nullopt};
    return {popped, std::move(*static_cast<Out*>(item.value.get()))};
  }

  std::unique_ptr<StreamCore> core_;
};

/// The stages of a pipeline to be: from items In to Out so far. A value; nothing runs before into() or start().
template <class In, class Out = In>
class StreamStages {
 public:
  StreamStages() = default;

  /// Adds a stage that makes of each Out what `function(const Out&)` returns. Only errors that `retry_if` allows are tried again.
  template <std::invocable<const Out&> Function>
  auto then(std::string name, Function function, StageOptions options = {}, RetryIf retry_if = {}) const {
    using Next = std::decay_t<std::invoke_result_t<Function&, const Out&>>;
    static_assert(!std::is_void_v<Next>, "a stage returns what the next one takes; what returns nothing is a sink: into()");
    StreamStages<In, Next> longer;
    longer.stages_ = stages_;
    longer.stages_.push_back(
        {std::move(name), options, std::move(retry_if), [function](const void* value) mutable -> std::shared_ptr<void> {
           return std::make_shared<Next>(function(*static_cast<const Out*>(value)));
         }});
    return longer;
  }

  /// Starts the pipeline, whose results go to `sink(const Out&)`.
  template <std::invocable<const Out&> Sink>
  StreamingPipeline<In> into(std::string name, Sink sink, StageOptions options = {}, StreamCallbacks<In> callbacks = {},
                             const FitContext& context = {}, RetryIf retry_if = {}) const {
    std::vector<StageSpec> stages = stages_;
    stages.push_back({std::move(name), options, std::move(retry_if), [sink](const void* value) mutable -> std::shared_ptr<void> {
                        sink(*static_cast<const Out*>(value));
                        return nullptr;
                      }});
    return StreamingPipeline<In>(std::make_unique<StreamCore>(std::move(stages), true, hooks_of(std::move(callbacks)), context));
  }

  /// Starts a pipeline whose results are fetched by next(); as many as the last stage's queue_capacity may wait for that.
  StreamingPipeline<In, Out> start(StreamCallbacks<In> callbacks = {}, const FitContext& context = {}) const {
    return StreamingPipeline<In, Out>(std::make_unique<StreamCore>(stages_, false, hooks_of(std::move(callbacks)), context));
  }

 private:
  template <class, class>
  friend class StreamStages;

  static StreamHooks hooks_of(StreamCallbacks<In> callbacks) {
    StreamHooks hooks;
    if (callbacks.on_acknowledged)
      hooks.on_acknowledged = [tell = std::move(callbacks.on_acknowledged)](const StreamItem& item) {
        tell(item.number, *static_cast<const In*>(item.original.get()));
      };
    if (callbacks.on_dead_letter)
      hooks.on_dead_letter = [tell = std::move(callbacks.on_dead_letter)](const FailedItem& failed) {
        tell({*static_cast<const In*>(failed.item.original.get()), failed.item.number, failed.stage, failed.attempts,
              error_text(failed.error), failed.error});
      };
    return hooks;
  }

  std::vector<StageSpec> stages_;
};

}  // namespace kolosal
