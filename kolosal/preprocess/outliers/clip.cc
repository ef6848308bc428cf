// Clip: numbers outside bounds become the bound. Bounds are quartiles widened by a factor of their distance (IQR), the mean
// plus and minus standard deviations (z-score), or quantiles of the column.
//
// Source   Tukey, Exploratory Data Analysis, 1977 (IQR fences).
// Checked  clip_test.cc.

#include <array>
#include <cmath>
#include <utility>

#include "kolosal/preprocess/columns.h"
#include "kolosal/preprocess/forms/numbers.h"

namespace kolosal {
namespace {

enum class ClipMethod { Iqr, ZScore, Percentile };

constexpr auto enum_names(ClipMethod) {
  return std::to_array<std::pair<ClipMethod, std::string_view>>(
      {{ClipMethod::Iqr, "iqr"}, {ClipMethod::ZScore, "zscore"}, {ClipMethod::Percentile, "percentile"}});
}

struct ClipParams {
  std::vector<std::string> columns;
  ClipMethod method = ClipMethod::Iqr;
  double factor = 1.5;
  double threshold = 3;
  double low_percentile = 1;
  double high_percentile = 99;
};

void describe(Fields<ClipParams>& f) {
  f.add("columns", &ClipParams::columns, "Columns to clip; all numbers where empty.");
  f.add("method", &ClipParams::method, "How the bounds are found.");
  f.add("factor", &ClipParams::factor, "iqr: how many quartile distances beyond the quartiles.").above(0);
  f.add("threshold", &ClipParams::threshold, "zscore: how many standard deviations from the mean.").above(0);
  f.add("low_percentile", &ClipParams::low_percentile, "percentile: the lower bound.").min(0).max(100);
  f.add("high_percentile", &ClipParams::high_percentile, "percentile: the upper bound.").min(0).max(100);
}

class ClipOutliers : public Transformer {
 public:
  explicit ClipOutliers(ClipParams params) : params_(std::move(params)) {
    if (!(params_.low_percentile < params_.high_percentile))
      throw Error(ErrorCode::BadValue, "clip.low_percentile is not below clip.high_percentile", "Give a range such as 1 to 99.");
  }

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    ClipForm form;
    form.columns = chosen_columns(input.table, params_.columns, holds_numbers, "clip");
    for (const std::string& name : form.columns) {
      context.check();
      const auto [low, high] = bounds(weighted_numbers(input.table.column(name), input.weights));
      form.low.push_back(low);
      form.high.push_back(high);
    }
    return make_clip(std::move(form));
  }

 private:
  std::pair<double, double> bounds(const WeightedNumbers& numbers) const {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    if (numbers.values.empty()) return {-kInfinity, kInfinity};
    if (params_.method == ClipMethod::ZScore) {
      double sum = 0, squares = 0;
      for (size_t i = 0; i < numbers.values.size(); ++i) sum += numbers.weights[i] * numbers.values[i];
      const double mean = sum / numbers.total;
      for (size_t i = 0; i < numbers.values.size(); ++i) squares += numbers.weights[i] * (numbers.values[i] - mean) * (numbers.values[i] - mean);
      const double reach = params_.threshold * std::sqrt(squares / numbers.total);
      return {mean - reach, mean + reach};
    }
    const bool iqr = params_.method == ClipMethod::Iqr;
    const double shares[] = {iqr ? 0.25 : params_.low_percentile / 100, iqr ? 0.75 : params_.high_percentile / 100};
    const std::vector<double> ends = quantiles(numbers, shares);
    const double reach = iqr ? params_.factor * (ends[1] - ends[0]) : 0;
    return {ends[0] - reach, ends[1] + reach};
  }

  ClipParams params_;
};

}  // namespace

void register_clip(Catalog<Transformer>& catalog) {
  catalog.add<ClipOutliers, ClipParams>("clip", "Numbers outside quartile, deviation or quantile bounds become the bound.");
}

}  // namespace kolosal
