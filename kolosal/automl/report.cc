#include "kolosal/automl/report.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kolosal/base/file.h"
#include "kolosal/base/html_page.h"
#include "kolosal/base/random.h"
#include "kolosal/metrics/curves.h"

namespace kolosal {

/// Made from web/report.html by the build.
extern const std::string_view kReportTemplate;

namespace {

constexpr size_t kDrawnPoints = 200;
constexpr size_t kScatterPoints = 1000;
constexpr size_t kMaxClassCurves = 3;

// Every so many points of a curve, the ends among them.
Value thinned_curve(std::string name, std::span<const double> x, std::span<const double> y) {
  Value::List xs, ys;
  const size_t n = x.size();
  const size_t points = std::min(n, kDrawnPoints);
  for (size_t i = 0; i < points; ++i) {
    const size_t at = points < 2 ? 0 : i * (n - 1) / (points - 1);
    xs.emplace_back(x[at]);
    ys.emplace_back(y[at]);
  }
  return Value(Value::Object{{"name", Value(std::move(name))}, {"x", Value(std::move(xs))}, {"y", Value(std::move(ys))}});
}

Value confusion_value(const HeldOut& held) {
  const size_t n = held.target.n_classes();
  const std::vector<double> counts = confusion_matrix(held.target.values, predicted_classes(held.predictions, n), n, held.weights);
  Value::List rows;
  for (size_t i = 0; i < n; ++i) {
    Value::List row;
    for (size_t j = 0; j < n; ++j) row.emplace_back(counts[i * n + j]);
    rows.emplace_back(std::move(row));
  }
  Value::List classes;
  for (const std::string& name : held.target.class_names) classes.emplace_back(name);
  return Value(Value::Object{{"classes", Value(std::move(classes))}, {"counts", Value(std::move(rows))}});
}

// One class against the rest: whether each row is of it, and its probability.
struct OneAgainstRest {
  std::vector<double> is_class, probability;
};

OneAgainstRest against_rest(const HeldOut& held, size_t k) {
  OneAgainstRest rows;
  const size_t n = held.target.n_classes();
  for (size_t i = 0; i < held.target.n_rows; ++i) {
    rows.is_class.push_back(held.target.values[i] == static_cast<double>(k) ? 1.0 : 0.0);
    rows.probability.push_back(held.predictions[i * n + k]);
  }
  return rows;
}

// The classes whose curves are drawn: the positive one, or the most frequent of several.
std::vector<size_t> drawn_classes(const HeldOut& held) {
  if (held.target.task == Task::Binary) return {1};
  std::vector<size_t> counts(held.target.n_classes()), order(held.target.n_classes());
  for (const double value : held.target.values) ++counts[static_cast<size_t>(value)];
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, std::greater(), [&](size_t k) { return counts[k]; });
  order.resize(std::min(order.size(), kMaxClassCurves));
  return order;
}

Value class_curves(const HeldOut& held) {
  Value::List roc, pr, calibration;
  for (const size_t k : drawn_classes(held)) {
    const OneAgainstRest rows = against_rest(held, k);
    const std::string& name = held.target.class_names[k];
    const RocCurve roc_points = roc_curve(rows.is_class, rows.probability, held.weights);
    roc.push_back(thinned_curve(name, roc_points.false_positive_rate, roc_points.true_positive_rate));
    const PrecisionRecallCurve pr_points = precision_recall_curve(rows.is_class, rows.probability, held.weights);
    pr.push_back(thinned_curve(name, pr_points.recall, pr_points.precision));
    const CalibrationCurve points = calibration_curve(rows.is_class, rows.probability, held.weights);
    calibration.push_back(thinned_curve(name, points.mean_predicted, points.observed_share));
  }
  return Value(Value::Object{{"confusion", confusion_value(held)},
                             {"roc", Value(std::move(roc))},
                             {"pr", Value(std::move(pr))},
                             {"calibration", Value(std::move(calibration))}});
}

// A sample of true and predicted values of the first target.
Value fitted_values(const HeldOut& held, uint64_t seed) {
  std::vector<uint32_t> rows(held.target.n_rows);
  std::iota(rows.begin(), rows.end(), 0U);
  RandomStream(seed, "report").shuffle(std::span(rows));
  rows.resize(std::min(rows.size(), kScatterPoints));
  Value::List target, prediction;
  const size_t width = held.target.n_targets;
  for (const uint32_t row : rows) {
    target.emplace_back(held.target.values[row * width]);
    prediction.emplace_back(held.predictions[row * width]);
  }
  return Value(
      Value::Object{{"fitted", Value(Value::Object{{"target", Value(std::move(target))}, {"prediction", Value(std::move(prediction))}})}});
}

}  // namespace

std::string report_html(const TrainResult& result) {
  Value content;
  content.set("record", to_value(result.record)).set("schema", to_value(result.predictor->schema()));
  if (result.held_out.target.n_rows > 0 && result.record.task != Task::Ranking)
    content.set("curves", is_classification(result.record.task)
                              ? class_curves(result.held_out)
                              : fitted_values(result.held_out, static_cast<uint64_t>(result.record.options.seed)));
  return html_page(kReportTemplate, content);
}

void write_report(const TrainResult& result, const std::string& path) {
  const std::string page = report_html(result);
  write_file_atomically(path, [&](const auto& sink) { sink(page); });
}

}  // namespace kolosal
