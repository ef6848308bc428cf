// The affine form.
//
// The difference is taken before the division, so that a column with a large mean and a small spread keeps its digits.
//
// Shapes   a column of n_rows numbers gives one of n_rows numbers, float32 where it was float32.
// Cost     O(n_rows) a column.
// Checked  scalers_test.cc.
#include "kolosal/preprocess/forms/affine.h"

#include <cmath>

#include "kolosal/kernels/kernels.h"

namespace kolosal {
namespace {

constexpr double kNoOverflow = 1e290;  // a difference from a smaller centre is finite unless the number itself is at the end of float64

class Affine : public PerColumnForm<AffineColumn> {
 public:
  using PerColumnForm::PerColumnForm;
  std::string_view form() const override { return "affine"; }
  bool invertible() const override { return true; }

 protected:
  std::vector<Column> apply(size_t i, const Column& column) const override {
    if (!is_number(column.kind())) wrong_column_kind(column, "a number");
    const AffineColumn& spec = specs()[i];
    if (column.kind() == ColumnKind::Numeric && std::abs(spec.center) < kNoOverflow) {
      const auto apply_to = [&](auto from, auto to) { affine(from, spec.center, spec.scale, spec.offset, to); };
      if (column.is_float32())
        return {Column::written(
            column.name(), column.size(), [&](std::span<float> to) { apply_to(column.float32(), to); }, column.validity())};
      return {Column::written(
          column.name(), column.size(), [&](std::span<double> to) { apply_to(column.float64(), to); }, column.validity())};
    }
    std::vector<double> values = column.numbers();
    for (double& value : values) {
      const double shifted = value - spec.center;
      const bool overflows = std::isinf(shifted) && std::isfinite(value);
      value = (overflows ? value / spec.scale - spec.center / spec.scale : shifted / spec.scale) + spec.offset;
    }
    return {number_column(column.name(), std::move(values), column, column.validity())};
  }

  Column undo(size_t i, const std::vector<Column>& made) const override {
    const AffineColumn& spec = specs()[i];
    std::vector<double> values = made.front().numbers();
    for (double& value : values) {
      const double scaled = value - spec.offset, restored = scaled * spec.scale + spec.center;
      const bool overflows = std::isinf(restored) && std::isfinite(scaled);  // in between: half of each has room
      value = overflows ? (scaled * (spec.scale / 2) + spec.center / 2) * 2 : restored;
    }
    return number_column(spec.name, std::move(values), made.front(), made.front().validity());
  }
};

class AffineForm : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    auto specs = specs_from_value<AffineColumn>(value, "affine");
    for (const AffineColumn& spec : specs)
      require_fitted(std::isfinite(spec.center) && std::isfinite(spec.scale) && spec.scale != 0 && std::isfinite(spec.offset), "affine",
                     "column '" + spec.name + "' has no finite centre, scale and offset");
    return make_affine(std::move(specs));
  }
};

}  // namespace

void describe(Fields<AffineColumn>& fields) {
  fields.add("name", &AffineColumn::name, "The column.");
  fields.add("center", &AffineColumn::center, "What is subtracted first.");
  fields.add("scale", &AffineColumn::scale, "What the difference is divided by.");
  fields.add("offset", &AffineColumn::offset, "What is added at the end.");
}

std::unique_ptr<FittedTransformer> make_affine(std::vector<AffineColumn> columns) { return std::make_unique<Affine>(std::move(columns)); }

void register_affine(Catalog<TransformerForm>& catalog) {
  catalog.add<AffineForm>("affine", "Each column becomes (x - center) / scale + offset.");
}

}  // namespace kolosal
