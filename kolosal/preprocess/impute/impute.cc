// Impute: missing values become the mean, the median, the most frequent value or a constant of their column.
//
// Numbers take the strategy; categories take their most frequent level (or the constant). Statistics are weighted; NaN counts as
// missing. A column that is missing everywhere becomes 0.
// Checked  impute_test.cc; scikit-learn's SimpleImputer in python/tests.

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "kolosal/preprocess/columns.h"
#include "kolosal/preprocess/forms/numbers.h"

namespace kolosal {
namespace {

enum class ImputeStrategy { Mean, Median, Mode, Constant };

constexpr auto enum_names(ImputeStrategy) {
  return std::to_array<std::pair<ImputeStrategy, std::string_view>>(
      {{ImputeStrategy::Mean, "mean"}, {ImputeStrategy::Median, "median"}, {ImputeStrategy::Mode, "mode"}, {ImputeStrategy::Constant, "constant"}});
}

struct ImputeParams {
  std::vector<std::string> columns;
  ImputeStrategy strategy = ImputeStrategy::Median;
  double fill_number = 0;
  std::string fill_level = "missing";
  bool add_indicator = false;
};

void describe(Fields<ImputeParams>& f) {
  f.add("columns", &ImputeParams::columns, "Columns to impute; all numbers and categories where empty.");
  f.add("strategy", &ImputeParams::strategy, "What a missing number becomes.");
  f.add("fill_number", &ImputeParams::fill_number, "The constant for numbers.").alias("fill_value");
  f.add("fill_level", &ImputeParams::fill_level, "The constant for categories.");
  f.add("add_indicator", &ImputeParams::add_indicator, "Whether columns with missing values also give an indicator of what was missing.");
}

// The value with the most weight; of equals the first in order.
template <class Key>
Key heaviest(const std::map<Key, double>& weights, Key otherwise) {
  const auto most = std::ranges::max_element(weights, {}, [](const auto& entry) { return entry.second; });
  return most == weights.end() ? otherwise : most->first;
}

class Impute : public Transformer {
 public:
  explicit Impute(ImputeParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    const auto applies = [](ColumnKind kind) { return holds_numbers(kind) || kind == ColumnKind::Categorical; };
    FillForm form;
    form.columns = chosen_columns(input.table, params_.columns, applies, "impute");
    for (const std::string& name : form.columns) {
      context.check();
      const Column& column = input.table.column(name);
      const bool is_category = column.kind() == ColumnKind::Categorical;
      form.number.push_back(is_category ? 0 : fill_number(column, input.weights));
      form.level.push_back(is_category ? fill_level(column, input.weights) : std::string());
      form.indicate.push_back(params_.add_indicator && has_missing(column));
    }
    return make_fill(std::move(form));
  }

 private:
  static bool has_missing(const Column& column) {
    for (size_t row = 0; row < column.size(); ++row)
      if (std::isnan(column.number(row))) return true;
    return false;
  }

  double fill_number(const Column& column, std::span<const double> weights) const {
    if (params_.strategy == ImputeStrategy::Constant) return params_.fill_number;
    const WeightedNumbers numbers = weighted_numbers(column, weights);
    if (numbers.values.empty()) return 0;
    if (params_.strategy == ImputeStrategy::Median) {
      const double half = 0.5;
      return quantiles(numbers, std::span(&half, 1)).front();
    }
    if (params_.strategy == ImputeStrategy::Mode) {
      std::map<double, double> totals;
      for (size_t i = 0; i < numbers.values.size(); ++i) totals[numbers.values[i]] += numbers.weights[i];
      return heaviest(totals, 0.0);
    }
    double sum = 0;
    for (size_t i = 0; i < numbers.values.size(); ++i) sum += numbers.weights[i] * numbers.values[i];
    return sum / numbers.total;
  }

  std::string fill_level(const Column& column, std::span<const double> weights) const {
    if (params_.strategy == ImputeStrategy::Constant) return params_.fill_level;
    std::map<std::string, double> totals;
    for (size_t row = 0; row < column.size(); ++row)
      if (!column.is_missing(row)) totals[column.display(row)] += weights.empty() ? 1.0 : weights[row];
    return heaviest(totals, params_.fill_level);
  }

  ImputeParams params_;
};

}  // namespace

void register_impute(Catalog<Transformer>& catalog) {
  catalog.add<Impute, ImputeParams>("impute", "Missing values become the mean, median, most frequent value or a constant.");
}

}  // namespace kolosal
