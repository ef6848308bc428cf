#include "kolosal/explain/contributions.h"

#include <numeric>

#include "kolosal/explain/tree_shap.h"
#include "kolosal/models/forms/constant.h"
#include "kolosal/models/forms/forest.h"
#include "kolosal/models/forms/linear.h"
#include "kolosal/models/forms/quantile_forest.h"

namespace kolosal {
namespace {

void check_rows(const Model& model, const FeatureMatrix& x, const FeatureMatrix* background) {
  for (const FeatureMatrix* rows : {&x, background})
    if (rows != nullptr && rows->n_features() != model.n_features())
      throw Error(ErrorCode::FeatureMismatch, "the model was trained on " + std::to_string(model.n_features()) + " features but got " +
                                                  std::to_string(rows->n_features()));
  if (background != nullptr && background->n_rows() == 0) throw Error(ErrorCode::EmptyInput, "the background has no rows");
}

[[noreturn]] void refuse(const Model& model) {
  if (dynamic_cast<const QuantileForestModel*>(&model) != nullptr)
    throw Error(
        ErrorCode::Unsupported, "the quantiles of a quantile forest are no sums over its trees, so what features add to them is not known",
        "Use gradient_boosting with the loss 'quantile', whose quantiles are such sums, random_forest for what adds to the mean, or "
        "permutation importance.");
  throw Error(ErrorCode::Unsupported, "the contributions to a model of form '" + std::string(model.form()) + "' are not known",
              "Use permutation importance or partial dependence.");
}

NodeRows rows_behind(const Forest& forest, const FeatureMatrix* background, const FitContext& context) {
  if (background != nullptr) return {node_covers(forest, *background, context), term_means(forest, *background, context)};
  if (forest.node_cover.empty() && !forest.nodes.empty())
    throw Error(ErrorCode::BadValue, "the trees do not know how many training rows came to each node", "Pass background rows.");
  if (!forest.linear_features.empty())
    throw Error(ErrorCode::BadValue, "the leaves do not know the means of the features that they sum", "Pass background rows.");
  return {forest.node_cover, {}};
}

// Means of what the features count as.
std::vector<double> column_means(const LinearForm& form, const FeatureMatrix* background) {
  if (background == nullptr)
    throw Error(ErrorCode::BadValue, "a linear model does not know the means of the features it was trained on", "Pass background rows.");
  std::vector<double> means(background->n_features());
  for (size_t j = 0; j < means.size(); ++j) {
    for (const float value : background->column(j)) means[j] += form.counted(value);
    means[j] /= static_cast<double>(background->n_rows());
  }
  return means;
}

void add_linear(const LinearForm& form, const FeatureMatrix& x, const std::vector<double>& means, Contributions& made) {
  const size_t p = made.n_features;
  made.base = form.bias;
  for (size_t k = 0; k < made.n_outputs; ++k)
    for (size_t j = 0; j < p; ++j) made.base[k] += form.weights[k * p + j] * means[j];
  for (size_t row = 0; row < made.n_rows; ++row)
    for (size_t k = 0; k < made.n_outputs; ++k)
      for (size_t j = 0; j < p; ++j)
        made.values[(row * made.n_outputs + k) * p + j] = form.weights[k * p + j] * (form.counted(x.at(row, j)) - means[j]);
}

Contributions room_for(const Model& model, const FeatureMatrix& x, size_t n_outputs) {
  Contributions made{x.n_rows(), n_outputs, model.n_features(), {}, {}};
  made.values.resize(x.n_rows() * n_outputs * made.n_features);
  return made;
}

}  // namespace

Contributions contributions(const Model& model, const FeatureMatrix& x, const FeatureMatrix* background, const FitContext& context) {
  check_rows(model, x, background);
  if (const auto* forest = dynamic_cast<const ForestModel*>(&model)) {
    const NodeRows behind = rows_behind(forest->forest(), background, context);
    Contributions made = room_for(model, x, forest->forest().n_raw());
    made.base = expected_raw(forest->forest(), behind);
    add_tree_contributions(forest->forest(), behind, x, context, made.values);
    return made;
  }
  if (const auto* linear = dynamic_cast<const LinearModel*>(&model)) {
    Contributions made = room_for(model, x, linear->n_scores());
    add_linear(linear->parts(), x, column_means(linear->parts(), background), made);
    return made;
  }
  if (dynamic_cast<const ConstantModel*>(&model) == nullptr) refuse(model);
  Contributions made = room_for(model, x, model.n_outputs());
  made.base.resize(model.n_outputs());
  model.predict(FeatureMatrix(x.features(), 1), made.base);
  return made;
}

Interactions interactions(const Model& model, const FeatureMatrix& x, const FeatureMatrix* background, const FitContext& context) {
  const Contributions alone = contributions(model, x, background, context);
  const size_t p = alone.n_features;
  Interactions made{alone.n_rows, alone.n_outputs, p, std::vector<double>(alone.values.size() * p)};
  if (const auto* forest = dynamic_cast<const ForestModel*>(&model))
    add_tree_interactions(forest->forest(), rows_behind(forest->forest(), background, context), x, context, made.values);
  for (size_t i = 0; i < alone.values.size(); ++i) {
    double* row = made.values.data() + i * p;
    row[i % p] = alone.values[i] - std::accumulate(row, row + p, 0.0);
  }
  return made;
}

}  // namespace kolosal
