// What the parts of the Python module share: tables by the Arrow PyCapsule interface, values by JSON text.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>

#include "kolosal/base/fit_context.h"
#include "kolosal/base/threads.h"
#include "kolosal/base/value.h"
#include "kolosal/table/table.h"
#include "kolosal/table/target.h"

namespace kolosal::python {

namespace nb = nanobind;

/// The table of a PyCapsule named "arrow_array_stream"; memory is shared where layouts agree.
Table table_from_capsule(const nb::capsule& stream);
/// A PyCapsule named "arrow_array_stream" that holds the table.
nb::capsule capsule_from_table(const Table& table);

/// The target that a table's single column holds; the task is inferred from it.
Target target_of(const Table& table);

void bind_catalogs(nb::module_& module);
void bind_automl(nb::module_& module);
void bind_explain(nb::module_& module);
void bind_forests(nb::module_& module);
void bind_models(nb::module_& module);
void bind_preprocess(nb::module_& module);
void bind_sparse(nb::module_& module);
void bind_stream(nb::module_& module);
void bind_transformers(nb::module_& module);
void bind_tune(nb::module_& module);
void bind_tune_insight(nb::module_& module);

/// The surroundings of a fit on so many threads; 0 means as many as the process may use.
inline FitContext context_of(int n_threads, int64_t seed = 0) {
  FitContext context;
  context.threads = std::make_shared<const Threads>(n_threads);
  context.seed = static_cast<uint64_t>(seed);
  return context;
}

/// What `work` gives. It runs on a thread of its own without the interpreter; Ctrl-C cancels the token, and the work ends as it sees fit.
template <class Work>
auto run_cancellable(const CancelToken& cancel, const Work& work) {
  const nb::gil_scoped_release released;
  auto result = std::async(std::launch::async, work);
  while (result.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready) {
    const nb::gil_scoped_acquire acquired;
    if (PyErr_CheckSignals() != 0) {
      PyErr_Clear();
      cancel.cancel();
    }
  }
  return result.get();
}

/// The same of work over so many rows; of few it is not worth a thread.
template <class Work>
auto run_over(size_t n_rows, const CancelToken& cancel, const Work& work) {
  constexpr size_t kFewRows = 256;
  if (n_rows > kFewRows) return run_cancellable(cancel, work);
  const nb::gil_scoped_release released;
  return work();
}

}  // namespace kolosal::python
