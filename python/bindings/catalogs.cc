// Names, documentation and parameter tables of the catalogs, as JSON text; and the metrics as functions.

#include <nanobind/ndarray.h>

#include "bindings.h"
#include "kolosal/automl/options.h"
#include "kolosal/base/json.h"
#include "kolosal/base/reference.h"
#include "kolosal/explain/permutation.h"
#include "kolosal/metrics/metric.h"
#include "kolosal/models/fit_options.h"
#include "kolosal/models/learner.h"
#include "kolosal/preprocess/data_preprocessor.h"
#include "kolosal/stream/batch_size.h"
#include "kolosal/stream/stage_options.h"
#include "kolosal/tune/pruner.h"
#include "kolosal/tune/sampler.h"

namespace kolosal::python {
namespace {

using Numbers = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Matrix = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

Value field_value(const FieldSpec& field) {
  Value::List aliases;
  for (const std::string& alias : field.aliases) aliases.emplace_back(alias);
  return Value(Value::Object{{"name", Value(field.name)},
                             {"doc", Value(field.doc)},
                             {"aliases", Value(std::move(aliases))},
                             {"type", Value(python_type(field))},
                             {"default", field.default_value},
                             {"default_text", Value(python_literal(field.default_value))},
                             {"allowed", Value(allowed_text(field))}});
}

std::string table_json(const ParameterTable& table) {
  Value::List fields;
  for (const FieldSpec& field : table.fields) fields.push_back(field_value(field));
  return to_json(Value(std::move(fields)));
}

std::string parameters_of(const std::string& name) {
  if (name == "fit") return table_json(parameter_table<FitOptions>());
  if (name == "permutation") return table_json(parameter_table<PermutationOptions>());
  if (name == "train") return table_json(parameter_table<TrainOptions>());
  if (name == "batches") return table_json(parameter_table<BatchOptions>());
  if (name == "stage") return table_json(parameter_table<StageOptions>());
  if (name == "preprocessor") return table_json(parameter_table<PreprocessorConfig>());
  if (name.starts_with("sampler ")) return table_json(samplers().at(name.substr(8)).parameters);
  if (name.starts_with("pruner ")) return table_json(pruners().at(name.substr(7)).parameters);
  return table_json(learners().at(name).parameters);
}

double metric_score(const std::string& name, const std::string& task, const Matrix& target, const Matrix& prediction,
                    const Numbers& weights, const std::vector<uint32_t>& group, size_t n_features) {
  MetricInput input;
  input.task = enum_from_name<Task>(task);
  input.target = {target.data(), target.size()};
  input.prediction = {prediction.data(), prediction.size()};
  input.n_outputs = prediction.shape(1);
  input.weights = {weights.data(), weights.size()};
  input.group = group;
  input.n_features = n_features;
  const nb::gil_scoped_release released;
  return metrics().make(name)->score(input);
}

}  // namespace

void bind_catalogs(nb::module_& module) {
  module.def("parameters", &parameters_of, nb::arg("name"),
             "Parameters of 'train', 'fit', 'permutation', 'preprocessor', 'batches', 'stage', 'sampler NAME', 'pruner NAME' or a learner, "
             "as JSON.");
  module.def(
      "learner_names", [] { return learners().names(); }, "Names of the learners.");
  module.def(
      "metric_names",
      [](const std::string& task) {
        std::vector<std::string> names;
        for (const std::string& name : metrics().names())
          if (task.empty() || metrics().make(name)->supports(enum_from_name<Task>(task))) names.push_back(name);
        return names;
      },
      nb::arg("task") = "", "Names of the metrics that can judge a task; all where the task is empty.");
  module.def("metric_score", &metric_score, nb::arg("name"), nb::arg("task"), nb::arg("target"), nb::arg("prediction"), nb::arg("weights"),
             nb::arg("group"), nb::arg("n_features"), "Score of predictions.");
}

}  // namespace kolosal::python
