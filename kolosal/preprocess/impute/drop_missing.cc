// Dropping of rows with missing values, in training alone: rows to predict for stay and keep their missing values.
//
// Missing is a row without a value, or NaN.
//
// Cost     O(n_rows) a column.
// Checked  drop_missing_test.cc, against pandas in tests/parity.
#include <optional>

#include "kolosal/preprocess/chunk_fit.h"
#include "kolosal/preprocess/forms/form.h"
#include "kolosal/preprocess/forms/pass.h"

namespace kolosal {
namespace {

enum class DropRule { Any, All };
constexpr auto enum_names(DropRule) {
  return std::to_array<std::pair<DropRule, std::string_view>>({{DropRule::Any, "any"}, {DropRule::All, "all"}});
}

struct DropMissingParams {
  std::vector<std::string> columns;
  DropRule how = DropRule::Any;
};

void describe(Fields<DropMissingParams>& f) {
  f.add("columns", &DropMissingParams::columns, "Columns to look at; empty means all.");
  f.add("how", &DropMissingParams::how, "Whether any missing value drops a row, or only all of these columns missing.");
}

class DropMissing : public Transformer {
 public:
  explicit DropMissing(DropMissingParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    context.check();
    return make_pass(chosen(input));
  }

  std::unique_ptr<ChunkFit> start_chunks() const override { return fit_first_chunk("drop_missing", *this, true); }

  std::optional<std::vector<uint32_t>> training_rows(const TransformerInput& input, const FitContext& context) const override {
    const auto columns = chosen(input);
    std::vector<uint32_t> n_missing(input.table.n_rows());
    for (const Column* column : columns) {
      context.check();
      const std::vector<uint8_t> missing = missing_rows(*column);
      for (size_t row = 0; row < n_missing.size(); ++row) n_missing[row] += missing[row];
    }
    const size_t enough = params_.how == DropRule::Any ? 1 : std::max<size_t>(columns.size(), 1);
    std::vector<uint32_t> rows;
    for (size_t row = 0; row < n_missing.size(); ++row)
      if (n_missing[row] < enough) rows.push_back(static_cast<uint32_t>(row));
    return rows;
  }

 private:
  std::vector<const Column*> chosen(const TransformerInput& input) const {
    return choose_columns(
        input, params_.columns, [](ColumnKind) { return true; }, "drop_missing");
  }

  DropMissingParams params_;
};

}  // namespace

void register_drop_missing(Catalog<Transformer>& catalog) {
  catalog.add<DropMissing, DropMissingParams>("drop_missing", "Training rows with missing values are removed; all others stay.");
}

}  // namespace kolosal
