// The power form: each column goes through a curve that draws in long tails, then is centred and scaled.
#pragma once

#include <array>
#include <span>

#include "kolosal/preprocess/forms/form.h"

namespace kolosal {

/// The curve. `lambda` bends Box-Cox's and Yeo and Johnson's.
enum class PowerCurve {
  Log1p,      ///< log(1 + x), x > -1
  Sqrt,       ///< sqrt(x), x >= 0
  BoxCox,     ///< (x^lambda - 1) / lambda, log x where lambda is 0; x > 0
  YeoJohnson  ///< Box-Cox of 1 + x where x >= 0, and minus that of 1 - x with 2 - lambda below; any x
};
constexpr auto enum_names(PowerCurve) {
  return std::to_array<std::pair<PowerCurve, std::string_view>>(
      {{PowerCurve::Log1p, "log1p"}, {PowerCurve::Sqrt, "sqrt"}, {PowerCurve::BoxCox, "box_cox"}, {PowerCurve::YeoJohnson, "yeo_johnson"}});
}

/// One column's curve; what comes of it is (curve(x) - center) / scale.
struct PowerColumn {
  std::string name;
  PowerCurve curve = PowerCurve::YeoJohnson;
  double lambda = 1;
  double center = 0;
  double scale = 1;
};
void describe(Fields<PowerColumn>& fields);

/// Whether the curve is defined at x.
bool has_power(PowerCurve curve, double x) noexcept;
/// out[i] = (curve(x[i]) - center) / scale; NaN outside of the curve's domain. `out` may be `x`.
void power_of(const PowerColumn& spec, std::span<const double> x, std::span<double> out) noexcept;
/// The x whose curve is y; NaN where there is none.
double inverse_power_of(PowerCurve curve, double lambda, double y) noexcept;

/// The fitted form "power". Numbers outside of a curve's domain become missing. Invertible.
std::unique_ptr<FittedTransformer> make_power(std::vector<PowerColumn> columns);

}  // namespace kolosal
