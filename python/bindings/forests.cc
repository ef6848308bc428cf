// Forests round after round for Python: predictions after each round, parts of a forest, the mean of several.

#include <nanobind/stl/unique_ptr.h>

#include "feature_rows.h"
#include "kolosal/models/forms/forest_rounds.h"

namespace kolosal::python {
namespace {

const ForestModel& forest_model(const Model& model) {
  const auto* forest = dynamic_cast<const ForestModel*>(&model);
  if (forest == nullptr)
    throw Error(ErrorCode::Unsupported, "a model of form '" + std::string(model.form()) + "' has no trees", "Use a learner of trees.");
  return *forest;
}

/// Predictions of some rows, with one round more at each call.
class Stages {
 public:
  Stages(const Model& model, const Rows& rows, const std::vector<std::string>& names, int n_threads)
      : threads_(n_threads),
        n_rows_(rows.shape(0)),
        width_(model.n_outputs()),
        staged_(forest_model(model), matrix_of(rows, features_of(names, {}), threads_)) {}

  nb::object next() {
    auto [made, out] = empty_array(n_rows_, width_);
    const bool more = [&, out = out] {
      const nb::gil_scoped_release released;
      return staged_.next(threads_, {out, n_rows_ * width_});
    }();
    return more ? made : nb::none();
  }

 private:
  Threads threads_;
  size_t n_rows_, width_;
  StagedPrediction staged_;
};

std::unique_ptr<Model> slice_of(const Model& model, size_t begin, size_t end) {
  return std::make_unique<ForestModel>(slice_rounds(forest_model(model).forest(), begin, end));
}

std::unique_ptr<Model> mean_of(const std::vector<const Model*>& models) {
  std::vector<const Forest*> forests;
  for (const Model* model : models) forests.push_back(&forest_model(*model).forest());
  return std::make_unique<ForestModel>(mean_of_forests(forests));
}

}  // namespace

void bind_forests(nb::module_& module) {
  nb::class_<Stages>(module, "Stages", "Predictions of some rows, round after round.")
      .def(nb::init<const Model&, const Rows&, const std::vector<std::string>&, int>(), nb::keep_alive<1, 2>(), nb::keep_alive<1, 3>(),
           nb::arg("model"), nb::arg("rows"), nb::arg("names"), nb::arg("n_threads"))
      .def("next", &Stages::next, "Predictions (n_rows, n_outputs) with one round more; None where there is none.");
  module.def("slice_rounds", &slice_of, nb::arg("model"), nb::arg("begin"), nb::arg("end"), "The rounds from begin up to end.");
  module.def("mean_of_forests", &mean_of, nb::arg("models"), "The forest whose scores are the mean of those of the models.");
}

}  // namespace kolosal::python
