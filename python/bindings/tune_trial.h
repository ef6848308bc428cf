// What the bindings of studies and of trials share: values in and out of Python, calls that may wait, and the trial itself.
#pragma once

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string_view.h>

#include <optional>

#include "bindings.h"
#include "kolosal/tune/study.h"
#include "kolosal/tune/terminator.h"

namespace kolosal::python {

/// The value of a Python object: what JSON has, tuples as lists, and NumPy's numbers. Throws Error(BadValue) that names the parameter.
Value value_of(const nb::handle& object, std::string_view name);
/// The Python object of a value, and a dict of those by name.
nb::object object_of(const Value& value);
nb::dict dict_of(const Value::Object& values);

/// A list of pairs for Python.
nb::list pairs_of(const auto& pairs) {
  nb::list made;
  for (const auto& [first, second] : pairs) made.append(nb::make_tuple(first, second));
  return made;
}

/// Calls without the interpreter's lock where that may take long: where a sampler computes (`is_long`), where the study has a storage,
/// which may wait for the disk or for other processes, and where another thread is in the study.
auto waiting(const Study& study, const auto& call, bool is_long = false) {
  if (!is_long && !study.has_storage() && !study.is_busy()) return call();
  const nb::gil_scoped_release released;
  return call();
}

/// A copy of a trial, and its parameters with their names.
std::pair<TrialRecord, std::vector<std::pair<std::string, TrialParameter>>> read_trial(const Study& study, int64_t number);

/// Raises what the handler of a signal raised while the calling thread waited for a storage, unless it was a KeyboardInterrupt: the error
/// of the wait is one itself. Gives whether it did.
bool raise_interrupt();

/// The class Trial and what is given one.
void bind_trial(nb::module_& module);

}  // namespace kolosal::python
