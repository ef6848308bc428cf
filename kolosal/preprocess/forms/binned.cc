// The binned form.
//
// Shapes   a column of n_rows numbers gives one of n_rows numbers 0 .. n_bins - 1, float32 where it was float32; or n_bins Booleans.
// Cost     log2(n_bins) comparisons a number.
// Checked  bin_test.cc; scikit-learn's KBinsDiscretizer in tests/parity.
#include "kolosal/preprocess/forms/binned.h"

#include <algorithm>
#include <cmath>

namespace kolosal {
namespace {

class Binned : public PerColumnForm<BinnedColumn> {
 public:
  using PerColumnForm::PerColumnForm;
  std::string_view form() const override { return "binned"; }
  bool invertible() const override { return false; }

 protected:
  size_t bytes_of(size_t i) const override { return specs()[i].outputs.empty() ? sizeof(double) : specs()[i].outputs.size(); }
  std::vector<Column> apply(size_t i, const Column& column) const override {
    if (!is_number(column.kind())) wrong_column_kind(column, "a number");
    const BinnedColumn& spec = specs()[i];
    const std::span<const double> inner = std::span(spec.edges).subspan(1, spec.edges.size() - 2);
    std::vector<double> values = column.numbers();
    for (double& value : values)
      if (!std::isnan(value)) value = static_cast<double>(std::ranges::upper_bound(inner, value) - inner.begin());
    if (spec.outputs.empty()) return {number_column(column.name(), std::move(values), column, column.validity())};
    std::vector<Column> made;
    for (size_t bin = 0; bin < spec.outputs.size(); ++bin) {
      std::vector<uint8_t> is_in(values.size());
      for (size_t row = 0; row < values.size(); ++row) is_in[row] = values[row] == static_cast<double>(bin);
      made.push_back(Column::boolean(spec.outputs[bin], std::move(is_in)));
    }
    return made;
  }
};

class BinnedForm : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    auto specs = specs_from_value<BinnedColumn>(value, "binned");
    for (const BinnedColumn& spec : specs) {
      require_fitted(spec.edges.size() >= 2 && std::ranges::is_sorted(spec.edges) &&
                         std::ranges::all_of(spec.edges, [](double edge) { return std::isfinite(edge); }),
                     "binned", "column '" + spec.name + "' has no ascending finite edges");
      require_fitted(spec.outputs.empty() || spec.outputs.size() + 1 == spec.edges.size(), "binned",
                     "column '" + spec.name + "' does not have one column for each bin");
      require_fitted(std::ranges::none_of(spec.outputs, &std::string::empty), "binned", "a column made has no name");
    }
    return make_binned(std::move(specs));
  }
};

}  // namespace

void describe(Fields<BinnedColumn>& fields) {
  fields.add("name", &BinnedColumn::name, "The column.");
  fields.add("edges", &BinnedColumn::edges, "Where bins begin and end, in ascending order.");
  fields.add("outputs", &BinnedColumn::outputs, "Names of the columns made, one a bin; none: the column becomes the bin's number.");
}

std::unique_ptr<FittedTransformer> make_binned(std::vector<BinnedColumn> columns) { return std::make_unique<Binned>(std::move(columns)); }

void register_binned(Catalog<TransformerForm>& catalog) {
  catalog.add<BinnedForm>("binned", "Each number becomes the number of the bin it falls in, or a Boolean for each bin.");
}

}  // namespace kolosal
