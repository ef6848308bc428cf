// Metrics of predicted classes, all made from the confusion matrix: accuracy, balanced accuracy, precision, recall, F1
// (of the positive class, macro, micro, weighted), Matthews' correlation and Cohen's kappa.
//
// A ratio whose denominator is zero counts as 0. Averages run over the classes that are true or predicted somewhere.
// Checked  against scikit-learn on random cases in python/tests/test_metrics.py; by hand in metric_test.cc.

#include <cmath>
#include <numeric>

#include "kolosal/metrics/curves.h"
#include "kolosal/metrics/metric.h"

namespace kolosal {
namespace {

double ratio(double part, double whole) { return whole > 0 ? part / whole : 0.0; }

struct Confusion {
  size_t n;
  std::vector<double> counts;          // (true, predicted)
  std::vector<double> actual, chosen;  // sums of rows and columns
  double total = 0, correct = 0;

  explicit Confusion(const MetricInput& input)
      : n(input.n_outputs),
        counts(confusion_matrix(input.target, predicted_classes(input.prediction, input.n_outputs), input.n_outputs, input.weights)),
        actual(n),
        chosen(n) {
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < n; ++j) {
        actual[i] += counts[i * n + j];
        chosen[j] += counts[i * n + j];
        total += counts[i * n + j];
        if (i == j) correct += counts[i * n + j];
      }
  }
  double hit(size_t k) const { return counts[k * n + k]; }
};

class ClassMetric : public Metric {
 public:
  bool supports(Task task) const override { return is_classification(task); }
  bool higher_is_better() const override { return true; }
  double score(const MetricInput& input) const override {
    check_metric_rows(input);
    if (has_nan_prediction(input)) return std::nan("");
    return of(Confusion(input), input.task);
  }

 protected:
  virtual double of(const Confusion& c, Task task) const = 0;
};

class Accuracy : public ClassMetric {
  double of(const Confusion& c, Task) const override { return c.correct / c.total; }
};

class BalancedAccuracy : public ClassMetric {
  double of(const Confusion& c, Task) const override {
    double sum = 0, n_classes = 0;
    for (size_t k = 0; k < c.n; ++k)
      if (c.actual[k] > 0) {
        sum += c.hit(k) / c.actual[k];
        ++n_classes;
      }
    return sum / n_classes;
  }
};

class Matthews : public ClassMetric {
  double of(const Confusion& c, Task) const override {
    double together = 0, chosen = 0, actual = 0;
    for (size_t k = 0; k < c.n; ++k) {
      together += c.actual[k] * c.chosen[k];
      chosen += c.chosen[k] * c.chosen[k];
      actual += c.actual[k] * c.actual[k];
    }
    const double spread = (c.total * c.total - chosen) * (c.total * c.total - actual);
    return spread > 0 ? (c.correct * c.total - together) / std::sqrt(spread) : 0.0;
  }
};

class CohenKappa : public ClassMetric {
  double of(const Confusion& c, Task) const override {
    double together = 0;
    for (size_t k = 0; k < c.n; ++k) together += c.actual[k] * c.chosen[k];
    const double by_chance = together / (c.total * c.total);
    if (by_chance >= 1) return std::nan("");
    return (c.correct / c.total - by_chance) / (1 - by_chance);
  }
};

enum class Part { Precision, Recall, F1 };
enum class Average { Task, Macro, Micro, Weighted };

class PartMetric : public ClassMetric {
 public:
  PartMetric(Part part, Average average) : part_(part), average_(average) {}

 private:
  double part(double hit, double chosen, double actual) const {
    if (part_ == Part::Precision) return ratio(hit, chosen);
    if (part_ == Part::Recall) return ratio(hit, actual);
    return ratio(2 * hit, chosen + actual);
  }

  double of(const Confusion& c, Task task) const override {
    if (average_ == Average::Task && task == Task::Binary) return c.n < 2 ? 0.0 : part(c.hit(1), c.chosen[1], c.actual[1]);
    if (average_ == Average::Micro) return part(c.correct, c.total, c.total);
    double sum = 0, weight = 0;
    for (size_t k = 0; k < c.n; ++k) {
      if (c.actual[k] + c.chosen[k] <= 0) continue;
      const double w = average_ == Average::Weighted ? c.actual[k] : 1.0;
      sum += w * part(c.hit(k), c.chosen[k], c.actual[k]);
      weight += w;
    }
    return ratio(sum, weight);
  }

  Part part_;
  Average average_;
};

void add_part(Catalog<Metric>& catalog, const std::string& name, const std::string& doc, Part part) {
  const auto add = [&](const std::string& full_name, const std::string& full_doc, Average average) {
    catalog.add({full_name, full_doc, {}, {}, [part, average](const Value&) { return std::make_unique<PartMetric>(part, average); }});
  };
  add(name, doc + " of the positive class; for several classes the plain mean.", Average::Task);
  add(name + "_macro", doc + ", plain mean over classes.", Average::Macro);
  add(name + "_micro", doc + " of all rows pooled.", Average::Micro);
  add(name + "_weighted", doc + ", mean over classes weighted by their rows.", Average::Weighted);
}

}  // namespace

void register_classes(Catalog<Metric>& catalog) {
  catalog.add<Accuracy>("accuracy", "Share of rows whose class is right.");
  catalog.add<BalancedAccuracy>("balanced_accuracy", "Mean over true classes of the share that is right.");
  add_part(catalog, "precision", "Share of predicted rows that are right", Part::Precision);
  add_part(catalog, "recall", "Share of true rows that are found", Part::Recall);
  add_part(catalog, "f1", "Harmonic mean of precision and recall", Part::F1);
  catalog.add<Matthews>("mcc", "Matthews' correlation of true and predicted classes.", {"matthews_corrcoef"});
  catalog.add<CohenKappa>("cohen_kappa", "Agreement beyond chance of true and predicted classes.", {"kappa"});
}

}  // namespace kolosal
