// Explanations of models for Python: contributions, interactions, permutation importance, partial dependence.

#include <nanobind/stl/optional.h>

#include "feature_rows.h"
#include "kolosal/base/json.h"
#include "kolosal/explain/contributions.h"
#include "kolosal/explain/partial_dependence.h"
#include "kolosal/explain/permutation.h"
#include "kolosal/models/fit_options.h"

namespace kolosal::python {
namespace {

/// An array of that shape, which owns the numbers.
nb::object array_of(std::vector<double> numbers, const std::vector<size_t>& shape) {
  auto* owned = new std::vector<double>(std::move(numbers));
  const nb::capsule owner(owned, [](void* held) noexcept { delete static_cast<std::vector<double>*>(held); });
  return nb::ndarray<nb::numpy, double>(owned->data(), shape.size(), shape.data(), owner).cast();
}

FitContext context_of(const std::string& options) { return make_fit_context(from_value<FitOptions>(parse_json(options))); }

/// Calls explain(model, x, background, context) where rows have become columns.
template <class Explain>
auto explain_rows(const Model& model, const Rows& rows, const std::optional<Rows>& background, const std::vector<std::string>& names,
                  const std::string& options, const Explain& explain) {
  const FitContext context = context_of(options);
  return run_cancellable(context.cancel, [&] {
    const FeatureMatrix x = matrix_of(rows, features_of(names, {}), *context.threads);
    std::optional<FeatureMatrix> behind;
    if (background) behind = matrix_of(*background, features_of(names, {}), *context.threads);
    return explain(model, x, behind ? &*behind : nullptr, context);
  });
}

nb::tuple contributions_of(const Model& model, const Rows& rows, const std::optional<Rows>& background,
                           const std::vector<std::string>& names, const std::string& options) {
  Contributions made = explain_rows(model, rows, background, names, options, contributions);
  return nb::make_tuple(array_of(std::move(made.values), {made.n_rows, made.n_outputs, made.n_features}),
                        array_of(std::move(made.base), {made.n_outputs}));
}

nb::object interactions_of(const Model& model, const Rows& rows, const std::optional<Rows>& background,
                           const std::vector<std::string>& names, const std::string& options) {
  Interactions made = explain_rows(model, rows, background, names, options, interactions);
  return array_of(std::move(made.values), {made.n_rows, made.n_outputs, made.n_features, made.n_features});
}

nb::object importance_of(const Model& model, const LabelledRows& rows, const std::string& parameters, const std::string& options) {
  const FitContext context = context_of(options);
  const auto wanted = from_value<PermutationOptions>(parse_json(parameters));
  const auto found = run_cancellable(context.cancel, [&] { return permutation_importance(model, rows.set(), wanted, context); });
  std::vector<double> numbers;
  for (const PermutationImportance& each : found) numbers.insert(numbers.end(), {each.mean, each.low, each.high});
  return array_of(std::move(numbers), {found.size(), 3});
}

std::vector<float> grid_of(const Rows& rows, const std::vector<std::string>& names, const std::vector<int32_t>& n_categories,
                           size_t feature, size_t most, double low, double high) {
  const nb::gil_scoped_release released;
  return dependence_grid(matrix_of(rows, features_of(names, n_categories), Threads()), feature, most, low, high);
}

nb::tuple dependence_of(const Model& model, const Rows& rows, const std::vector<std::string>& names, size_t feature,
                        const std::vector<float>& values, const std::optional<Numbers>& weights, bool individual,
                        const std::string& options) {
  const FitContext context = context_of(options);
  const std::span<const double> given = weights ? std::span(weights->data(), weights->size()) : std::span<const double>();
  PartialDependence made = run_cancellable(context.cancel, [&] {
    const FeatureMatrix x = matrix_of(rows, features_of(names, {}), *context.threads);
    return partial_dependence(model, x, feature, values, given, individual, context);
  });
  const size_t n = rows.shape(0), width = model.n_outputs();
  return nb::make_tuple(array_of(std::move(made.average), {values.size(), width}),
                        individual ? array_of(std::move(made.individual), {values.size(), n, width}) : nb::none());
}

}  // namespace

void bind_explain(nb::module_& module) {
  module.def("contributions", &contributions_of, nb::arg("model"), nb::arg("rows"), nb::arg("background").none(), nb::arg("names"),
             nb::arg("options"), "Shapley values (n_rows, n_outputs, n_features) and their base (n_outputs,).");
  module.def("interactions", &interactions_of, nb::arg("model"), nb::arg("rows"), nb::arg("background").none(), nb::arg("names"),
             nb::arg("options"), "Shapley interactions (n_rows, n_outputs, n_features, n_features).");
  module.def("permutation_importance", &importance_of, nb::arg("model"), nb::arg("rows"), nb::arg("parameters"), nb::arg("options"),
             "Mean, low and high end of each feature's permutation importance, (n_features, 3).");
  module.def("dependence_grid", &grid_of, nb::arg("rows"), nb::arg("names"), nb::arg("n_categories"), nb::arg("feature"), nb::arg("most"),
             nb::arg("low"), nb::arg("high"), "The values that a feature is set to for its partial dependence.");
  module.def("partial_dependence", &dependence_of, nb::arg("model"), nb::arg("rows"), nb::arg("names"), nb::arg("feature"),
             nb::arg("values"), nb::arg("weights").none(), nb::arg("individual"), nb::arg("options"),
             "Mean predictions (n_values, n_outputs), and those of each row (n_values, n_rows, n_outputs) or None.");
}

}  // namespace kolosal::python
