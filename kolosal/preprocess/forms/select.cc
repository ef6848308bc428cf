// The select form. Columns are shared, not copied.
//
// Checked  pipeline_test.cc.
#include "kolosal/preprocess/forms/select.h"

namespace kolosal {
namespace {

class Select : public FittedTransformer {
 public:
  explicit Select(std::vector<SelectColumn> columns) : columns_(std::move(columns)) {}
  std::string_view form() const override { return "select"; }

  Table transform(const Table& table, const Threads& /*threads*/) const override {
    std::vector<Column> chosen;
    for (const SelectColumn& wanted : columns_) {
      const Column& column = needed_column(table, wanted.name);
      if (column.kind() != wanted.kind && !(is_number(column.kind()) && is_number(wanted.kind)))
        wrong_column_kind(column, enum_name(wanted.kind));
      chosen.push_back(column);
    }
    return Table(std::move(chosen));
  }

  Value to_value() const override {
    Value::List columns;
    for (const SelectColumn& column : columns_) columns.push_back(kolosal::to_value(column));
    return Value(Value::Object{{"columns", Value(std::move(columns))}});
  }

 private:
  std::vector<SelectColumn> columns_;
};

class SelectForm : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    return make_select(specs_from_value<SelectColumn>(value, "select"));
  }
};

}  // namespace

void describe(Fields<SelectColumn>& fields) {
  fields.add("name", &SelectColumn::name, "The column.");
  fields.add("kind", &SelectColumn::kind, "Its kind in fitting.");
}

std::unique_ptr<FittedTransformer> make_select(std::vector<SelectColumn> columns) { return std::make_unique<Select>(std::move(columns)); }

void register_select(Catalog<TransformerForm>& catalog) {
  catalog.add<SelectForm>("select", "The columns named, in their order, and no others.");
}

}  // namespace kolosal
