// Metric: a number that says how good predictions are. One file per metric registers itself.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kolosal/base/catalog.h"
#include "kolosal/table/target.h"

namespace kolosal {

/// What a metric looks at. Rows of weight 0 count as absent.
struct MetricInput {
  Task task = Task::Regression;
  std::span<const double> target;      ///< (n_rows, n_targets) row-major: class numbers, numbers or relevances
  std::span<const double> prediction;  ///< (n_rows, n_outputs) row-major: class probabilities, numbers or scores
  size_t n_outputs = 1;                ///< number of classes, or of target columns
  std::span<const double> weights;     ///< (n_rows,), or empty for all ones
  std::span<const uint32_t> group;     ///< (n_rows,), Ranking only
  size_t n_features = 0;               ///< for adjusted R2

  /// Rows of the prediction, and the weight of one (1 where there are none).
  size_t n_rows() const noexcept { return n_outputs == 0 ? 0 : prediction.size() / n_outputs; }
  double weight(size_t row) const noexcept { return weights.empty() ? 1.0 : weights[row]; }
};

class Metric {
 public:
  virtual ~Metric() = default;
  /// Whether it can judge predictions of this task.
  virtual bool supports(Task task) const = 0;
  /// Whether larger is better.
  virtual bool higher_is_better() const = 0;
  /// The score. NaN where it is not defined for these rows (AUC with one class) or a prediction is NaN. Throws Error(EmptyInput) without
  /// rows of positive weight and Error(BadValue) where a value is outside what the metric allows (RMSLE of a negative number).
  virtual double score(const MetricInput& input) const = 0;
};

extern template class Catalog<Metric>;

/// Every metric there is. Names as users write them: "accuracy", "roc_auc", "log_loss", "rmse", ...
const Catalog<Metric>& metrics();

/// The metric by which models of this task are compared unless the user names one: roc_auc, log_loss, rmse, rmse, ndcg.
std::string_view default_metric(Task task);

/// The class predicted for each row: the most probable, ties to the lowest number.
std::vector<double> predicted_classes(std::span<const double> probabilities, size_t n_classes);

/// Whether a row of positive weight has a prediction that is NaN.
bool has_nan_prediction(const MetricInput& input);

/// Throws Error(EmptyInput) where no row has a positive weight, and Error(BadValue) where sizes differ, a weight is negative or
/// not finite, or a target is not a class number.
void check_metric_rows(const MetricInput& input);

}  // namespace kolosal
