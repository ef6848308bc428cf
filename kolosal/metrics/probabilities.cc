// Metrics of class probabilities: areas under the ROC and the precision-recall curve (several classes: mean of one against the
// rest), logarithmic loss and Brier score.
//
// Source   Hanley and McNeil, Radiology 143(1), 1982; Hand and Till's setting, each class against the rest.
// Checked  against scikit-learn on random cases in python/tests/test_metrics.py; by hand in metric_test.cc.

#include <algorithm>
#include <cmath>
#include <limits>

#include "kolosal/metrics/metric.h"

namespace kolosal {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

class ProbabilityMetric : public Metric {
 public:
  bool supports(Task task) const override { return is_classification(task); }
};

// Area under a curve of one class against the rest.
class AreaMetric : public ProbabilityMetric {
 public:
  bool higher_is_better() const override { return true; }
  double score(const MetricInput& input) const override {
    check_metric_rows(input);
    if (has_nan_prediction(input)) return kNaN;
    if (input.n_outputs <= 2) return of_class(input, input.n_outputs - 1);
    double sum = 0;
    for (size_t k = 0; k < input.n_outputs; ++k) sum += of_class(input, k);
    return sum / static_cast<double>(input.n_outputs);
  }

 protected:
  // Weights of the class and of the rest at one probability, by falling probability.
  struct Step {
    double probability, positive, negative;
  };
  virtual double area(const std::vector<Step>& steps, double positives, double negatives) const = 0;

 private:
  double of_class(const MetricInput& input, size_t k) const {
    std::vector<Step> rows;
    rows.reserve(input.n_rows());
    double positives = 0, negatives = 0;
    for (size_t row = 0; row < input.n_rows(); ++row) {
      const double weight = input.weight(row);
      if (weight <= 0) continue;
      const double probability = input.prediction[row * input.n_outputs + k];
      const bool is_positive = input.target[row] == static_cast<double>(k);
      (is_positive ? positives : negatives) += weight;
      rows.push_back({probability, is_positive ? weight : 0, is_positive ? 0 : weight});
    }
    std::ranges::sort(rows, std::greater(), &Step::probability);
    std::vector<Step> steps;
    for (const Step& row : rows) {
      if (steps.empty() || steps.back().probability != row.probability) {
        steps.push_back(row);
      } else {
        steps.back().positive += row.positive;
        steps.back().negative += row.negative;
      }
    }
    return area(steps, positives, negatives);
  }
};

class RocAuc : public AreaMetric {
  double area(const std::vector<Step>& steps, double positives, double negatives) const override {
    if (!(positives > 0) || !(negatives > 0)) return kNaN;
    double below = 0, sum = 0;
    for (const Step& step : steps) {
      sum += step.negative * (below + 0.5 * step.positive);
      below += step.positive;
    }
    return sum / (positives * negatives);
  }
};

class PrAuc : public AreaMetric {
  double area(const std::vector<Step>& steps, double positives, double) const override {
    if (!(positives > 0)) return kNaN;
    double found = 0, taken = 0, sum = 0;
    for (const Step& step : steps) {
      found += step.positive;
      taken += step.positive + step.negative;
      sum += step.positive / positives * (found / taken);
    }
    return sum;
  }
};

class LogLoss : public ProbabilityMetric {
 public:
  bool higher_is_better() const override { return false; }
  double score(const MetricInput& input) const override {
    check_metric_rows(input);
    if (has_nan_prediction(input)) return kNaN;
    constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
    double sum = 0, total = 0;
    for (size_t row = 0; row < input.n_rows(); ++row) {
      const double weight = input.weight(row);
      if (weight <= 0) continue;
      const double p = input.prediction[row * input.n_outputs + static_cast<size_t>(input.target[row])];
      sum -= weight * std::log(std::clamp(p, kEpsilon, 1 - kEpsilon));
      total += weight;
    }
    return sum / total;
  }
};

class Brier : public ProbabilityMetric {
 public:
  bool higher_is_better() const override { return false; }
  double score(const MetricInput& input) const override {
    check_metric_rows(input);
    if (has_nan_prediction(input)) return kNaN;
    double sum = 0, total = 0;
    for (size_t row = 0; row < input.n_rows(); ++row) {
      const double weight = input.weight(row);
      if (weight <= 0) continue;
      for (size_t k = input.n_outputs == 2 ? 1 : 0; k < input.n_outputs; ++k) {
        const double off = input.prediction[row * input.n_outputs + k] - (input.target[row] == static_cast<double>(k) ? 1.0 : 0.0);
        sum += weight * off * off;
      }
      total += weight;
    }
    return sum / total;
  }
};

}  // namespace

void register_probabilities(Catalog<Metric>& catalog) {
  catalog.add<RocAuc>("roc_auc", "Area under the ROC curve: how often a row of the class gets more than one of the rest.", {"auc"});
  catalog.add<PrAuc>("pr_auc", "Average precision: area under the precision-recall curve.", {"average_precision"});
  catalog.add<LogLoss>("log_loss", "Mean of minus the logarithm of the true class's probability.", {"logloss", "cross_entropy"});
  catalog.add<Brier>("brier", "Mean squared distance of probabilities from the true class.", {"brier_score"});
}

}  // namespace kolosal
