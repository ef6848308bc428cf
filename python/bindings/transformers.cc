// Transformers of the catalog for Python, each by name.

#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/unique_ptr.h>

#include "bindings.h"
#include "kolosal/base/json.h"
#include "kolosal/preprocess/transformer.h"

namespace kolosal::python {
namespace {

using Weights = nb::ndarray<const double, nb::shape<-1>, nb::c_contig, nb::device::cpu>;
using Fitted = std::unique_ptr<FittedTransformer>;

FitContext context_of(int n_threads, int64_t seed) {
  FitContext context;
  context.threads = std::make_shared<const Threads>(n_threads);
  context.seed = static_cast<uint64_t>(seed);
  return context;
}

std::pair<Fitted, Table> fit_transformer(const std::string& name, const std::string& parameters, const Table& table, const Table* target,
                                         const std::optional<Weights>& weights, int n_threads, int64_t seed) {
  const nb::gil_scoped_release released;
  const auto transformer = transformers().make(name, parse_json(parameters));
  std::optional<Target> known;
  if (target != nullptr) known = target_of(*target);
  TransformerInput input{table, known ? &*known : nullptr};
  if (weights) input.weights = {weights->data(), weights->size()};
  return transformer->fit_transform(input, context_of(n_threads, seed));
}

}  // namespace

void bind_transformers(nb::module_& module) {
  nb::class_<FittedTransformer>(module, "FittedTransformer", "What a transformer of the catalog learnt.")
      .def(
          "transform",
          [](const FittedTransformer& fitted, const Table& table, int n_threads) {
            const nb::gil_scoped_release released;
            return fitted.transform(table, Threads(n_threads));
          },
          nb::arg("table"), nb::arg("n_threads") = 0, "Changes a native table.")
      .def("inverse_transform", &FittedTransformer::inverse_transform, nb::arg("table"), nb::call_guard<nb::gil_scoped_release>(),
           "Undoes transform.")
      .def_prop_ro("invertible", &FittedTransformer::invertible, "Whether inverse_transform works.")
      .def(
          "to_json", [](const FittedTransformer& fitted) { return to_json(transformer_to_value(fitted)); }, "JSON of everything it learnt.")
      .def_static(
          "from_json", [](const std::string& text) { return transformer_from_value(parse_json(text)); }, nb::arg("text"),
          "The transformer that to_json described.");
  module.def("fit_transformer", &fit_transformer, nb::arg("name"), nb::arg("parameters"), nb::arg("table"),
             nb::arg("target").none() = nb::none(), nb::arg("weights").none() = nb::none(), nb::arg("n_threads") = 0, nb::arg("seed") = 0,
             "Fits a transformer of the catalog, with parameters in JSON; gives it and what the training rows become.");
}

}  // namespace kolosal::python
