// The power form.
//
// Shapes   a column of n_rows numbers gives one of n_rows numbers, float32 where it was float32.
// Cost     one exponential and one logarithm a number.
// Source   Box and Cox, J. R. Stat. Soc. B 26(2), 1964; Yeo and Johnson, Biometrika 87(4), 2000.
// Checked  power_test.cc; scikit-learn in tests/parity.
#include "kolosal/preprocess/forms/power.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kolosal/kernels/power_curves.h"

namespace kolosal {
namespace {

constexpr double kNoOverflow = 1e290;  // a difference from a smaller centre is finite
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// The t for which (exp(lambda t) - 1) / lambda, t where lambda is 0, is y; NaN where there is none.
double unbent(double lambda, double y) noexcept {
  if (lambda == 0) return y;
  return lambda * y >= -1 ? std::log1p(lambda * y) / lambda : kNone;
}

class Power : public PerColumnForm<PowerColumn> {
 public:
  using PerColumnForm::PerColumnForm;
  std::string_view form() const override { return "power"; }
  bool invertible() const override { return true; }

 protected:
  std::vector<Column> apply(size_t i, const Column& column) const override {
    if (!is_number(column.kind())) wrong_column_kind(column, "a number");
    const PowerColumn& spec = specs()[i];
    std::vector<double> values = column.numbers();
    if (std::abs(spec.center) < kNoOverflow) {
      power_of(spec, values, values);
    } else {  // the curve and the centre may be farther apart than float64 reaches
      power_of({.curve = spec.curve, .lambda = spec.lambda}, values, values);
      for (double& value : values) value = value / spec.scale - spec.center / spec.scale;
    }
    return {without_nan(column.name(), std::move(values), column)};
  }

  Column undo(size_t i, const std::vector<Column>& made) const override {
    const PowerColumn& spec = specs()[i];
    std::vector<double> values = made.front().numbers();
    for (double& value : values) {
      const double curve = value * spec.scale + spec.center;
      const bool overflows = std::isinf(curve) && std::isfinite(value);
      value = inverse_power_of(spec.curve, spec.lambda, overflows ? (value * (spec.scale / 2) + spec.center / 2) * 2 : curve);
    }
    return without_nan(spec.name, std::move(values), made.front());
  }

 private:
  /// What is no number is missing.
  static Column without_nan(const std::string& name, std::vector<double> values, const Column& from) {
    if (std::ranges::none_of(values, [](double value) { return std::isnan(value); }))
      return number_column(name, std::move(values), from, from.validity());
    std::vector<uint8_t> there(values.size());
    for (size_t row = 0; row < values.size(); ++row) there[row] = !from.is_missing(row) && !std::isnan(values[row]);
    return number_column(name, std::move(values), from, Validity::from_bytes(there));
  }
};

class PowerForm : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    auto specs = specs_from_value<PowerColumn>(value, "power");
    for (const PowerColumn& spec : specs)
      require_fitted(std::isfinite(spec.lambda) && std::isfinite(spec.center) && std::isfinite(spec.scale) && spec.scale != 0, "power",
                     "column '" + spec.name + "' has no finite lambda, centre and scale");
    return make_power(std::move(specs));
  }
};

}  // namespace

bool has_power(PowerCurve curve, double x) noexcept {
  switch (curve) {
    case PowerCurve::Log1p: return x > -1;
    case PowerCurve::Sqrt: return x >= 0;
    case PowerCurve::BoxCox: return x > 0;
    case PowerCurve::YeoJohnson: break;
  }
  return !std::isnan(x);
}

void power_of(const PowerColumn& spec, std::span<const double> x, std::span<double> out) noexcept {
  switch (spec.curve) {
    case PowerCurve::Log1p:
      for (size_t i = 0; i < x.size(); ++i) out[i] = ((x[i] > -1 ? std::log1p(x[i]) : kNone) - spec.center) / spec.scale;
      return;
    case PowerCurve::Sqrt:
      for (size_t i = 0; i < x.size(); ++i) out[i] = ((x[i] >= 0 ? std::sqrt(x[i]) : kNone) - spec.center) / spec.scale;
      return;
    case PowerCurve::BoxCox: box_cox(x, spec.lambda, spec.center, spec.scale, out); return;
    case PowerCurve::YeoJohnson: yeo_johnson(x, spec.lambda, spec.center, spec.scale, out); return;
  }
}

double inverse_power_of(PowerCurve curve, double lambda, double y) noexcept {
  switch (curve) {
    case PowerCurve::Log1p: return std::expm1(y);
    case PowerCurve::Sqrt: return y >= 0 ? y * y : kNone;
    case PowerCurve::BoxCox: return std::exp(unbent(lambda, y));
    case PowerCurve::YeoJohnson: break;
  }
  return y >= 0 ? std::expm1(unbent(lambda, y)) : -std::expm1(unbent(2 - lambda, -y));
}

void describe(Fields<PowerColumn>& fields) {
  fields.add("name", &PowerColumn::name, "The column.");
  fields.add("curve", &PowerColumn::curve, "The curve that numbers go through.");
  fields.add("lambda", &PowerColumn::lambda, "How it is bent.");
  fields.add("center", &PowerColumn::center, "What is subtracted then.");
  fields.add("scale", &PowerColumn::scale, "What the difference is divided by.");
}

std::unique_ptr<FittedTransformer> make_power(std::vector<PowerColumn> columns) { return std::make_unique<Power>(std::move(columns)); }

void register_power(Catalog<TransformerForm>& catalog) {
  catalog.add<PowerForm>("power", "Each column goes through a curve that draws in long tails, then is centred and scaled.");
}

}  // namespace kolosal
