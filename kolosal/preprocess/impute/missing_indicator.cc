// Missing indicator: each column becomes a Boolean column NAME__missing that is true where its value is missing.
//
// Columns that miss nothing in fitting give none under features 'missing_only', except that the first column of a table gives one where
// none would be left, since a table without columns has no rows.
//
// Cost     O(n_rows) a column.
// Checked  missing_indicator_test.cc; scikit-learn's MissingIndicator in tests/parity.
#include <array>

#include "kolosal/preprocess/chunk_fit.h"
#include "kolosal/preprocess/forms/missing_flags.h"

namespace kolosal {
namespace {

enum class IndicatedColumns { MissingOnly, All };
constexpr auto enum_names(IndicatedColumns) {
  return std::to_array<std::pair<IndicatedColumns, std::string_view>>(
      {{IndicatedColumns::MissingOnly, "missing_only"}, {IndicatedColumns::All, "all"}});
}

struct MissingIndicatorParams {
  std::vector<std::string> columns;
  IndicatedColumns features = IndicatedColumns::MissingOnly;
};

void describe(Fields<MissingIndicatorParams>& f) {
  f.add("columns", &MissingIndicatorParams::columns, "Columns to indicate; empty means all.");
  f.add("features", &MissingIndicatorParams::features, "Which of them give a column: those that miss values in fitting, or all.");
}

/// Whether any row of weight above 0 misses its value.
class AnyMissing {
 public:
  void add(const Column& column, std::span<const double> weights, const FitContext& context) {
    context.check();
    const std::vector<uint8_t> missing = missing_rows(column);
    for (size_t row = 0; row < missing.size() && !found_; ++row) found_ = missing[row] != 0 && (weights.empty() || weights[row] > 0);
  }
  bool found() const { return found_; }

 private:
  bool found_ = false;
};

class MissingIndicator : public Transformer {
 public:
  explicit MissingIndicator(MissingIndicatorParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    const auto columns = chosen(input);
    std::vector<AnyMissing> statistics(columns.size());
    context.threads->parallel_each(columns.size(), [&](size_t i) { statistics[i].add(*columns[i], input.weights, context); });
    return flags(input.table, columns, statistics);
  }

  std::unique_ptr<ChunkFit> start_chunks() const override {
    return std::make_unique<ColumnsInChunks<AnyMissing>>(
        "missing_indicator", [this](const TransformerInput& chunk) { return chosen(chunk); },
        [this](const Table& like, std::span<const Column* const> columns, const std::vector<AnyMissing>& statistics) {
          return flags(like, columns, statistics);
        });
  }

 private:
  std::vector<const Column*> chosen(const TransformerInput& input) const {
    return choose_columns(
        input, params_.columns, [](ColumnKind) { return true; }, "missing_indicator");
  }

  std::unique_ptr<FittedTransformer> flags(const Table& table, std::span<const Column* const> columns,
                                           const std::vector<AnyMissing>& statistics) const {
    FreeNames names(table);
    std::vector<MissingFlagsColumn> fitted;
    size_t n_left = table.n_columns() - columns.size();
    for (size_t i = 0; i < columns.size(); ++i) {
      const bool indicated = params_.features == IndicatedColumns::All || statistics[i].found();
      fitted.push_back({columns[i]->name(), indicated ? names.claim(columns[i]->name() + "__missing") : ""});
      n_left += indicated ? 1 : 0;
    }
    if (n_left == 0 && !fitted.empty()) fitted.front().output = names.claim(fitted.front().name + "__missing");
    return make_missing_flags(std::move(fitted));
  }

  MissingIndicatorParams params_;
};

}  // namespace

void register_missing_indicator(Catalog<Transformer>& catalog) {
  catalog.add<MissingIndicator, MissingIndicatorParams>(
      "missing_indicator", "Columns that tell where values are missing stand in the place of those that have them.");
}

}  // namespace kolosal
