// Preprocessing for Python.

#include <nanobind/stl/function.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>

#include "fit_rows.h"
#include "kolosal/automl/options.h"
#include "kolosal/base/json.h"
#include "kolosal/inference/preprocessor_artifact.h"
#include "kolosal/preprocess/data_preprocessor.h"
#include "kolosal/preprocess/preprocessor_passes.h"
#include "kolosal/stream/preprocess_file.h"
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

using KeptRows = std::optional<std::vector<uint32_t>>;

std::tuple<FittedPreprocessor, Table, KeptRows> fit_transform(const std::string& config, const Table& table, const Table* target,
                                                              const std::optional<Weights>& weights, int n_threads) {
  const DataPreprocessor preprocessor(from_value<PreprocessorConfig>(parse_json(config)));
  const FitRows given(table, target, weights);
  KeptRows rows;
  const FitContext context = context_of(n_threads);
  auto [fitted, made] = run_cancellable(context.cancel, [&] { return preprocessor.fit_transform(given.input, context, &rows); });
  return {std::move(fitted), std::move(made), std::move(rows)};
}

std::pair<FittedPreprocessor, Table> fit_transform_categories(const std::string& config, const Table& table, int n_threads) {
  const DataPreprocessor preprocessor(from_value<PreprocessorConfig>(parse_json(config)));
  const nb::gil_scoped_release released;
  return preprocessor.fit_transform_categories(table.column(0), context_of(n_threads));
}

// Fits on a file in passes and, where a destination is given, writes to it. Between chunks Python may interrupt; `progress` gets pass,
// passes, rows and seconds.
std::pair<FittedPreprocessor, std::string> preprocess_in_passes(const std::string& config, const std::string& source,
                                                                const std::optional<std::string>& destination, const std::string& memory,
                                                                const std::string& target, int n_threads,
                                                                const std::optional<nb::callable>& progress) {
  const auto wanted = from_value<PreprocessorConfig>(parse_json(config));
  FilePassOptions options;
  options.memory_bytes = static_cast<size_t>(parse_bytes(memory));
  options.target = target;
  options.on_progress = [&progress](const FileProgress& at) {
    const nb::gil_scoped_acquire acquired;
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
    if (progress) (*progress)(at.pass, at.n_passes, at.n_rows, at.seconds);
  };
  const FitContext context = context_of(n_threads);
  FilePassReport report;
  const nb::gil_scoped_release released;
  FittedPreprocessor fitted = destination ? preprocess_file(source, *destination, wanted, options, context, &report)
                                          : fit_file(source, wanted, options, context, &report);
  return {std::move(fitted), to_json(to_value(report))};
}

void bind_passes(nb::module_& module) {
  nb::class_<PreprocessorPasses>(module, "PreprocessorPasses", "Preprocessing fitted in passes over chunks of rows.")
      .def(
          "__init__",
          [](PreprocessorPasses* self, const std::string& config) {
            new (self) PreprocessorPasses(from_value<PreprocessorConfig>(parse_json(config)));
          },
          nb::arg("config"), "Begins the first pass.")
      .def_prop_ro("needs_pass", &PreprocessorPasses::needs_pass, "Whether the rows must be gone through once more.")
      .def(
          "add",
          [](PreprocessorPasses& passes, const Table& chunk, int n_threads) {
            const nb::gil_scoped_release released;
            passes.add(chunk, context_of(n_threads));
          },
          nb::arg("chunk"), nb::arg("n_threads") = 0, "Learns from the rows of a native table.")
      .def(
          "training_rows",
          [](const PreprocessorPasses& passes, const Table& chunk, int n_threads) {
            const nb::gil_scoped_release released;
            return passes.training_rows(chunk, context_of(n_threads));
          },
          nb::arg("chunk"), nb::arg("n_threads") = 0,
          "Numbers of the rows of a training chunk that are not removed, once no pass is needed; None where all are left.")
      .def("end_pass", &PreprocessorPasses::end_pass, nb::call_guard<nb::gil_scoped_release>(), "All rows have been added.")
      .def("finish", &PreprocessorPasses::finish, nb::call_guard<nb::gil_scoped_release>(), "What was learnt.");
  module.def("preprocess_in_passes", &preprocess_in_passes, nb::arg("config"), nb::arg("source"), nb::arg("destination").none(),
             nb::arg("memory"), nb::arg("target"), nb::arg("n_threads"), nb::arg("progress").none(),
             "Fits preprocessing on a file in passes and writes what its rows become; gives it and JSON of what was done.");
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
      .def_prop_ro(
          "marker_notes", [](const FittedPreprocessor& fitted) { return marker_notes(fitted.schema()); },
          "Sentences on texts that were taken for missing.")
      .def_prop_ro("feature_names_out", &FittedPreprocessor::feature_names_out, "Names of the columns it gives.")
      .def(
          "describe", [](const FittedPreprocessor& fitted) { return to_json(fitted.to_value()); }, "JSON of everything it learnt.")
      .def_static(
          "from_json", [](const std::string& text) { return FittedPreprocessor::from_value(parse_json(text)); }, nb::arg("text"),
          "The one that describe told of.")
      .def(
          "save", [](const FittedPreprocessor& fitted, const std::string& path) { save_preprocessor(fitted, path); }, nb::arg("path"),
          "Writes one artifact.")
      .def_static("load", &load_preprocessor, nb::arg("path"), "Reads an artifact.");
  module.def("preprocess", &fit_transform, nb::arg("config"), nb::arg("table"), nb::arg("target").none(), nb::arg("weights").none(),
             nb::arg("n_threads"),
             "Fits preprocessing on a native table; gives it, the preprocessed rows, and which rows are left (None: all).");
  module.def("preprocess_categories", &fit_transform_categories, nb::arg("config"), nb::arg("table"), nb::arg("n_threads"),
             "Fits the encoding alone on a native table of one column of categories; gives it and the encoded rows.");
  bind_passes(module);
}

}  // namespace kolosal::python
