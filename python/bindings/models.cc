// Learners of the catalog for Python, each by name, and the models they give; rows come as NumPy arrays.
//
// Shapes   rows (n_rows, n_features) float32 or float64 in any layout; columns of float32 that lie in one piece are seen without copying.
// Checked  python/tests/test_models.py.

#include <nanobind/stl/optional.h>
#include <nanobind/stl/unique_ptr.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>

#include "feature_rows.h"
#include "kolosal/base/json.h"
#include "kolosal/inference/artifact.h"
#include "kolosal/models/fit_options.h"
#include "kolosal/models/forms/linear.h"
#include "kolosal/models/learner.h"

namespace kolosal::python {
namespace {

constexpr size_t kBlockRows = 1024;

bool is_finite(std::span<const float> column) {
  constexpr uint32_t kMagnitude = 0x7fffffff, kInfinity = 0x7f800000;
  uint32_t largest = 0;
  for (const float value : column) largest = std::max(largest, std::bit_cast<uint32_t>(value) & kMagnitude);
  return largest < kInfinity;
}

/// Throws Error(BadValue) where a number is missing or infinite.
void check_finite(const FeatureMatrix& x, const Threads& threads) {
  std::vector<uint8_t> sound(x.n_features());
  threads.parallel_each(x.n_features(), [&](size_t j) { sound[j] = is_finite(x.column(j)); });
  for (size_t j = 0; j < sound.size(); ++j) {
    if (sound[j]) continue;
    const auto found = std::ranges::find_if(x.column(j), [](float value) { return !std::isfinite(value); });
    throw Error(ErrorCode::BadValue,
                "Input X contains " + std::string(std::isnan(*found) ? "NaN" : "infinity or a value too large for float32") +
                    ": feature '" + x.features()[j].name + "', row " + std::to_string(found - x.column(j).begin()),
                "Impute it first: this model takes finite numbers only.");
  }
}

std::unique_ptr<LabelledRows> labelled_rows(const Rows& rows, const std::vector<std::string>& names,
                                            const std::vector<int32_t>& n_categories, const std::string& task, const Matrix& target,
                                            size_t n_classes, const std::optional<Numbers>& weights, const std::vector<uint32_t>& group,
                                            int n_threads) {
  const nb::gil_scoped_release released;
  auto made = std::make_unique<LabelledRows>();
  made->x = matrix_of(rows, features_of(names, n_categories), Threads(n_threads));
  made->target = {enum_from_name<Task>(task), target.shape(0), target.shape(1), {target.data(), target.data() + target.size()}, {}, group};
  for (size_t k = 0; k < n_classes; ++k) made->target.class_names.push_back(std::to_string(k));
  if (weights) made->weights.assign(weights->data(), weights->data() + weights->size());
  return made;
}

/// A function that tells `call` of each iteration; what it raises ends the fit, and is kept in `raised`.
std::function<bool(const FitProgress&)> python_progress(const nb::object& call, std::exception_ptr& raised) {
  if (call.is_none()) return {};
  return [&call, &raised](const FitProgress& p) {
    const nb::gil_scoped_acquire acquired;
    try {
      return nb::cast<bool>(call(p.iteration, p.n_iterations, p.train_loss, p.validation_loss));
    } catch (...) {
      raised = std::current_exception();
      return false;
    }
  };
}

/// A model, and whether Ctrl-C ended its fit.
nb::tuple fit_learner(const std::string& name, const std::string& parameters, const std::string& options, const LabelledRows& train,
                      const LabelledRows* validation, const nb::object& callback) {
  const auto learner = learners().make(name, parse_json(parameters));
  const bool finite = !learner->needs().accepts_missing;
  FitContext context = make_fit_context(from_value<FitOptions>(parse_json(options)));
  std::exception_ptr raised;
  context.on_iteration = python_progress(callback, raised);
  std::unique_ptr<Model> model = run_cancellable(context.cancel, [&] {
    for (const LabelledRows* rows : {&train, validation})
      if (finite && rows != nullptr) check_finite(rows->x, *context.threads);
    std::optional<TrainingSet> held_out;
    if (validation != nullptr) held_out.emplace(validation->set());
    return learner->fit(train.set(), held_out ? &*held_out : nullptr, context);
  });
  if (raised) std::rethrow_exception(raised);
  return nb::make_tuple(std::move(model), context.cancel.cancelled());
}

nb::object predict_rows(const Model& model, const Rows& rows, const std::vector<std::string>& names, bool finite, bool scores,
                        int n_threads) {
  const size_t n = rows.shape(0), width = scores ? model.n_scores() : model.n_outputs();
  auto [made, out] = empty_array(n, width);
  const nb::gil_scoped_release released;
  const std::vector<Feature> features = features_of(names, {});
  const RowView view(rows);
  const Threads threads(n_threads);
  std::atomic<bool> sound = true;
  threads.parallel_for(n, kBlockRows, [&, out = out](size_t begin, size_t end) {
    FeatureMatrix block(features, end - begin);
    copy_rows(view, begin, end, block, 0);
    for (size_t j = 0; finite && j < features.size(); ++j)
      if (!is_finite(std::as_const(block).column(j))) sound = false;
    const std::span room(out + begin * width, (end - begin) * width);
    if (scores) model.predict_scores(block, room);
    else model.predict(block, room);
  });
  if (!sound) check_finite(matrix_of(rows, features, threads), threads);
  return made;
}

/// The weights (n_scores, n_features) and constants (n_scores,) of a linear model; None of another.
nb::object linear_parts(const Model& model) {
  const auto* linear = dynamic_cast<const LinearModel*>(&model);
  if (linear == nullptr) return nb::none();
  const size_t width = linear->n_scores();
  auto [weights, to] = empty_array(width, model.n_features());
  std::ranges::copy(linear->parts().weights, to);
  auto [bias, bias_to] = empty_array(width, 1);
  std::ranges::copy(linear->parts().bias, bias_to);
  return nb::make_tuple(weights, bias.attr("ravel")());
}

nb::bytes model_bytes(const Model& model) {
  std::string bytes;
  {
    const nb::gil_scoped_release released;
    bytes = artifact_bytes(Value(Value::Object{{"form", Value(model.form())}}), model_to_value(model));
  }
  return nb::bytes(bytes.data(), bytes.size());
}

std::unique_ptr<Model> model_of_bytes(const nb::bytes& bytes) {
  const auto owner = std::make_shared<const std::string>(bytes.c_str(), bytes.size());
  const nb::gil_scoped_release released;
  return model_from_value(read_artifact_bytes(std::as_bytes(std::span(owner->data(), owner->size())), owner));
}

/// What is known of a learner before it learns.
std::string learner_json(const std::string& name) {
  const CatalogEntry<Learner>& entry = learners().at(name);
  const auto learner = entry.make({});
  Value::List tasks;
  for (const auto& [task, text] : enum_names(Task{}))
    if (learner->supports(task)) tasks.emplace_back(text);
  const FeatureNeeds needs = learner->needs();
  return to_json(Value(Value::Object{{"doc", Value(entry.doc)},
                                     {"tasks", Value(std::move(tasks))},
                                     {"accepts_missing", Value(needs.accepts_missing)},
                                     {"accepts_categories", Value(needs.accepts_categories)},
                                     {"uses_validation", Value(learner->uses_validation())}}));
}

}  // namespace

void bind_models(nb::module_& module) {
  nb::class_<Model>(module, "FittedModel", "What a learner of the catalog learnt.")
      .def("predict", &predict_rows, nb::arg("rows"), nb::arg("names"), nb::arg("finite"), nb::arg("scores"), nb::arg("n_threads") = 0,
           "Predictions (n_rows, n_outputs), or scores before the link (n_rows, n_scores), of the rows of a float32 or float64 array; "
           "`finite` refuses what is not a finite number.")
      .def("linear_parts", &linear_parts, "Weights and constants of a linear model; None of another.")
      .def_prop_ro(
          "form", [](const Model& model) { return std::string(model.form()); }, "Name of the neutral form.")
      .def_prop_ro("n_features", &Model::n_features, "Number of columns it was trained on.")
      .def_prop_ro("n_outputs", &Model::n_outputs, "Columns of a prediction.")
      .def_prop_ro("n_scores", &Model::n_scores, "Numbers a row that a link makes the prediction of; 0 where there are none.")
      .def_prop_ro("n_iterations", &Model::n_iterations, "Iterations after which it was best; 0 where there is no such notion.")
      .def("feature_importance", &Model::feature_importance, "Share of each feature; empty where there is no such notion.")
      .def("to_bytes", &model_bytes, "Everything it learnt, as an artifact.")
      .def_static("from_bytes", &model_of_bytes, nb::arg("bytes"), "The model that to_bytes described.");
  nb::class_<LabelledRows>(module, "LabelledRows", "Rows with their targets and weights.")
      .def(nb::new_(&labelled_rows), nb::arg("rows"), nb::arg("names"), nb::arg("n_categories"), nb::arg("task"), nb::arg("target"),
           nb::arg("n_classes"), nb::arg("weights").none(), nb::arg("group"), nb::arg("n_threads"),
           "Rows of a float32 or float64 array with their targets, (n_rows, n_targets).");
  module.def("learner", &learner_json, nb::arg("name"), "JSON of what is known of a learner before it learns.");
  module.def("fit_learner", &fit_learner, nb::arg("name"), nb::arg("parameters"), nb::arg("options"), nb::arg("train"),
             nb::arg("validation").none(), nb::arg("callback").none(),
             "Fits a learner of the catalog; gives the model and whether Ctrl-C ended the fit.");
}

}  // namespace kolosal::python
