#include "kolosal/metrics/metric.h"

#include <cmath>

namespace kolosal {

std::string_view default_metric(Task task) {
  switch (task) {
    case Task::Binary: return "roc_auc";
    case Task::Multiclass: return "log_loss";
    case Task::Regression:
    case Task::MultiRegression: return "rmse";
    case Task::Ranking: return "ndcg";
  }
  return "rmse";
}

std::vector<double> predicted_classes(std::span<const double> probabilities, size_t n_classes) {
  std::vector<double> classes(n_classes == 0 ? 0 : probabilities.size() / n_classes);
  for (size_t row = 0; row < classes.size(); ++row) {
    const auto* p = probabilities.data() + row * n_classes;
    size_t best = 0;
    for (size_t k = 1; k < n_classes; ++k)
      if (p[k] > p[best]) best = k;
    classes[row] = static_cast<double>(best);
  }
  return classes;
}

bool has_nan_prediction(const MetricInput& input) {
  for (size_t i = 0; i < input.prediction.size(); ++i)
    if (std::isnan(input.prediction[i]) && input.weight(i / input.n_outputs) > 0) return true;
  return false;
}

void check_metric_rows(const MetricInput& input) {
  const size_t n_rows = input.n_rows();
  const bool sizes_agree = input.prediction.size() == n_rows * input.n_outputs &&
                           input.target.size() == (is_classification(input.task) ? n_rows : input.prediction.size()) &&
                           (input.weights.empty() || input.weights.size() == n_rows) &&
                           (input.group.empty() || input.group.size() == n_rows);
  if (!sizes_agree) throw Error(ErrorCode::BadValue, "targets, predictions, weights and groups do not have the same rows");
  double total = 0;
  for (size_t row = 0; row < n_rows; ++row) {
    const double weight = input.weight(row);
    if (!(weight >= 0) || !std::isfinite(weight)) throw Error(ErrorCode::BadValue, "a weight is negative or not finite");
    total += weight;
  }
  if (!(total > 0)) throw Error(ErrorCode::EmptyInput, "there are no rows of positive weight to judge (empty input)");
  if (!is_classification(input.task)) return;
  for (const double number : input.target)
    if (!(number >= 0 && number < static_cast<double>(input.n_outputs)) || number != std::floor(number))
      throw Error(ErrorCode::BadValue, "a target is not one of the class numbers 0 to " + std::to_string(input.n_outputs - 1));
}

}  // namespace kolosal
