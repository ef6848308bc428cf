// Ordinal (label) encoding: each level becomes its number, 0, 1, ... in order of text (numbers by value) or of frequency.
//
// Cost     O(n_rows) a column.
// Checked  encoders_test.cc, against scikit-learn's LabelEncoder.
#include <algorithm>
#include <numeric>
#include <optional>

#include "kolosal/preprocess/chunk_fit.h"
#include "kolosal/preprocess/encode/level_order.h"
#include "kolosal/preprocess/forms/lookup.h"

namespace kolosal {
namespace {

struct OrdinalParams {
  std::vector<std::string> columns;
  LevelOrder order = LevelOrder::Alphabetical;
  std::optional<double> unknown_value;
  std::optional<double> missing_value;
};

void describe(Fields<OrdinalParams>& f) {
  f.add("columns", &OrdinalParams::columns, "Columns to encode; empty means all categorical ones.");
  f.add("order", &OrdinalParams::order, "Order of the levels: of their texts, or the most frequent first.");
  f.add("unknown_value", &OrdinalParams::unknown_value, "The number for levels not seen in fitting; null leaves them missing.");
  f.add("missing_value", &OrdinalParams::missing_value, "The number for missing values; null leaves them missing.");
}

class Ordinal : public Transformer {
 public:
  explicit Ordinal(OrdinalParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    const auto columns = chosen(input);
    std::vector<LookupColumn> fitted(columns.size());
    context.threads->parallel_each(columns.size(), [&](size_t i) {
      context.check();
      fitted[i] = fit_column(*columns[i], column_levels(*columns[i], input.weights));
    });
    return make_lookup(std::move(fitted));
  }

  std::unique_ptr<ChunkFit> start_chunks() const override {
    return fit_levels_in_chunks(
        "ordinal", [this](const TransformerInput& chunk) { return chosen(chunk); },
        [this](const Column& column, const ColumnLevels& found, FreeNames&) { return fit_column(column, found); }, make_lookup);
  }

 private:
  std::vector<const Column*> chosen(const TransformerInput& input) const {
    const auto fits = [this](ColumnKind kind) { return kind == ColumnKind::Categorical || !params_.columns.empty(); };
    return choose_columns(input, params_.columns, fits, "ordinal");
  }

  LookupColumn fit_column(const Column& column, const ColumnLevels& found) const {
    std::vector<size_t> order(found.levels.size());
    std::iota(order.begin(), order.end(), size_t{0});
    if (params_.order == LevelOrder::Frequency)
      std::ranges::stable_sort(order, [&](size_t a, size_t b) { return found.weights[a] > found.weights[b]; });
    LookupColumn fitted{.name = column.name(), .outputs = {column.name()}};
    for (size_t i = 0; i < order.size(); ++i) {
      fitted.levels.push_back(found.levels[order[i]]);
      fitted.values.push_back(static_cast<double>(i));
    }
    fitted.leave_unknown = !params_.unknown_value;
    fitted.leave_missing = !params_.missing_value;
    fitted.values.push_back(params_.unknown_value.value_or(0));
    fitted.values.push_back(params_.missing_value.value_or(0));
    return fitted;
  }

  OrdinalParams params_;
};

}  // namespace

void register_ordinal(Catalog<Transformer>& catalog) {
  catalog.add<Ordinal, OrdinalParams>("ordinal", "Each level becomes its number in order of text or frequency.",
                                      {"label", "ordinal_encoder", "label_encoder"});
}

}  // namespace kolosal
