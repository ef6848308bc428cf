// Learners of the catalog for Python, each by name, and the models they give; rows come as NumPy arrays.
//
// Shapes   rows (n_rows, n_features) float32 or float64 in any layout; columns of float32 that lie in one piece are seen without copying.
// Checked  python/tests/test_models.py.

#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/unique_ptr.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <numeric>

#include "feature_rows.h"
#include "kolosal/base/json.h"
#include "kolosal/inference/model_artifact.h"
#include "kolosal/models/fit_options.h"
#include "kolosal/models/forms/leaf_numbers.h"
#include "kolosal/models/forms/linear.h"
#include "kolosal/models/forms/quantile_forest.h"
#include "kolosal/models/import/imported_model.h"
#include "kolosal/models/import/tree_nodes.h"
#include "kolosal/models/learner.h"
#include "kolosal/models/trees/gradient_boosting.h"

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
  if (x.is_sparse()) {
    if (is_finite(x.sparse().values)) return;
    throw Error(ErrorCode::BadValue, "Input X contains NaN or infinity or a value too large for float32",
                "Leave it out, or put a number in its place.");
  }
  std::vector<uint8_t> sound(x.n_features());
  threads.parallel_each(x.n_features(), [&](size_t j) { sound[j] = is_finite(x.column(j)); });
  for (size_t j = 0; j < sound.size(); ++j) {
    if (sound[j]) continue;
    const auto found = std::ranges::find_if(x.column(j), [](float value) { return !std::isfinite(value); });
    const bool is_missing = std::isnan(*found);
    throw Error(ErrorCode::BadValue,
                "Input X contains " + std::string(is_missing ? "NaN" : "infinity or a value too large for float32") + ": feature '" +
                    x.features()[j].name + "', row " + std::to_string(found - x.column(j).begin()),
                is_missing ? "Impute it first: this model takes numbers only." : "Clip or scale it: this model takes finite numbers only.");
  }
}

/// Gives rows what they teach.
void label(LabelledRows& rows, const std::string& task, const Matrix& target, size_t n_classes, const std::optional<Numbers>& weights,
           const std::vector<uint32_t>& group) {
  rows.target = {enum_from_name<Task>(task), target.shape(0), target.shape(1), {target.data(), target.data() + target.size()}, {}, group};
  for (size_t k = 0; k < n_classes; ++k) rows.target.class_names.push_back(std::to_string(k));
  if (weights) rows.weights.assign(weights->data(), weights->data() + weights->size());
}

std::unique_ptr<LabelledRows> labelled_rows(const Rows& rows, const std::vector<std::string>& names,
                                            const std::vector<int32_t>& n_categories, const std::string& task, const Matrix& target,
                                            size_t n_classes, const std::optional<Numbers>& weights, const std::vector<uint32_t>& group,
                                            int n_threads) {
  const nb::gil_scoped_release released;
  auto made = std::make_unique<LabelledRows>();
  made->x = matrix_of(rows, features_of(names, n_categories), Threads(n_threads));
  label(*made, task, target, n_classes, weights, group);
  return made;
}

std::unique_ptr<LabelledRows> labelled_sparse_rows(const Entries<int64_t>& starts, const Entries<uint32_t>& features,
                                                   const Entries<float>& values, const std::vector<std::string>& names,
                                                   const std::string& task, const Matrix& target, size_t n_classes,
                                                   const std::optional<Numbers>& weights) {
  const nb::gil_scoped_release released;
  auto made = std::make_unique<LabelledRows>();
  made->x = {sparse_features(names, names.size()), sparse_rows(starts, features, values, names.size())};
  label(*made, task, target, n_classes, weights, {});
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

/// A loss that `call`, given targets (n_rows, n_targets) and scores (n_raw, n_rows), tells gradients, hessians and losses of, or None for
/// these; what it raises ends the fit, and is kept in `raised`.
CustomLoss python_loss(const nb::object& call, std::exception_ptr& raised) {
  const auto ask = [&call, &raised](const Target& target, std::span<const double> scores, const auto& take) {
    const nb::gil_scoped_acquire acquired;
    try {
      auto [targets, targets_to] = empty_array(target.n_rows, target.n_targets);
      std::ranges::copy(target.values, targets_to);
      auto [given, given_to] = empty_array(scores.size() / target.n_rows, target.n_rows);
      std::ranges::copy(scores, given_to);
      take(nb::cast<nb::tuple>(call(targets, given)));
    } catch (...) {
      raised = std::current_exception();
      throw Error(ErrorCode::BadValue, "the loss failed");
    }
  };
  const auto copy_to = [](const nb::handle& numbers, std::span<double> out) {
    const auto array = nb::cast<nb::ndarray<const double, nb::c_contig, nb::device::cpu>>(numbers);
    std::copy_n(array.data(), out.size(), out.begin());
  };
  return {[=](const Target& target, std::span<const double> scores, std::span<double> g, std::span<double> h) {
            ask(target, scores, [&](const nb::tuple& told) {
              copy_to(told[0], g);
              copy_to(told[1], h);
            });
          },
          [=](const Target& target, std::span<const double> scores, std::span<double> losses) {
            ask(target, scores, [&](const nb::tuple& told) {
              if (told[2].is_none()) std::ranges::fill(losses, std::numeric_limits<double>::quiet_NaN());
              else copy_to(told[2], losses);
            });
          }};
}

/// A model, and whether Ctrl-C ended its fit.
nb::tuple fit_learner(const std::string& name, const std::string& parameters, const std::string& options, const LabelledRows& train,
                      const LabelledRows* validation, const nb::object& callback, const Model* start, const nb::object& loss,
                      std::shared_ptr<FitCache> cache) {
  std::exception_ptr raised;
  const auto learner = loss.is_none() ? learners().make(name, parse_json(parameters))
                                      : make_gradient_boosting(parse_json(parameters), python_loss(loss, raised));
  if (!callback.is_none() && !learner->tells_progress())
    throw Error(ErrorCode::Unsupported, "the learner '" + name + "' does not tell its progress, so callbacks would never be called",
                "Leave out callbacks.");
  const bool finite = !learner->needs().accepts_missing;
  FitContext context = make_fit_context(from_value<FitOptions>(parse_json(options)));
  context.on_iteration = python_progress(callback, raised);
  context.cache = std::move(cache);
  const auto fit = [&] {
    for (const LabelledRows* rows : {&train, validation})
      if (finite && rows != nullptr) check_finite(rows->x, *context.threads);
    std::optional<TrainingSet> held_out;
    if (validation != nullptr) held_out.emplace(validation->set());
    const TrainingSet* validating = held_out ? &*held_out : nullptr;
    return start != nullptr ? learner->fit_more(*start, train.set(), validating, context) : learner->fit(train.set(), validating, context);
  };
  std::unique_ptr<Model> model;
  try {
    model = run_cancellable(context.cancel, fit);
  } catch (const Error&) {
    if (!raised) throw;
  }
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

nb::object predict_sparse_rows(const Model& model, const Entries<int64_t>& starts, const Entries<uint32_t>& features,
                               const Entries<float>& values, bool finite, bool scores, int n_threads) {
  const size_t n = starts.size() == 0 ? 0 : starts.size() - 1, width = scores ? model.n_scores() : model.n_outputs();
  auto [made, out] = empty_array(n, width);
  const nb::gil_scoped_release released;
  const Threads threads(n_threads);
  const FeatureMatrix x(sparse_features({}, model.n_features()), sparse_rows(starts, features, values, model.n_features()));
  if (finite) check_finite(x, threads);
  threads.parallel_for(n, kBlockRows, [&, out = out](size_t begin, size_t end) {
    std::vector<uint32_t> block(end - begin);
    std::iota(block.begin(), block.end(), static_cast<uint32_t>(begin));
    const std::span room(out + begin * width, (end - begin) * width);
    if (scores) model.predict_scores(x.take(block), room);
    else model.predict(x.take(block), room);
  });
  return made;
}

/// The leaf that each row ends in at each tree (n_rows, n_trees) int32; None where the model has no trees.
nb::object leaves_of(const Model& model, const Rows& rows, const std::vector<std::string>& names, int n_threads) {
  const ForestModel* forest = trees_of(model);
  if (forest == nullptr) return nb::none();
  const size_t n_trees = forest->forest().roots.size();
  nb::object made = nb::module_::import_("numpy").attr("empty")(nb::make_tuple(rows.shape(0), n_trees), "i4");
  const auto out = nb::cast<nb::ndarray<int32_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>>(made);
  const nb::gil_scoped_release released;
  const Threads threads(n_threads);
  find_leaf_numbers(forest->forest(), matrix_of(rows, features_of(names, {}), threads), threads, {out.data(), out.size()});
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

nb::bytes model_bytes(const Model& model, const std::string& about) {
  const Value said = parse_json(about);
  const std::string bytes = [&] {
    const nb::gil_scoped_release released;
    return saved_model_bytes(model, said);
  }();
  return nb::bytes(bytes.data(), bytes.size());
}

nb::tuple model_and_about(SavedModel saved) { return nb::make_tuple(std::move(saved.model), to_json(saved.about)); }

nb::tuple model_of_bytes(const nb::bytes& bytes) {
  const auto owner = std::make_shared<const std::string>(bytes.c_str(), bytes.size());
  return model_and_about(load_model_bytes(std::as_bytes(std::span(owner->data(), owner->size())), owner));
}

/// A model of another library and what its file says: task, names of features, levels of categories.
nb::tuple import_bytes(const nb::bytes& bytes) {
  ImportedModel made = import_model({bytes.c_str(), bytes.size()});
  Value::List names, categories;
  for (const Feature& feature : made.features) {
    names.emplace_back(feature.name);
    categories.emplace_back(feature.n_categories);
  }
  const Value about(Value::Object{{"task", Value(enum_name(made.task))},
                                  {"names", Value(std::move(names))},
                                  {"n_categories", Value(std::move(categories))},
                                  {"levels", Value(Value::List(made.levels))}});
  return nb::make_tuple(std::move(made.model), to_json(about));
}

/// A forest of trees whose nodes are given as arrays, as scikit-learn keeps them.
std::unique_ptr<Model> forest_of_trees(size_t n_features, size_t leaf_width, const std::string& aggregation, const std::string& link,
                                       const std::vector<nb::dict>& trees) {
  Forest forest;
  forest.n_features = n_features;
  forest.leaf_width = leaf_width;
  forest.aggregation = enum_from_name<ForestAggregation>(aggregation);
  forest.link = enum_from_name<ForestLink>(link);
  forest.base_score.assign(leaf_width, 0);
  forest.feature_gain.assign(n_features, 0);
  for (const nb::dict& tree : trees) {
    const auto numbers = [&](const char* key) { return nb::cast<std::vector<double>>(tree[key].attr("tolist")()); };
    const auto left = numbers("left"), right = numbers("right"), feature = numbers("feature"), threshold = numbers("threshold"),
               missing_left = numbers("missing_left"), cover = numbers("cover"), gain = numbers("gain"), values = numbers("values");
    std::vector<TreeNode> nodes(left.size());
    for (size_t i = 0; i < nodes.size(); ++i) {
      const auto from = values.begin() + static_cast<ptrdiff_t>(i * leaf_width);
      nodes[i].values.assign(from, from + static_cast<ptrdiff_t>(leaf_width));
      nodes[i].cover = cover[i];
      if (left[i] < 0) continue;
      nodes[i].left = static_cast<int64_t>(left[i]);
      nodes[i].right = static_cast<int64_t>(right[i]);
      nodes[i].feature = static_cast<uint32_t>(feature[i]);
      nodes[i].threshold = float_at_most(threshold[i]);
      nodes[i].default_left = missing_left[i] != 0;
      nodes[i].gain = gain[i];
    }
    add_tree(forest, nodes, 0, 0);
  }
  return std::make_unique<ForestModel>(std::move(forest));
}

/// A linear model of weights (n_scores, n_features) and constants (n_scores,).
std::unique_ptr<Model> linear_of_weights(const Matrix& weights, const Numbers& bias, const std::string& link) {
  if (weights.shape(0) != bias.size()) throw Error(ErrorCode::BadValue, "there are not as many constants as rows of weights");
  LinearForm form;
  form.n_features = static_cast<int64_t>(weights.shape(1));
  form.weights.assign(weights.data(), weights.data() + weights.size());
  form.bias.assign(bias.data(), bias.data() + bias.size());
  form.link = enum_from_name<Link>(link);
  return std::make_unique<LinearModel>(std::move(form));
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
                                     {"accepts_negative", Value(needs.accepts_negative)},
                                     {"accepts_sparse", Value(needs.accepts_sparse)},
                                     {"accepts_negative_target", Value(learner->accepts_negative_target())},
                                     {"accepts_categories", Value(needs.accepts_categories)},
                                     {"uses_validation", Value(learner->uses_validation())},
                                     {"continues", Value(learner->continues())}}));
}

}  // namespace

void bind_models(nb::module_& module) {
  nb::class_<Model>(module, "FittedModel", "What a learner of the catalog learnt.")
      .def("predict", &predict_rows, nb::arg("rows"), nb::arg("names"), nb::arg("finite"), nb::arg("scores"), nb::arg("n_threads") = 0,
           "Predictions (n_rows, n_outputs), or scores before the link (n_rows, n_scores), of rows of float32 or float64.\n\n"
           "`finite` refuses what is not a finite number.")
      .def("predict_sparse", &predict_sparse_rows, nb::arg("starts"), nb::arg("features"), nb::arg("values"), nb::arg("finite"),
           nb::arg("scores"), nb::arg("n_threads") = 0,
           "As predict, of the rows of a sparse matrix: where each begins, and features and values of its entries.")
      .def("leaves", &leaves_of, nb::arg("rows"), nb::arg("names"), nb::arg("n_threads") = 0,
           "The leaf that each row ends in at each tree, (n_rows, n_trees) int32; None where the model has no trees.")
      .def("linear_parts", &linear_parts, "Weights and constants of a linear model; None of another.")
      .def_prop_ro(
          "form", [](const Model& model) { return std::string(model.form()); }, "Name of the neutral form.")
      .def_prop_ro("n_features", &Model::n_features, "Number of columns it was trained on.")
      .def_prop_ro("n_outputs", &Model::n_outputs, "Columns of a prediction.")
      .def_prop_ro("n_scores", &Model::n_scores, "Numbers a row that a link makes the prediction of; 0 where there are none.")
      .def_prop_ro("n_iterations", &Model::n_iterations, "Iterations after which it was best; 0 where there is no such notion.")
      .def("feature_importance", &Model::feature_importance, "Share of each feature; empty where there is no such notion.")
      .def("to_bytes", &model_bytes, nb::arg("about"), "Everything it learnt as an artifact, with JSON that is given back.")
      .def(
          "save",
          [](const Model& model, const std::string& about, const std::string& path) {
            const nb::gil_scoped_release released;
            save_model(model, parse_json(about), path);
          },
          nb::arg("about"), nb::arg("path"), "Writes one artifact, with JSON that is given back.")
      .def_static("from_bytes", &model_of_bytes, nb::arg("bytes"), "The model that to_bytes described, and the JSON.")
      .def_static(
          "load", [](const std::string& path) { return model_and_about(load_model(path)); }, nb::arg("path"),
          "The model that save wrote, and the JSON.")
      .def_static("import_bytes", &import_bytes, nb::arg("bytes"), "A model of another library, and JSON of what its file says of it.")
      .def_static("forest_of_trees", &forest_of_trees, nb::arg("n_features"), nb::arg("leaf_width"), nb::arg("aggregation"),
                  nb::arg("link"), nb::arg("trees"), "A forest of trees whose nodes are given as arrays.")
      .def_static("linear_of_weights", &linear_of_weights, nb::arg("weights"), nb::arg("bias"), nb::arg("link"),
                  "A linear model of weights (n_scores, n_features) and constants.");
  nb::class_<LabelledRows>(module, "LabelledRows", "Rows with their targets and weights.")
      .def(nb::new_(&labelled_rows), nb::arg("rows"), nb::arg("names"), nb::arg("n_categories"), nb::arg("task"), nb::arg("target"),
           nb::arg("n_classes"), nb::arg("weights").none(), nb::arg("group"), nb::arg("n_threads"),
           "Rows of a float32 or float64 array with their targets, (n_rows, n_targets).")
      .def_static("of_sparse", &labelled_sparse_rows, nb::arg("starts"), nb::arg("features"), nb::arg("values"), nb::arg("names"),
                  nb::arg("task"), nb::arg("target"), nb::arg("n_classes"), nb::arg("weights").none(),
                  "Rows of a sparse matrix with their targets: where each begins, and features and values of its entries.");
  nb::class_<FitCache>(module, "FitCache", "What fits make of the same rows, kept for those to come.")
      .def(nb::init<>())
      .def_prop_ro("n_bytes", &FitCache::n_bytes, "Bytes that are kept.")
      .def_prop_ro("n_found", &FitCache::n_found, "How often what a fit asked for was kept.");
  module.def("learner", &learner_json, nb::arg("name"), "JSON of what is known of a learner before it learns.");
  module.def("fit_learner", &fit_learner, nb::arg("name"), nb::arg("parameters"), nb::arg("options"), nb::arg("train"),
             nb::arg("validation").none(), nb::arg("callback").none(), nb::arg("start").none(), nb::arg("loss").none(),
             nb::arg("cache").none(),
             "Fits a learner of the catalog; gives the model and whether Ctrl-C ended the fit.\n\n"
             "It goes on from the model `start` and minimises the function `loss` where there are these.\n"
             "In `cache` it finds what earlier fits made of the same rows.");
}

}  // namespace kolosal::python
