// The module kolosal._kolosal and the translation of errors.

#include "bindings.h"
#include "kolosal/base/json.h"
#include "kolosal/base/version.h"
#include "kolosal/table/io/arrow_bridge.h"
#include "kolosal/table/io/table_io.h"
#include "tune_trial.h"

namespace kolosal::python {
namespace {

// Raises kolosal.KolosalError's subclass for the code, with the code and the remedy as attributes.
void raise(const std::exception_ptr& thrown, void*) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::Cancelled && raise_interrupt()) return;
    const nb::object make = nb::module_::import_("kolosal._errors").attr("make_error");
    const nb::object made = make(std::string(error_code_name(error.code())), error.message(), error.remedy());
    PyErr_SetObject(made.type().ptr(), made.ptr());
  }
}

}  // namespace

Table table_from_capsule(const nb::capsule& stream) {
  void* pointer = PyCapsule_GetPointer(stream.ptr(), "arrow_array_stream");
  if (pointer == nullptr) throw nb::python_error();
  return import_arrow_stream(static_cast<ArrowArrayStream*>(pointer), 0);
}

nb::capsule capsule_from_table(const Table& table) {
  auto* stream = new_arrow_stream(table);
  return nb::capsule(stream, "arrow_array_stream", [](void* held) noexcept { delete_arrow_stream(static_cast<ArrowArrayStream*>(held)); });
}

}  // namespace kolosal::python

NB_MODULE(_kolosal, module) {
  using namespace kolosal;
  using namespace kolosal::python;
  nb::set_leak_warnings(false);
  nb::register_exception_translator(raise);
  module.doc() = "Native core of Kolosal.";
  module.def(
      "version", [] { return std::string(version()); }, "Version of the native core.");
  nb::class_<Table>(module, "Table", "Columns held by the native core.")
      .def(
          "__arrow_c_stream__", [](const Table& table, const nb::object&) { return capsule_from_table(table); },
          nb::arg("requested_schema") = nb::none(), "The table by the Arrow PyCapsule interface.")
      .def_prop_ro("n_rows", &Table::n_rows, "Number of rows.")
      .def_prop_ro("names", &Table::names, "Names of the columns.")
      .def(
          "no_rows", [](const Table& table) { return table.slice(0, 0); }, "The columns, without rows.");
  module.def("table", &table_from_capsule, nb::arg("stream"), "A native table of an Arrow stream capsule.");
  module.def(
      "read_table",
      [](const std::string& path, const std::string& options, int n_threads) {
        const auto wanted = from_value<ReadOptions>(parse_json(options));
        const FitContext context = context_of(n_threads);
        return run_cancellable(context.cancel, [&] { return read_table(path, wanted, context); });
      },
      nb::arg("path"), nb::arg("options"), nb::arg("n_threads") = 0, "Reads a file into a native table; options are JSON.");
  bind_catalogs(module);
  bind_automl(module);
  bind_models(module);
  bind_forests(module);
  bind_explain(module);
  bind_preprocess(module);
  bind_stream(module);
  bind_transformers(module);
  bind_sparse(module);
  bind_tune(module);
  bind_tune_insight(module);
}
