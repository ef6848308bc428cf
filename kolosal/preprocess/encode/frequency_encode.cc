// Frequency encoding: each level becomes the share of rows (by weight) that have it, or their number. Missing counts as a level.
//
// Cost     O(n_rows) a column.
// Checked  encoders_test.cc.
#include "kolosal/preprocess/chunk_fit.h"
#include "kolosal/preprocess/forms/lookup.h"

namespace kolosal {
namespace {

struct FrequencyEncodeParams {
  std::vector<std::string> columns;
  UnknownLevel unknown = UnknownLevel::Default;
  bool normalize = true;
  bool keep = false;
};

void describe(Fields<FrequencyEncodeParams>& f) {
  f.add("columns", &FrequencyEncodeParams::columns, "Columns to encode; empty means all categorical ones.");
  f.add("unknown", &FrequencyEncodeParams::unknown, "What a level not seen in fitting gives: an error, a missing value, or 0 (default).")
      .choices({"error", "missing", "default"});
  f.add("normalize", &FrequencyEncodeParams::normalize, "Whether the number of rows of a level is divided by that of all rows.");
  f.add("keep", &FrequencyEncodeParams::keep, "Whether the column itself stays, before the one made of it.");
}

class FrequencyEncode : public Transformer {
 public:
  explicit FrequencyEncode(FrequencyEncodeParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    return fit_levels(input, context, chosen(input), column_fit(), make_lookup);
  }

  std::unique_ptr<ChunkFit> start_chunks() const override {
    return fit_levels_in_chunks(
        "frequency_encode", [this](const TransformerInput& chunk) { return chosen(chunk); }, column_fit(), make_lookup);
  }

 private:
  std::vector<const Column*> chosen(const TransformerInput& input) const {
    return level_columns(input, params_.columns, "frequency_encode");
  }

  std::function<LookupColumn(const Column&, ColumnLevels, FreeNames&)> column_fit() const {
    return [this](const Column& column, ColumnLevels found, FreeNames& names) { return fit_column(column, std::move(found), names); };
  }

  LookupColumn fit_column(const Column& column, ColumnLevels found, FreeNames& names) const {
    const double total = params_.normalize && found.total_weight > 0 ? found.total_weight : 1;
    LookupColumn spec{
        .name = column.name(), .outputs = {names.claim(column.name() + "__frequency")}, .unknown = params_.unknown, .keep = params_.keep};
    for (const double weight : found.weights) spec.values.push_back(weight / total);
    spec.values.push_back(0);
    spec.values.push_back(found.missing_weight / total);
    spec.levels = std::move(found.levels);
    return spec;
  }

  FrequencyEncodeParams params_;
};

}  // namespace

void register_frequency_encode(Catalog<Transformer>& catalog) {
  catalog.add<FrequencyEncode, FrequencyEncodeParams>(
      "frequency_encode", "Each level becomes the share of rows that have it, or their number.", {"frequency", "count_encoder"});
}

}  // namespace kolosal
