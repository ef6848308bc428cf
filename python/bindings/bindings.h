// What the parts of the Python module share: tables by the Arrow PyCapsule interface, values by JSON text.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>

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
void bind_stream(nb::module_& module);
void bind_transformers(nb::module_& module);

}  // namespace kolosal::python
