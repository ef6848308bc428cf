// Metrics of predicted numbers. Several targets: the plain mean over them.
//
// Checked  against scikit-learn on random cases in python/tests/test_metrics.py; by hand in metric_test.cc.

#include <algorithm>
#include <cmath>
#include <limits>

#include "kolosal/metrics/metric.h"

namespace kolosal {
namespace {

// The rows of one target column that count.
struct Rows {
  std::vector<double> target, prediction, weight;
  double total = 0;

  Rows(const MetricInput& input, size_t column) {
    for (size_t row = 0; row < input.n_rows(); ++row) {
      if (input.weight(row) <= 0) continue;
      target.push_back(input.target[row * input.n_outputs + column]);
      prediction.push_back(input.prediction[row * input.n_outputs + column]);
      weight.push_back(input.weight(row));
      total += weight.back();
    }
  }

  // Weighted mean of loss(target, prediction).
  template <class Loss>
  double mean(Loss loss) const {
    double sum = 0;
    for (size_t i = 0; i < target.size(); ++i) sum += weight[i] * loss(target[i], prediction[i]);
    return sum / total;
  }
};

class NumberMetric : public Metric {
 public:
  bool supports(Task task) const override { return task == Task::Regression || task == Task::MultiRegression; }
  bool higher_is_better() const override { return false; }
  double score(const MetricInput& input) const override {
    check_metric_rows(input);
    if (has_nan_prediction(input)) return std::numeric_limits<double>::quiet_NaN();
    double sum = 0;
    for (size_t column = 0; column < input.n_outputs; ++column) sum += of(Rows(input, column), input);
    return sum / static_cast<double>(input.n_outputs);
  }

 protected:
  virtual double of(const Rows& rows, const MetricInput& input) const = 0;
};

double mean_squared_error(const Rows& rows) {
  return rows.mean([](double t, double p) { return (t - p) * (t - p); });
}

double r2(const Rows& rows) {
  const double center = rows.mean([](double t, double) { return t; });
  const double spread = rows.mean([center](double t, double) { return (t - center) * (t - center); });
  const double error = mean_squared_error(rows);
  if (rows.target.size() < 2) return std::numeric_limits<double>::quiet_NaN();
  const auto [least, most] = std::ranges::minmax(rows.target);  // rounding can leave a constant target some spread
  if (spread == 0 || least == most) return error == 0 ? 1.0 : 0.0;
  return 1 - error / spread;
}

// The value below which half of the weight lies; the mean of the two middle ones where that falls between them.
double weighted_median(std::vector<std::pair<double, double>> values, double total) {
  std::ranges::sort(values);
  double below = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    below += values[i].second;
    if (below * 2 > total) return values[i].first;
    if (below * 2 == total) return i + 1 < values.size() ? (values[i].first + values[i + 1].first) / 2 : values[i].first;
  }
  return values.back().first;
}

class Mse : public NumberMetric {
  double of(const Rows& rows, const MetricInput&) const override { return mean_squared_error(rows); }
};

class Rmse : public NumberMetric {
  double of(const Rows& rows, const MetricInput&) const override { return std::sqrt(mean_squared_error(rows)); }
};

class Rmsle : public NumberMetric {
  double of(const Rows& rows, const MetricInput&) const override {
    for (size_t i = 0; i < rows.target.size(); ++i)
      if (rows.target[i] <= -1 || rows.prediction[i] <= -1)
        throw Error(ErrorCode::BadValue, "rmsle needs targets and predictions above -1", "Use another metric, such as rmse.");
    return std::sqrt(rows.mean([](double t, double p) { return std::pow(std::log1p(t) - std::log1p(p), 2); }));
  }
};

class Mae : public NumberMetric {
  double of(const Rows& rows, const MetricInput&) const override {
    return rows.mean([](double t, double p) { return std::abs(t - p); });
  }
};

class MedianAbsoluteError : public NumberMetric {
  double of(const Rows& rows, const MetricInput&) const override {
    std::vector<std::pair<double, double>> errors;
    for (size_t i = 0; i < rows.target.size(); ++i) errors.emplace_back(std::abs(rows.target[i] - rows.prediction[i]), rows.weight[i]);
    return weighted_median(std::move(errors), rows.total);
  }
};

class Mape : public NumberMetric {
  double of(const Rows& rows, const MetricInput&) const override {
    return rows.mean([](double t, double p) { return std::abs(t - p) / std::max(std::abs(t), std::numeric_limits<double>::epsilon()); });
  }
};

class Smape : public NumberMetric {
  double of(const Rows& rows, const MetricInput&) const override {
    return rows.mean([](double t, double p) {
      const double size = std::abs(t) + std::abs(p);
      return size > 0 ? 2 * std::abs(t - p) / size : 0.0;
    });
  }
};

class R2 : public NumberMetric {
 public:
  bool higher_is_better() const override { return true; }

 private:
  double of(const Rows& rows, const MetricInput&) const override { return r2(rows); }
};

class AdjustedR2 : public NumberMetric {
 public:
  bool higher_is_better() const override { return true; }

 private:
  double of(const Rows& rows, const MetricInput& input) const override {
    const auto n = static_cast<double>(rows.target.size());
    const double free = n - static_cast<double>(input.n_features) - 1;
    return free > 0 ? 1 - (1 - r2(rows)) * (n - 1) / free : std::numeric_limits<double>::quiet_NaN();
  }
};

struct PinballParams {
  double alpha = 0.5;
};

void describe(Fields<PinballParams>& f) { f.add("alpha", &PinballParams::alpha, "Quantile that is predicted.").min(0).max(1); }

class Pinball : public NumberMetric {
 public:
  explicit Pinball(PinballParams params) : alpha_(params.alpha) {}

 private:
  double of(const Rows& rows, const MetricInput&) const override {
    return rows.mean([this](double t, double p) { return t >= p ? alpha_ * (t - p) : (1 - alpha_) * (p - t); });
  }
  double alpha_;
};

}  // namespace

void register_regression(Catalog<Metric>& catalog) {
  catalog.add<Mse>("mse", "Mean squared error.", {"mean_squared_error"});
  catalog.add<Rmse>("rmse", "Square root of the mean squared error.", {"root_mean_squared_error"});
  catalog.add<Rmsle>("rmsle", "Root mean squared error of log(1 + value).");
  catalog.add<Mae>("mae", "Mean absolute error.", {"mean_absolute_error"});
  catalog.add<MedianAbsoluteError>("median_absolute_error", "Median of absolute errors.");
  catalog.add<Mape>("mape", "Mean absolute error relative to the target; 0.1 is 10 %.", {"mean_absolute_percentage_error"});
  catalog.add<Smape>("smape", "Mean absolute error relative to the mean size of target and prediction, from 0 to 2.");
  catalog.add<R2>("r2", "Share of the target's variance that is explained.");
  catalog.add<AdjustedR2>("adjusted_r2", "R2 corrected for the number of features.");
  catalog.add<Pinball, PinballParams>("pinball", "Pinball loss of a predicted quantile.", {"quantile_loss"});
}

}  // namespace kolosal
