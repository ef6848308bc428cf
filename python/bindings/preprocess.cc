// Preprocessing for Python.

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>

#include "bindings.h"
#include "kolosal/base/json.h"
#include "kolosal/inference/preprocessor_artifact.h"
#include "kolosal/preprocess/data_preprocessor.h"
#include "kolosal/table/schema.h"

namespace kolosal::python {
Target target_of(const Table& table) {
  const Column& column = table.column(0);
  Schema schema;
  if (column.kind() == ColumnKind::Numeric || column.kind() == ColumnKind::Integer) {
    // Numbers are what they are: what else inference would count is not asked for.
    schema.columns.push_back({.name = column.name(), .kind = column.kind(), .role = ColumnRole::Target});
  } else {
    SchemaOptions options;
    options.target = {column.name()};
    schema = infer_schema(table, options);
  }
  const Table conformed = conform(table, schema, Conform::Training);
  return make_target(conformed, schema, infer_task(conformed, schema, nullptr));
}

namespace {

std::pair<FittedPreprocessor, Table> fit_transform(const std::string& config, const Table& table, const Table* target, int n_threads) {
  const DataPreprocessor preprocessor(from_value<PreprocessorConfig>(parse_json(config)));
  const nb::gil_scoped_release released;
  FitContext context;
  context.threads = std::make_shared<const Threads>(n_threads);
  if (target == nullptr) return preprocessor.fit_transform(table, nullptr, context);
  const Target known = target_of(*target);
  return preprocessor.fit_transform(table, &known, context);
}

}  // namespace

void bind_preprocess(nb::module_& module) {
  nb::class_<FittedPreprocessor>(module, "FittedPreprocessor", "What a DataPreprocessor learnt.")
      .def(
          "transform",
          [](const FittedPreprocessor& fitted, const Table& table, int n_threads) {
            const nb::gil_scoped_release released;
            return fitted.transform(table, Threads(n_threads));
          },
          nb::arg("table"), nb::arg("n_threads") = 0, "Preprocesses a native table.")
      .def("inverse_transform", &FittedPreprocessor::inverse_transform, nb::arg("table"), nb::call_guard<nb::gil_scoped_release>(),
           "Undoes preprocessing.")
      .def_prop_ro("feature_names_out", &FittedPreprocessor::feature_names_out, "Names of the columns it gives.")
      .def(
          "describe", [](const FittedPreprocessor& fitted) { return to_json(fitted.to_value()); }, "JSON of everything it learnt.")
      .def(
          "save", [](const FittedPreprocessor& fitted, const std::string& path) { save_preprocessor(fitted, path); }, nb::arg("path"),
          "Writes one artifact.")
      .def_static("load", &load_preprocessor, nb::arg("path"), "Reads an artifact.");
  module.def("preprocess", &fit_transform, nb::arg("config"), nb::arg("table"), nb::arg("target").none(), nb::arg("n_threads"),
             "Fits preprocessing on a native table; gives it and the preprocessed rows.");
}

}  // namespace kolosal::python
