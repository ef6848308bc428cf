// The missing flags form. Missing is a row without a value or NaN; a column of any kind will do, since whether a cell is there is all
// that counts.
//
// Cost     O(n_rows) a column.
// Checked  missing_indicator_test.cc.
#include "kolosal/preprocess/forms/missing_flags.h"

namespace kolosal {
namespace {

class MissingFlags : public PerColumnForm<MissingFlagsColumn> {
 public:
  using PerColumnForm::PerColumnForm;
  std::string_view form() const override { return "missing_flags"; }

 protected:
  size_t bytes_of(size_t i) const override { return specs()[i].output.empty() ? 0 : 1; }
  std::vector<Column> apply(size_t i, const Column& column) const override {
    if (specs()[i].output.empty()) return {};
    return {Column::boolean(specs()[i].output, missing_rows(column))};
  }
};

class MissingFlagsForm : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    return make_missing_flags(specs_from_value<MissingFlagsColumn>(value, "missing_flags"));
  }
};

}  // namespace

void describe(Fields<MissingFlagsColumn>& fields) {
  fields.add("name", &MissingFlagsColumn::name, "The column.");
  fields.add("output", &MissingFlagsColumn::output, "Name of the column made of it; empty where none is.");
}

std::unique_ptr<FittedTransformer> make_missing_flags(std::vector<MissingFlagsColumn> columns) {
  return std::make_unique<MissingFlags>(std::move(columns));
}

void register_missing_flags(Catalog<TransformerForm>& catalog) {
  catalog.add<MissingFlagsForm>("missing_flags", "A column that tells where values are missing stands in the place of each.");
}

}  // namespace kolosal
