// Variance threshold: columns of numbers whose variance is not above a threshold are left out.
//
// The variance is the weighted population one of the values that are there. At a threshold of 0 a column goes where all its values
// are one, whatever rounding makes of their variance. A column without values goes.
//
// Cost     O(n_rows) a column.
// Checked  select_test.cc; scikit-learn's VarianceThreshold in tests/parity.
#include "kolosal/preprocess/chunk_fit.h"
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
    const auto columns = chosen(input);
    std::vector<Spread> spreads(columns.size());
    context.threads->parallel_each(columns.size(), [&](size_t i) {
      context.check();
      spreads[i].add(*columns[i], telling_weights(input.weights), context);
    });
    return drop(input.table, columns, spreads);
  }

  std::unique_ptr<ChunkFit> start_chunks() const override {
    return std::make_unique<ColumnsInChunks<Spread>>(
        "variance_threshold", [this](const TransformerInput& chunk) { return chosen(chunk); },
        [this](const Table& like, std::span<const Column* const> columns, const std::vector<Spread>& spreads) {
          return drop(like, columns, spreads);
        });
  }

 private:
  struct Spread {
    ChunkRange range;
    ChunkMoments moments;
    void add(const Column& column, std::span<const double> weights, const FitContext& context) {
      range.add(column, weights, context);
      moments.add(column, weights, context);
    }
    double variance() const {
      const Range found = range.found();
      return found.min == found.max ? 0 : moments.found().variance();
    }
    Value seen() const {
      const Range found = range.found();
      return Value(Value::Object{{"variance", Value(variance())}, {"range", Value(found.max - found.min)}});
    }
  };

  std::vector<const Column*> chosen(const TransformerInput& input) const {
    return choose_columns(input, params_.columns, is_number, "variance_threshold");
  }

  std::unique_ptr<FittedTransformer> drop(const Table& table, std::span<const Column* const> columns,
                                          const std::vector<Spread>& spreads) const {
    std::vector<std::optional<std::string>> reasons;
    for (const Spread& spread : spreads) reasons.push_back(reason_to_drop(spread.range.found(), spread.moments.found()));
    return drop_columns(table, columns, std::move(reasons));
  }

  std::optional<std::string> reason_to_drop(Range range, const Moments& moments) const {
    if (moments.n == 0) return "no row has a value";
    const double variance = range.min == range.max ? 0 : moments.m2 / moments.n;
    if (variance > params_.threshold || (params_.threshold == 0 && range.min != range.max)) return std::nullopt;
    return "the variance is " + short_number(variance);
  }

  VarianceThresholdParams params_;
};

}  // namespace

void register_variance_threshold(Catalog<Transformer>& catalog) {
  catalog.add<VarianceThreshold, VarianceThresholdParams>("variance_threshold", "Columns of numbers that hardly vary are left out.");
}

}  // namespace kolosal
