// Forests for Python: predictions after each round, parts and means, pruning, pictures, rows out of bag.

#include <nanobind/stl/unique_ptr.h>

#include <algorithm>

#include "feature_rows.h"
#include "kolosal/base/json.h"
#include "kolosal/models/fit_options.h"
#include "kolosal/models/forms/forest_rounds.h"
#include "kolosal/models/forms/pruning.h"
#include "kolosal/models/forms/quantile_forest.h"
#include "kolosal/models/forms/tree_picture.h"

namespace kolosal::python {
namespace {

/// The trees of any model that has some, to be looked at.
const ForestModel& trees(const Model& model) {
  const ForestModel* forest = trees_of(model);
  if (forest == nullptr)
    throw Error(ErrorCode::Unsupported, "a model of form '" + std::string(model.form()) + "' has no trees", "Use a learner of trees.");
  return *forest;
}

/// The forest that a model is, to be predicted by in parts, or changed.
const ForestModel& forest_model(const Model& model) {
  const ForestModel& forest = trees(model);
  if (&forest != &model)
    throw Error(ErrorCode::Unsupported,
                "a model of form '" + std::string(model.form()) +
                    "' predicts by the training rows in its leaves: its trees are not taken apart, put together or pruned",
                "Use a random forest.");
  return forest;
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

/// The number of a tree as the core takes it, which refuses what is too large. Throws Error(BadValue) where it is below 0.
size_t number_of_tree(const Forest& forest, int64_t tree) {
  if (tree < 0)
    throw Error(ErrorCode::BadValue, "there is no tree " + std::to_string(tree) + " in a forest of " + std::to_string(forest.roots.size()),
                "Number trees from 0.");
  return static_cast<size_t>(tree);
}

/// Alphas and impurities of a tree's pruning path.
nb::tuple path_of(const Model& model, int64_t tree) {
  const Forest& forest = trees(model).forest();
  const PruningPath path = pruning_path(forest, number_of_tree(forest, tree));
  return nb::make_tuple(path.alphas, path.impurities);
}

std::unique_ptr<Model> pruned(const Model& model, double alpha) {
  if (!(alpha >= 0)) throw Error(ErrorCode::BadValue, "alpha is " + std::to_string(alpha), "Give 0 or a number above.");
  return std::make_unique<ForestModel>(prune(forest_model(model).forest(), alpha));
}

std::string picture_of(const Model& model, int64_t tree, const std::vector<std::string>& names,
                       const std::vector<std::vector<std::string>>& levels, const std::vector<std::string>& outputs,
                       const std::string& format, int max_depth) {
  const Forest& forest = trees(model).forest();
  return draw_tree(forest, number_of_tree(forest, tree), {names, levels, outputs}, enum_from_name<PictureFormat>(format), max_depth);
}

/// Predictions (n_rows, n_outputs) of training rows by the trees that did not see them.
nb::object out_of_bag_of(const std::string& name, const std::string& parameters, const std::string& options, const Model& model,
                         const LabelledRows& train) {
  const auto learner = learners().make(name, parse_json(parameters));
  const FitContext context = make_fit_context(from_value<FitOptions>(parse_json(options)));
  const std::vector<double> out = run_cancellable(context.cancel, [&] { return learner->out_of_bag(model, train.set(), context); });
  auto [made, to] = empty_array(train.x.n_rows(), model.n_outputs());
  std::ranges::copy(out, to);
  return made;
}

}  // namespace

void bind_forests(nb::module_& module) {
  nb::class_<Stages>(module, "Stages", "Predictions of some rows, round after round.")
      .def(nb::init<const Model&, const Rows&, const std::vector<std::string>&, int>(), nb::keep_alive<1, 2>(), nb::keep_alive<1, 3>(),
           nb::arg("model"), nb::arg("rows"), nb::arg("names"), nb::arg("n_threads"))
      .def("next", &Stages::next, "Predictions (n_rows, n_outputs) with one round more; None where there is none.");
  module.def("slice_rounds", &slice_of, nb::arg("model"), nb::arg("begin"), nb::arg("end"), "The rounds from begin up to end.");
  module.def("mean_of_forests", &mean_of, nb::arg("models"), "The forest whose scores are the mean of those of the models.");
  module.def("pruning_path", &path_of, nb::arg("model"), nb::arg("tree"), "Alphas and impurities of a tree's pruning path.");
  module.def("prune", &pruned, nb::arg("model"), nb::arg("alpha"), "The forest with each tree pruned.");
  module.def("draw_tree", &picture_of, nb::arg("model"), nb::arg("tree"), nb::arg("names"), nb::arg("levels"), nb::arg("outputs"),
             nb::arg("format"), nb::arg("max_depth"), "A picture of a tree as text, dot or svg.");
  module.def("out_of_bag", &out_of_bag_of, nb::arg("name"), nb::arg("parameters"), nb::arg("options"), nb::arg("model"), nb::arg("train"),
             "Predictions (n_rows, n_outputs) of training rows by the trees that did not see them; NaN where all did.");
}

}  // namespace kolosal::python
