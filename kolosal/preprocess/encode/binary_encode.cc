// Binary encoding: levels are numbered 1, 2, ... in order, and each bit of the number is a column of 0 and 1, NAME__bit0 the lowest.
// Missing values stay missing; 0, no bit set, is the number of unknown levels.
//
// Shapes   a column of n_levels gives bit_width(n_levels) columns, at least 1.
// Cost     O(n_rows n_columns_made).
// Checked  encoders_test.cc, by hand.

#include <bit>

#include "kolosal/preprocess/chunk_fit.h"
#include "kolosal/preprocess/forms/lookup.h"

namespace kolosal {
namespace {

struct BinaryEncodeParams {
  std::vector<std::string> columns;
  UnknownLevel unknown = UnknownLevel::Default;
};

void describe(Fields<BinaryEncodeParams>& f) {
  f.add("columns", &BinaryEncodeParams::columns, "Columns to encode; empty means all categorical ones.");
  f.add("unknown", &BinaryEncodeParams::unknown, "What a level not seen in fitting gives: an error, missing values, or no bit (default).")
      .choices({"error", "missing", "default"});
}

class BinaryEncode : public Transformer {
 public:
  explicit BinaryEncode(BinaryEncodeParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    return fit_levels(input, context, chosen(input), column_fit(), make_lookup);
  }

  std::unique_ptr<ChunkFit> start_chunks() const override {
    return fit_levels_in_chunks(
        "binary_encode", [this](const TransformerInput& chunk) { return chosen(chunk); }, column_fit(), make_lookup);
  }

 private:
  std::vector<const Column*> chosen(const TransformerInput& input) const { return level_columns(input, params_.columns, "binary_encode"); }

  std::function<LookupColumn(const Column&, ColumnLevels, FreeNames&)> column_fit() const {
    return [this](const Column& column, ColumnLevels found, FreeNames& names) { return fit_column(column, std::move(found), names); };
  }

  LookupColumn fit_column(const Column& column, ColumnLevels found, FreeNames& names) const {
    LookupColumn spec{.name = column.name(), .unknown = params_.unknown, .leave_missing = true};
    spec.levels = std::move(found.levels);
    const size_t n_levels = spec.levels.size(), n_bits = std::max<size_t>(1, static_cast<size_t>(std::bit_width(n_levels)));
    for (size_t bit = 0; bit < n_bits; ++bit) spec.outputs.push_back(names.claim(column.name() + "__bit" + std::to_string(bit)));
    for (size_t slot = 0; slot < n_levels + 2; ++slot) {
      const size_t number = slot < n_levels ? slot + 1 : 0;
      for (size_t bit = 0; bit < n_bits; ++bit) spec.values.push_back(static_cast<double>((number >> bit) & 1));
    }
    return spec;
  }

  BinaryEncodeParams params_;
};

}  // namespace

void register_binary_encode(Catalog<Transformer>& catalog) {
  catalog.add<BinaryEncode, BinaryEncodeParams>("binary_encode", "The bits of a level's number, a column for each.", {"binary_encoder"});
}

}  // namespace kolosal
