// The select form. Columns are shared, not copied.
//
// Saved as {"columns": those kept} and, where columns are dropped and others pass, "dropped": their names and reasons.
//
// Checked  pipeline_test.cc, select_test.cc.
#include "kolosal/preprocess/forms/select.h"

#include <optional>
#include <unordered_set>

namespace kolosal {
namespace {

class Select : public FittedTransformer {
 public:
  Select(std::vector<SelectColumn> columns, std::optional<std::vector<DroppedColumn>> dropped)
      : columns_(std::move(columns)), dropped_(std::move(dropped)) {
    if (!dropped_) return;
    for (const DroppedColumn& column : *dropped_) dropped_names_.insert(column.name);
  }
  std::string_view form() const override { return "select"; }

  Table transform(const Table& table, const Threads& /*threads*/) const override {
    std::vector<Column> chosen;
    for (const SelectColumn& wanted : columns_) {
      const Column& column = needed_column(table, wanted.name);
      if (column.kind() != wanted.kind && !(is_number(column.kind()) && is_number(wanted.kind)))
        wrong_column_kind(column, enum_name(wanted.kind));
      if (!dropped_) chosen.push_back(column);
    }
    if (dropped_)
      for (const Column& column : table.columns())
        if (!dropped_names_.contains(column.name())) chosen.push_back(column);
    return Table(std::move(chosen));
  }

  size_t bytes_a_row() const override { return 0; }
  Value to_value() const override {
    Value::List columns, dropped;
    for (const SelectColumn& column : columns_) columns.push_back(kolosal::to_value(column));
    Value value(Value::Object{{"columns", Value(std::move(columns))}});
    if (!dropped_) return value;
    for (const DroppedColumn& column : *dropped_) dropped.push_back(kolosal::to_value(column));
    value.set("dropped", Value(std::move(dropped)));
    return value;
  }

 private:
  std::vector<SelectColumn> columns_;
  std::optional<std::vector<DroppedColumn>> dropped_;  // where set, columns of neither list pass
  std::unordered_set<std::string> dropped_names_;
};

class SelectForm : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    std::vector<SelectColumn> columns = specs_from_value<SelectColumn>(value, "select");
    const Value* dropped = value.find("dropped");
    if (dropped == nullptr) return make_select(std::move(columns));
    return make_drop(std::move(columns), specs_from_value<DroppedColumn>(Value(Value::Object{{"columns", *dropped}}), "select"));
  }
};

}  // namespace

void describe(Fields<SelectColumn>& fields) {
  fields.add("name", &SelectColumn::name, "The column.");
  fields.add("kind", &SelectColumn::kind, "Its kind in fitting.");
}

void describe(Fields<DroppedColumn>& fields) {
  fields.add("name", &DroppedColumn::name, "The column left out.");
  fields.add("reason", &DroppedColumn::reason, "Why.");
}

std::unique_ptr<FittedTransformer> make_select(std::vector<SelectColumn> columns) {
  return std::make_unique<Select>(std::move(columns), std::nullopt);
}

std::unique_ptr<FittedTransformer> make_drop(std::vector<SelectColumn> kept, std::vector<DroppedColumn> dropped) {
  return std::make_unique<Select>(std::move(kept), std::move(dropped));
}

void register_select(Catalog<TransformerForm>& catalog) {
  catalog.add<SelectForm>("select", "The columns named, in their order, and no others; or all but those dropped.");
}

}  // namespace kolosal
