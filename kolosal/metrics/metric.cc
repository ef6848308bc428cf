#include "kolosal/metrics/metric.h"

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

void check_metric_rows(const MetricInput& input) {
  double total = 0;
  for (size_t row = 0; row < input.n_rows(); ++row) total += input.weight(row);
  if (!(total > 0)) throw Error(ErrorCode::EmptyInput, "there are no rows of positive weight to judge (empty input)");
}

}  // namespace kolosal
