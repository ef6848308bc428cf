// Batches and streams for Python. Native threads hold the interpreter's lock only while they call Python; who waits here lets it go,
// and looks for Ctrl-C every 50 ms.

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <tuple>

#include "bindings.h"
#include "kolosal/base/json.h"
#include "kolosal/stream/batch_processor.h"
#include "kolosal/stream/batch_queue.h"
#include "kolosal/stream/streaming_pipeline.h"
#include "kolosal/stream/table_statistics.h"
#include "kolosal/table/io/table_io.h"

namespace kolosal::python {
namespace {

constexpr double kLook = 0.05;  // seconds between looks for Ctrl-C

/// A Python object that threads without the interpreter's lock may copy and drop.
using Shared = std::shared_ptr<nb::object>;

Shared shared(nb::object object) {
  return Shared(new nb::object(std::move(object)), [](nb::object* held) {
    const nb::gil_scoped_acquire acquired;
    delete held;
  });
}

/// Runs Ctrl-C's handler where it is due, and throws what that raises. Needs the interpreter's lock.
void check_signals() {
  if (PyErr_CheckSignals() != 0) throw nb::python_error();
}

/// Calls `wait` until a time that is never further than the next look for Ctrl-C, while it says that there was nothing and there are
/// seconds left; negative seconds mean for ever.
template <class Wait, class Nothing>
auto wait_with_signals(double seconds, Nothing nothing, Wait wait) {
  const Deadline deadline = seconds < 0 ? Deadline() : Deadline::after(seconds);
  for (;;) {
    {
      const nb::gil_scoped_release released;
      auto result = wait(std::min(deadline.when(), Deadline::after(kLook).when()));
      if (!nothing(result) || deadline.passed()) return result;
    }
    check_signals();
  }
}

/// What a call raised, as an exception of its own: the one that a pipeline keeps may be thrown again.
template <class Call>
auto with_own_errors(Call call) {
  try {
    return call();
  } catch (const nb::python_error& error) {
    nb::python_error own(error);
    if (own.matches(PyExc_StopIteration) || own.matches(PyExc_StopAsyncIteration)) {  // which would end the caller's loop in silence
      nb::raise_from(own, PyExc_RuntimeError, "a function of the stream raised StopIteration or StopAsyncIteration");
      throw nb::python_error();
    }
    throw nb::python_error(error);
  }
}

// --- Batches

/// Tables that a Python iterator gives.
class PythonReader final : public TableReader {
 public:
  explicit PythonReader(Shared iterator) : iterator_(std::move(iterator)) {}
  std::optional<Table> next() override {
    const nb::gil_scoped_acquire acquired;
    const nb::object item = nb::steal(PyIter_Next(iterator_->ptr()));
    if (item.is_valid()) return nb::cast<Table>(item);
    if (PyErr_Occurred() != nullptr) throw nb::python_error();
    return std::nullopt;
  }

 private:
  Shared iterator_;
};

std::string run_batches(const std::string& options, const nb::object& source, const std::string& read_options, const nb::object& function,
                        const nb::object& sink, const nb::object& progress, const CancelToken& cancel, int n_threads,
                        std::optional<size_t> memory_limit) {
  BatchHooks hooks;
  hooks.on_progress = [told = shared(progress)](const BatchProgress& done) {
    const nb::gil_scoped_acquire acquired;
    check_signals();
    return told->is_none() || nb::cast<bool>((*told)(to_json(to_value(done))));
  };
  const BatchProcessor processor(from_value<BatchOptions>(parse_json(options)), std::move(hooks));
  const auto compute = [call = shared(function)](const Table& batch) {
    const nb::gil_scoped_acquire acquired;
    return nb::cast<Table>((*call)(batch));
  };
  std::unique_ptr<TableWriter> writer;
  if (nb::isinstance<nb::str>(sink)) writer = create_table(nb::cast<std::string>(sink));
  const BatchProcessor::Sink take = [&writer, call = shared(sink)](const Table& result) {
    if (writer) return writer->write(result);
    const nb::gil_scoped_acquire acquired;
    (*call)(result);
  };
  std::optional<Table> table;
  std::unique_ptr<TableReader> reader;
  const ReadOptions reading = from_value<ReadOptions>(parse_json(read_options));
  if (!nb::isinstance<nb::str>(source) && to_json(to_value(reading)) != to_json(to_value(ReadOptions())))
    throw Error(ErrorCode::BadValue, "read_options say how a file is read, and the source is none", "Leave them out, or pass a path.");
  if (nb::isinstance<Table>(source)) table = nb::cast<Table>(source);
  else if (!nb::isinstance<nb::str>(source)) reader = std::make_unique<PythonReader>(shared(source));
  const std::string path = nb::isinstance<nb::str>(source) ? nb::cast<std::string>(source) : std::string();

  const nb::gil_scoped_release released;
  FitContext context = context_of(n_threads);
  context.cancel = cancel;
  if (memory_limit) context.memory = std::make_shared<MemoryBudget>(*memory_limit);
  if (!table && !reader) reader = open_table(path, reading);
  const BatchStatistics done = table ? processor.run(*table, compute, take, context) : processor.run(*reader, compute, take, context);
  if (writer) writer->close();
  return to_json(to_value(done));
}

// --- Streams

/// A stage as Python gives it: name, function, JSON of its options, and which exceptions are tried again (None: all).
using PythonStage = std::tuple<std::string, nb::object, std::string, nb::object>;

RetryIf retry_if(const nb::object& allows) {
  if (allows.is_none()) return {};
  return [call = shared(allows)](const std::exception_ptr& error) {
    const nb::gil_scoped_acquire acquired;
    try {
      std::rethrow_exception(error);
    } catch (const nb::python_error& raised) {
      return nb::cast<bool>((*call)(raised.value()));
    } catch (...) {
      return false;
    }
  };
}

using ObjectPipeline = StreamingPipeline<Shared, Shared>;

/// A pipeline of Python objects. Everything that waits for its threads does so without the interpreter's lock, which they need.
class Stream {
 public:
  Stream(const std::vector<PythonStage>& stages, const nb::object& on_acknowledged, const nb::object& on_dead_letter, uint64_t seed) {
    StreamStages<Shared> made;
    for (const auto& [name, function, options, retry] : stages)
      made = made.then(
          name,
          [call = shared(function)](const Shared& item) {
            const nb::gil_scoped_acquire acquired;
            return shared((*call)(*item));
          },
          from_value<StageOptions>(parse_json(options), "stage '" + name + "'"), retry_if(retry));
    StreamCallbacks<Shared> callbacks;
    if (!on_acknowledged.is_none())
      callbacks.on_acknowledged = [call = shared(on_acknowledged)](uint64_t, const Shared& item) {
        const nb::gil_scoped_acquire acquired;
        (*call)(*item);
      };
    if (!on_dead_letter.is_none())
      callbacks.on_dead_letter = [call = shared(on_dead_letter)](const DeadLetter<Shared>& letter) {
        const nb::gil_scoped_acquire acquired;
        rethrow_if_no_error(letter.error);
        (*call)(*letter.item, letter.stage, error_of(letter.error), letter.attempts);
      };
    FitContext context;
    context.seed = seed;
    const nb::gil_scoped_release released;
    pipeline_ = std::make_unique<ObjectPipeline>(made.start(std::move(callbacks), context));
  }
  ~Stream() {
    const nb::gil_scoped_release released;
    // A stage may drop the last reference, also through the garbage collector, and cannot wait for its own end.
    if (pipeline_->is_called_by_worker()) std::thread([last = std::move(pipeline_)]() mutable { last.reset(); }).detach();
    pipeline_.reset();
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  Pushed push(const nb::object& item, double seconds) {
    const Shared held = shared(item);
    return wait_with_signals(
        seconds, [](Pushed pushed) { return pushed == Pushed::Full; },
        [&](Clock::time_point until) { return pipeline_->try_push(held, std::max(0.0, Deadline(until).remaining_seconds())); });
  }
  std::pair<Popped, nb::object> next(double seconds) {
    // Taking an item acknowledges it, so what Ctrl-C raises must come before.
    const Deadline deadline = seconds < 0 ? Deadline() : Deadline::after(seconds);
    for (;;) {
      const Popped there = wait(seconds < 0 ? seconds : std::max(0.0, deadline.remaining_seconds()));
      check_signals();
      auto [popped, item] = with_own_errors([&] { return pipeline_->try_next(0); });
      if (popped != Popped::Empty || there == Popped::Empty) return {popped, item ? **item : nb::none()};
    }
  }
  Popped wait(double seconds) {
    return wait_with_signals(
        seconds, [](Popped popped) { return popped == Popped::Empty; },
        [&](Clock::time_point until) { return pipeline_->wait_for_next(std::max(0.0, Deadline(until).remaining_seconds())); });
  }
  void close() { pipeline_->close(); }
  void request_stop() { pipeline_->request_stop(); }
  nb::list stop() {
    std::vector<Shared> items;
    {
      const nb::gil_scoped_release released;
      items = pipeline_->stop();
    }
    nb::list list;
    for (const Shared& item : items) list.append(*item);
    return list;
  }
  std::string statistics() const { return to_json(to_value(pipeline_->statistics())); }

 private:
  /// What is no Exception in Python, such as SystemExit, ends the run instead of being an item's failure.
  static void rethrow_if_no_error(const std::exception_ptr& error) {
    try {
      std::rethrow_exception(error);
    } catch (const nb::python_error& raised) {
      if (!raised.matches(PyExc_Exception)) throw;
    } catch (...) {  // of the core
    }
  }

  static nb::object error_of(const std::exception_ptr& error) {
    try {
      std::rethrow_exception(error);
    } catch (const nb::python_error& raised) {
      return nb::borrow(raised.value());
    } catch (...) {
      return nb::str(error_text(error).c_str());
    }
  }

  std::unique_ptr<ObjectPipeline> pipeline_;
};

/// Items that wait for a batch.
class ItemQueue {
 public:
  explicit ItemQueue(size_t capacity) : queue_(capacity) {}
  Pushed push(const nb::object& item, int64_t priority, double seconds) {
    Shared held = shared(item);
    return wait_with_signals(
        seconds, [](Pushed pushed) { return pushed == Pushed::Full; },
        [&](Clock::time_point until) { return queue_.push(std::move(held), priority, until); });
  }
  nb::list pop_batch(size_t max_items, double max_wait_seconds) {
    std::vector<Shared> items;
    {
      const nb::gil_scoped_release released;
      items = queue_.pop_batch(max_items, max_wait_seconds);
    }
    nb::list list;
    for (const Shared& item : items) list.append(*item);
    return list;
  }
  void close() { queue_.close(); }
  size_t size() const { return queue_.size(); }

 private:
  BatchQueue<Shared> queue_;
};

/// Statistics that several threads of Python may share.
class SharedStatistics {
 public:
  SharedStatistics(int sketch_width, int n_frequent) : statistics_({.sketch_width = sketch_width, .n_frequent = n_frequent}) {}

  void add(const Table& table, int n_threads) {
    const FitContext context = context_of(n_threads);
    run_over(table.n_rows(), context.cancel, [&] {
      const std::lock_guard lock(mutex_);
      statistics_.add(table, context);
    });
  }
  void merge(const SharedStatistics& other) {
    const TableStatistics copy = [&other] {
      const std::lock_guard lock(other.mutex_);
      return other.statistics_;
    }();
    const std::lock_guard lock(mutex_);
    statistics_.merge(copy);
  }
  std::string json() const {
    const std::lock_guard lock(mutex_);
    return to_json(statistics_.to_value());
  }

 private:
  TableStatistics statistics_;
  mutable std::mutex mutex_;
};

void bind_statistics(nb::module_& module) {
  const nb::call_guard<nb::gil_scoped_release> released;
  nb::class_<SharedStatistics>(module, "TableStatistics", "What can be said of each column of rows that come in chunks.")
      .def(nb::init<int, int>(), nb::arg("sketch_width") = 2048, nb::arg("n_frequent") = 128)
      .def("add", &SharedStatistics::add, nb::arg("table"), nb::arg("n_threads") = 0, "Learns from the rows of a native table.")
      .def("merge", &SharedStatistics::merge, nb::arg("other"), released, "Learns from the rows that the other has learnt from.")
      .def("to_json", &SharedStatistics::json, released, "JSON of what is known.");
}

}  // namespace

void bind_stream(nb::module_& module) {
  nb::enum_<Pushed>(module, "Pushed", "What came of bringing an item.")
      .value("Accepted", Pushed::Accepted)
      .value("Full", Pushed::Full)
      .value("Closed", Pushed::Closed);
  nb::enum_<Popped>(module, "Popped", "What came of asking for an item.")
      .value("Item", Popped::Item)
      .value("Empty", Popped::Empty)
      .value("End", Popped::End);
  nb::class_<CancelToken>(module, "CancelToken", "Asks a run to stop.")
      .def(nb::init<>())
      .def("cancel", &CancelToken::cancel, "Asks to stop.");
  module.def("run_batches", &run_batches, nb::arg("options"), nb::arg("source"), nb::arg("read_options"), nb::arg("function"),
             nb::arg("sink"), nb::arg("progress").none(), nb::arg("cancel"), nb::arg("n_threads"), nb::arg("memory_limit").none(),
             "A function of native tables over a file, a table or an iterator of them, into a file or a function. "
             "Gives JSON of statistics.");
  nb::class_<Stream>(module, "Stream", nb::is_weak_referenceable(), "A streaming pipeline of Python objects.")
      .def(nb::init<const std::vector<PythonStage>&, const nb::object&, const nb::object&, uint64_t>(), nb::arg("stages"),
           nb::arg("on_acknowledged").none(), nb::arg("on_dead_letter").none(), nb::arg("seed"))
      .def("push", &Stream::push, nb::arg("item").none(), nb::arg("seconds"),
           "Brings an item; waits that long for room, for ever if negative.")
      .def("next", &Stream::next, nb::arg("seconds"), "The next result; waits that long for it, for ever if negative.")
      .def("wait", &Stream::wait, nb::arg("seconds"), "Waits until next would not wait; takes nothing.")
      .def("close", &Stream::close, "Accepts no more.")
      .def("request_stop", &Stream::request_stop, "Begins to stop.")
      .def("stop", &Stream::stop, "Stops; gives the items that were not finished.")
      .def("statistics", &Stream::statistics, "JSON of counts and latencies.");
  nb::class_<ItemQueue>(module, "ItemQueue", "Single items in, batches out.")
      .def(nb::init<size_t>(), nb::arg("capacity"))
      .def("push", &ItemQueue::push, nb::arg("item").none(), nb::arg("priority"), nb::arg("seconds"),
           "Brings an item; waits that long for room, for ever if negative.")
      .def("pop_batch", &ItemQueue::pop_batch, nb::arg("max_items"), nb::arg("max_wait_seconds"),
           "The next batch; empty once the queue is closed and empty.")
      .def("close", &ItemQueue::close, "Takes no more.")
      .def_prop_ro("size", &ItemQueue::size, "Items that wait.");
  bind_statistics(module);
}

}  // namespace kolosal::python
