// Dropping of constant columns: those in which one value, or its absence, has all of the weight, or at least the share asked for.
//
// Cost     O(n_rows) a column.
// Checked  select_test.cc.
#include <algorithm>

#include "kolosal/preprocess/select/selection.h"

namespace kolosal {
namespace {

struct DropConstantParams {
  std::vector<std::string> columns;
  double max_share = 1;
  bool ignore_missing = false;
};

void describe(Fields<DropConstantParams>& f) {
  using P = DropConstantParams;
  f.add("columns", &P::columns, "Columns to look at; empty means all.");
  f.add("max_share", &P::max_share, "Share of the rows that one value may have below which a column stays; 1 drops only constant ones.")
      .above(0)
      .max(1)
      .search(0.9, 1);
  f.add("ignore_missing", &P::ignore_missing, "Whether missing values are left out of the count; else they are a value of their own.");
}

class DropConstant : public Transformer {
 public:
  explicit DropConstant(DropConstantParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    const auto columns = choose_columns(
        input, params_.columns, [](ColumnKind) { return true; }, "drop_constant");
    const std::vector<uint32_t> rows = weighted_rows(input.table.n_rows(), input.weights);
    std::vector<std::optional<std::string>> reasons(columns.size());
    context.threads->parallel_each(columns.size(), [&](size_t i) {
      context.check();
      reasons[i] = reason_to_drop(*columns[i], rows, input.weights);
    });
    return drop_columns(input.table, columns, std::move(reasons));
  }

 private:
  std::optional<std::string> reason_to_drop(const Column& column, std::span<const uint32_t> rows, std::span<const double> weights) const {
    const CellCodes cells = cell_codes(column, rows);
    std::vector<double> of_value(cells.first_rows.size() + 1);  // the last is for missing values
    double total = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
      if (cells.codes[i] < 0 && params_.ignore_missing) continue;
      const double weight = weights.empty() ? 1.0 : weights[rows[i]];
      total += weight;
      of_value[cells.codes[i] < 0 ? cells.first_rows.size() : static_cast<size_t>(cells.codes[i])] += weight;
    }
    const auto most = std::ranges::max_element(of_value);
    if (total == 0 || *most == 0) return "no row has a value";
    const auto value = static_cast<size_t>(most - of_value.begin());
    const std::string shown = value == cells.first_rows.size() ? "missing" : "'" + column.display(cells.first_rows[value]) + "'";
    const auto n_values = static_cast<size_t>(std::ranges::count_if(of_value, [](double weight) { return weight > 0; }));
    if (n_values == 1) return "every value is " + shown;
    const double share = *most / total;
    if (params_.max_share == 1 || share < params_.max_share) return std::nullopt;
    return "a share of " + short_number(share) + " of the rows is " + shown;
  }

  DropConstantParams params_;
};

}  // namespace

void register_drop_constant(Catalog<Transformer>& catalog) {
  catalog.add<DropConstant, DropConstantParams>("drop_constant", "Columns that hold one value alone are left out.");
}

}  // namespace kolosal
