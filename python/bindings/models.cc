// Learners of the catalog for Python, each by name, and the models they give; rows come as NumPy arrays.
//
// Shapes   rows (n_rows, n_features) float32 or float64 in any layout; columns of float32 that lie in one piece are seen without copying.
// Checked  python/tests/test_models.py.

#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/unique_ptr.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <future>

#include "bindings.h"
#include "kolosal/base/json.h"
#include "kolosal/inference/artifact.h"
#include "kolosal/models/fit_options.h"
#include "kolosal/models/learner.h"

namespace kolosal::python {
namespace {

using Rows = nb::ndarray<nb::ro, nb::ndim<2>, nb::device::cpu>;
using Numbers = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Matrix = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
constexpr size_t kBlockRows = 1024;

/// Where the numbers of an array lie, without its type.
struct RowView {
  explicit RowView(const Rows& rows)
      : float32(rows.dtype() == nb::dtype<float>()), values(rows.data()), down(rows.stride(0)), across(rows.stride(1)) {
    if (!float32 && rows.dtype() != nb::dtype<double>())
      throw Error(ErrorCode::BadValue, "the array is neither float32 nor float64", "Convert it to float64.");
  }

  template <class T>
  void copy_column(size_t feature, size_t begin, size_t end, float* to) const {
    const T* from = static_cast<const T*>(values) + static_cast<int64_t>(feature) * across;
    for (size_t i = begin; i < end; ++i) *to++ = static_cast<float>(from[static_cast<int64_t>(i) * down]);
  }

  bool float32;
  const void* values;
  int64_t down, across;
};

/// Writes rows begin .. end to the columns of `x` from row `at` on.
void copy_rows(const RowView& rows, size_t begin, size_t end, FeatureMatrix& x, size_t at) {
  for (size_t j = 0; j < x.n_features(); ++j) {
    float* to = x.column(j).data() + at;
    if (rows.float32) rows.copy_column<float>(j, begin, end, to);
    else rows.copy_column<double>(j, begin, end, to);
  }
}

/// Throws Error(BadValue) where a number is missing or infinite.
void check_finite(const FeatureMatrix& x, const Threads& threads) {
  std::vector<uint8_t> sound(x.n_features());
  threads.parallel_each(x.n_features(), [&](size_t j) {
    constexpr uint32_t kMagnitude = 0x7fffffff, kInfinity = 0x7f800000;
    uint32_t largest = 0;
    for (const float value : x.column(j)) largest = std::max(largest, std::bit_cast<uint32_t>(value) & kMagnitude);
    sound[j] = largest < kInfinity;
  });
  for (size_t j = 0; j < sound.size(); ++j) {
    if (sound[j]) continue;
    const auto found = std::ranges::find_if(x.column(j), [](float value) { return !std::isfinite(value); });
    throw Error(ErrorCode::BadValue,
                "Input X contains " + std::string(std::isnan(*found) ? "NaN" : "infinity or a value too large for float32") +
                    ": feature '" + x.features()[j].name + "', row " + std::to_string(found - x.column(j).begin()),
                "Impute it first: this model takes finite numbers only.");
  }
}

std::vector<Feature> features_of(const std::vector<std::string>& names, const std::vector<int32_t>& n_categories) {
  std::vector<Feature> features;
  for (size_t j = 0; j < names.size(); ++j) features.push_back({names[j], n_categories.empty() ? 0 : n_categories[j]});
  return features;
}

FeatureMatrix matrix_of(const Rows& rows, std::vector<Feature> features, const Threads& threads) {
  if (features.size() != rows.shape(1)) throw Error(ErrorCode::BadValue, "there are not as many names as columns");
  const RowView view(rows);
  const size_t n = rows.shape(0);
  if (view.float32 && view.down == 1 && (view.across == static_cast<int64_t>(n) || features.size() == 1)) {
    const std::shared_ptr<const Rows> owner(new Rows(rows), [](const Rows* held) {
      const nb::gil_scoped_acquire acquired;
      delete held;
    });
    return {std::move(features), n, std::shared_ptr<float>(owner, const_cast<float*>(static_cast<const float*>(view.values)))};
  }
  FeatureMatrix x(std::move(features), n);
  threads.parallel_for(n, kBlockRows, [&](size_t begin, size_t end) { copy_rows(view, begin, end, x, begin); });
  return x;
}

/// Rows with what they teach. Weights and targets are copied: they are small beside the features.
struct LabelledRows {
  FeatureMatrix x;
  Target target;
  std::vector<double> weights;

  TrainingSet set() const { return {x, target, weights}; }
};

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

/// A model, and whether Ctrl-C ended its fit. The fit works on a thread of its own, so that Ctrl-C reaches Python while it goes on.
nb::tuple fit_learner(const std::string& name, const std::string& parameters, const std::string& options, const LabelledRows& train,
                      const LabelledRows* validation, const nb::object& callback) {
  const auto learner = learners().make(name, parse_json(parameters));
  const bool sound = !learner->needs().accepts_missing;
  FitContext context = make_fit_context(from_value<FitOptions>(parse_json(options)));
  std::exception_ptr raised;
  context.on_iteration = python_progress(callback, raised);
  std::unique_ptr<Model> model;
  {
    const nb::gil_scoped_release released;
    auto fitted = std::async(std::launch::async, [&] {
      for (const LabelledRows* rows : {&train, validation})
        if (sound && rows != nullptr) check_finite(rows->x, *context.threads);
      std::optional<TrainingSet> held_out;
      if (validation != nullptr) held_out.emplace(validation->set());
      return learner->fit(train.set(), held_out ? &*held_out : nullptr, context);
    });
    while (fitted.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready) {
      const nb::gil_scoped_acquire acquired;
      // The signal's exception is dropped: the fit ends with the model so far, or says that there is none.
      if (PyErr_CheckSignals() != 0) {
        PyErr_Clear();
        context.cancel.cancel();
      }
    }
    model = fitted.get();
  }
  if (raised) std::rethrow_exception(raised);
  return nb::make_tuple(std::move(model), context.cancel.cancelled());
}

/// An (n_rows, width) array that Python owns, and its numbers.
std::pair<nb::object, double*> empty_array(size_t n_rows, size_t width) {
  nb::object made = nb::module_::import_("numpy").attr("empty")(nb::make_tuple(n_rows, width));
  return {made, nb::cast<nb::ndarray<double, nb::ndim<2>, nb::c_contig, nb::device::cpu>>(made).data()};
}

nb::object predict_rows(const Model& model, const Rows& rows, const std::vector<std::string>& names, bool finite, int n_threads) {
  const size_t n = rows.shape(0), width = model.n_outputs();
  auto [made, out] = empty_array(n, width);
  const nb::gil_scoped_release released;
  const std::vector<Feature> features = features_of(names, {});
  const RowView view(rows);
  const Threads threads(n_threads);
  if (finite) check_finite(matrix_of(rows, features, threads), threads);
  threads.parallel_for(n, kBlockRows, [&, out = out](size_t begin, size_t end) {
    FeatureMatrix block(features, end - begin);
    copy_rows(view, begin, end, block, 0);
    model.predict(block, {out + begin * width, (end - begin) * width});
  });
  return made;
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
      .def("predict", &predict_rows, nb::arg("rows"), nb::arg("names"), nb::arg("finite"), nb::arg("n_threads") = 0,
           "Predictions (n_rows, n_outputs) of the rows of a float32 or float64 array; `finite` refuses what is not a finite number.")
      .def_prop_ro(
          "form", [](const Model& model) { return std::string(model.form()); }, "Name of the neutral form.")
      .def_prop_ro("n_features", &Model::n_features, "Number of columns it was trained on.")
      .def_prop_ro("n_outputs", &Model::n_outputs, "Columns of a prediction.")
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
