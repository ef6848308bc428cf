// The pass form. Integers, booleans and other numbers stand for one another.
//
// Checked  outliers_test.cc, drop_missing_test.cc.
#include "kolosal/preprocess/forms/pass.h"

#include "kolosal/preprocess/forms/select.h"

namespace kolosal {
namespace {

class Pass : public PerColumnForm<SelectColumn> {
 public:
  using PerColumnForm::PerColumnForm;
  std::string_view form() const override { return "pass"; }
  bool invertible() const override { return true; }

 protected:
  size_t bytes_of(size_t) const override { return 0; }
  std::vector<Column> apply(size_t i, const Column& column) const override {
    const ColumnKind kind = specs()[i].kind;
    const bool alike =
        (is_number(kind) && is_number(column.kind())) || (is_level(kind) && is_level(column.kind())) || kind == column.kind();
    if (!alike) wrong_column_kind(column, enum_name(kind));
    return {column};
  }
};

class PassForm : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    return std::make_unique<Pass>(specs_from_value<SelectColumn>(value, "pass"));
  }
};

}  // namespace

std::unique_ptr<FittedTransformer> make_pass(const std::vector<const Column*>& columns) {
  std::vector<SelectColumn> specs;
  for (const Column* column : columns) specs.push_back({column->name(), column->kind()});
  return std::make_unique<Pass>(std::move(specs));
}

void register_pass(Catalog<TransformerForm>& catalog) {
  catalog.add<PassForm>("pass", "Tables go through unchanged; the step removed training rows.");
}

}  // namespace kolosal
