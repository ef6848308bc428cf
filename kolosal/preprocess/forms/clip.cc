// The clip form. Infinities become the bounds; missing values and NaN stay.
//
// Cost     O(n_rows) a column. A column of integers or booleans becomes float64 where it is cut, and keeps its kind where numbers
//          beyond a bound become missing.
// Checked  scalers_test.cc.
#include "kolosal/preprocess/forms/clip.h"

#include <functional>

namespace kolosal {
namespace {

/// The column without the numbers beyond the bounds.
Column bounded(const Column& column, const ClipColumn& spec) {
  const std::vector<double> values = column.numbers();
  std::vector<uint8_t> there(values.size());
  for (size_t row = 0; row < values.size(); ++row)
    there[row] = !column.is_missing(row) && !(values[row] < spec.lower || values[row] > spec.upper);
  Validity validity = Validity::from_bytes(there);
  if (column.kind() == ColumnKind::Integer)
    return Column::integer(column.name(), std::vector<int64_t>(column.int64().begin(), column.int64().end()), std::move(validity));
  if (column.kind() == ColumnKind::Boolean)
    return Column::boolean(column.name(), std::vector<uint8_t>(column.boolean().begin(), column.boolean().end()), std::move(validity));
  return number_column(column.name(), values, column, std::move(validity));
}

/// Numbers cut at the bounds, in one pass; NaN compares with neither and stays.
template <class T>
Column cut(const Column& column, std::span<const T> numbers, const ClipColumn& spec) {
  const double lower = spec.lower, upper = spec.upper;
  const auto write = [&](std::span<T> to) {
    for (size_t row = 0; row < to.size(); ++row) {
      const auto value = static_cast<double>(numbers[row]);
      const double above = value < lower ? lower : value;
      to[row] = static_cast<T>(above > upper ? upper : above);
    }
  };
  return Column::written(column.name(), numbers.size(), std::function<void(std::span<T>)>(write), column.validity());
}

class Clip : public PerColumnForm<ClipColumn> {
 public:
  using PerColumnForm::PerColumnForm;
  std::string_view form() const override { return "clip"; }
  bool invertible() const override { return true; }

 protected:
  std::vector<Column> apply(size_t i, const Column& column) const override {
    if (!is_number(column.kind())) wrong_column_kind(column, "a number");
    if (specs()[i].to_missing) return {bounded(column, specs()[i])};
    if (column.kind() == ColumnKind::Numeric && column.is_float32()) return {cut(column, column.float32(), specs()[i])};
    if (column.kind() == ColumnKind::Numeric) return {cut(column, column.float64(), specs()[i])};
    const std::vector<double> values = column.numbers();
    return {cut(column, std::span<const double>(values), specs()[i])};
  }
};

class ClipForm : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    auto specs = specs_from_value<ClipColumn>(value, "clip");
    for (const ClipColumn& spec : specs)
      require_fitted(spec.lower <= spec.upper, "clip", "the bounds of column '" + spec.name + "' are not in order");
    return make_clip(std::move(specs));
  }
};

}  // namespace

void describe(Fields<ClipColumn>& fields) {
  fields.add("name", &ClipColumn::name, "The column.");
  fields.add("lower", &ClipColumn::lower, "The smallest value left.");
  fields.add("upper", &ClipColumn::upper, "The largest value left.");
  fields.add("to_missing", &ClipColumn::to_missing, "Whether values beyond a bound become missing.");
}

std::unique_ptr<FittedTransformer> make_clip(std::vector<ClipColumn> columns) { return std::make_unique<Clip>(std::move(columns)); }

void register_clip(Catalog<TransformerForm>& catalog) { catalog.add<ClipForm>("clip", "Each column is cut at two bounds."); }

}  // namespace kolosal
