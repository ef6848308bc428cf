// Variance threshold: columns of numbers whose variance is not above a threshold are left out.
//
// The variance is the weighted population one of the values that are there. At a threshold of 0 a column goes where all its values
// are one, whatever rounding makes of their variance. A column without values goes.
//
// Cost     O(n_rows) a column.
// Checked  select_test.cc; scikit-learn's VarianceThreshold in tests/parity.
#include <algorithm>

#include "kolosal/preprocess/forms/form.h"
#include "kolosal/preprocess/select/selection.h"

namespace kolosal {
namespace {

struct VarianceThresholdParams {
  std::vector<std::string> columns;
  double threshold = 0;
};

void describe(Fields<VarianceThresholdParams>& f) {
  f.add("columns", &VarianceThresholdParams::columns, "Columns to look at; empty means all numbers, integers and booleans.");
  f.add("threshold", &VarianceThresholdParams::threshold, "Largest variance of a column that goes.").min(0).search_log(1e-6, 1);
}

class VarianceThreshold : public Transformer {
 public:
  explicit VarianceThreshold(VarianceThresholdParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    const auto columns = choose_columns(input, params_.columns, is_number, "variance_threshold");
    std::vector<std::optional<std::string>> reasons(columns.size());
    context.threads->parallel_each(columns.size(), [&](size_t i) {
      context.check();
      reasons[i] = reason_to_drop(finite_sample(*columns[i], input.weights));
    });
    return drop_columns(input.table, columns, std::move(reasons));
  }

 private:
  std::optional<std::string> reason_to_drop(const Sample& sample) const {
    if (sample.values.empty()) return "no row has a value";
    const auto [least, most] = std::ranges::minmax(sample.values);
    const double variance = least == most ? 0 : sample_variance(sample, sample_mean(sample));
    if (variance > params_.threshold || (params_.threshold == 0 && least != most)) return std::nullopt;
    return "the variance is " + short_number(variance);
  }

  VarianceThresholdParams params_;
};

}  // namespace

void register_variance_threshold(Catalog<Transformer>& catalog) {
  catalog.add<VarianceThreshold, VarianceThresholdParams>("variance_threshold", "Columns of numbers that hardly vary are left out.");
}

}  // namespace kolosal
