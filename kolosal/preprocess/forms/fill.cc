// The fill form. Missing is a row without a value or NaN.
//
// A category that the column's dictionary lacks is added to it at the end, whether a row needs it or not, so that the dictionary
// is the same for all tables.
//
// Cost     O(n_rows) a column.
// Checked  impute_test.cc.
#include "kolosal/preprocess/forms/fill.h"

#include <algorithm>
#include <cmath>

#include "kolosal/kernels/kernels.h"

namespace kolosal {
namespace {

Column fill_categories(const Column& column, const FillColumn& spec) {
  std::vector<std::string> levels = *column.dictionary();
  const auto place = std::ranges::find(levels, spec.text) - levels.begin();
  if (static_cast<size_t>(place) == levels.size()) levels.push_back(spec.text);
  std::vector<int32_t> codes(column.codes().begin(), column.codes().end());
  std::ranges::replace(codes, -1, static_cast<int32_t>(place));
  return Column::categorical(column.name(), std::move(codes), std::make_shared<const std::vector<std::string>>(std::move(levels)));
}

Column fill_texts(const Column& column, const FillColumn& spec) {
  std::vector<std::string> texts(column.size());
  for (size_t row = 0; row < texts.size(); ++row) texts[row] = column.is_missing(row) ? spec.text : std::string(column.text(row));
  return Column::text(column.name(), texts);
}

Column fill_whole(const Column& column, int64_t number, std::span<const uint8_t> missing) {
  if (column.kind() == ColumnKind::Boolean) {
    std::vector<uint8_t> flags(column.boolean().begin(), column.boolean().end());
    for (size_t row = 0; row < flags.size(); ++row)
      if (missing[row] != 0) flags[row] = number != 0;
    return Column::boolean(column.name(), std::move(flags));
  }
  std::vector<int64_t> values(column.int64().begin(), column.int64().end());
  for (size_t row = 0; row < values.size(); ++row)
    if (missing[row] != 0) values[row] = number;
  const ColumnKind kind = column.kind();
  if (kind == ColumnKind::Integer) return Column::integer(column.name(), std::move(values));
  return kind == ColumnKind::Date ? Column::date(column.name(), std::move(values)) : Column::timestamp(column.name(), std::move(values));
}

Column filled_numbers(const Column& column, double number) {
  if (column.is_float32())
    return Column::written(column.name(), column.size(), [&](std::span<float> to) {
      fill_missing(column.float32(), column.validity().bits, static_cast<float>(number), to);
    });
  return Column::written(column.name(), column.size(),
                         [&](std::span<double> to) { fill_missing(column.float64(), column.validity().bits, number, to); });
}

class Fill : public PerColumnForm<FillColumn> {
 public:
  using PerColumnForm::PerColumnForm;
  std::string_view form() const override { return "fill"; }
  bool invertible() const override { return true; }

 protected:
  size_t bytes_of(size_t i) const override { return sizeof(double) + specs()[i].text.size() + (specs()[i].indicator.empty() ? 0 : 1); }
  std::vector<Column> apply(size_t i, const Column& column) const override {
    const FillColumn& spec = specs()[i];
    if (is_level(column.kind()) != spec.is_text) wrong_column_kind(column, spec.is_text ? "a category or text" : "a number or date");
    if (column.kind() == ColumnKind::Numeric && spec.indicator.empty()) return {filled_numbers(column, spec.number)};
    const std::vector<uint8_t> missing = missing_rows(column);
    std::vector<Column> made{filled(column, spec, missing)};
    if (!spec.indicator.empty()) made.push_back(Column::boolean(spec.indicator, missing));
    return made;
  }

  std::vector<std::string> outputs(size_t i) const override {
    if (specs()[i].indicator.empty()) return {specs()[i].name};
    return {specs()[i].name, specs()[i].indicator};
  }

 private:
  static Column filled(const Column& column, const FillColumn& spec, const std::vector<uint8_t>& missing) {
    if (column.kind() == ColumnKind::Categorical) return fill_categories(column, spec);
    if (column.kind() == ColumnKind::Text) return fill_texts(column, spec);
    if (column.kind() != ColumnKind::Numeric && spec.whole) return fill_whole(column, *spec.whole_number, missing);
    if (is_moment(column.kind())) wrong_column_kind(column, "a number");
    std::vector<double> values = column.numbers();
    for (size_t row = 0; row < values.size(); ++row)
      if (missing[row] != 0) values[row] = spec.number;
    return number_column(column.name(), std::move(values), column, {});
  }
};

class FillForm : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    auto specs = specs_from_value<FillColumn>(value, "fill");
    for (FillColumn& spec : specs) {
      require_fitted(std::isfinite(spec.number), "fill", "column '" + spec.name + "' has no finite fill");
      if (!spec.whole || spec.whole_number) continue;  // one saved before it was kept has only the number
      require_fitted(std::abs(spec.number) < 0x1p62, "fill", "the fill of column '" + spec.name + "' is no int64");
      spec.whole_number = std::llround(spec.number);
    }
    return make_fill(std::move(specs));
  }
};

}  // namespace

void describe(Fields<FillColumn>& fields) {
  fields.add("name", &FillColumn::name, "The column.");
  fields.add("number", &FillColumn::number, "What stands where a number, boolean or date is missing.");
  fields.add("text", &FillColumn::text, "What stands where a category or text is missing.");
  fields.add("is_text", &FillColumn::is_text, "Whether the column holds categories or texts.");
  fields.add("whole", &FillColumn::whole, "Whether an integer, boolean or date column keeps its kind.");
  fields.add("whole_number", &FillColumn::whole_number, "What stands where a value of one that keeps its kind is missing, exactly.");
  fields.add("indicator", &FillColumn::indicator, "Name of the column that tells where values were missing; empty for none.");
}

std::unique_ptr<FittedTransformer> make_fill(std::vector<FillColumn> columns) { return std::make_unique<Fill>(std::move(columns)); }

void register_fill(Catalog<TransformerForm>& catalog) {
  catalog.add<FillForm>("fill", "Missing values become a fixed value of their column.");
}

}  // namespace kolosal
