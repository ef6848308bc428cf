// The curves of Box and Cox and of Yeo and Johnson over spans, with vector exponentials and logarithms.
//
// Cost     one logarithm and one exponential a number: about 3 ns with 256-bit vectors, 20 to 40 by the C library.
// Source   Box and Cox, J. R. Stat. Soc. B 26(2), 1964; Yeo and Johnson, Biometrika 87(4), 2000.
// Checked  power_curves_test.cc holds every instruction set against the functions of one number.
#pragma once

#include <span>

namespace kolosal {

/// Box and Cox's curve at one number: (x^lambda - 1) / lambda, log x where lambda is 0; NaN unless x > 0.
double box_cox(double x, double lambda) noexcept;
/// Yeo and Johnson's: Box-Cox of 1 + x where x >= 0, and minus that of 1 - x with 2 - lambda below.
double yeo_johnson(double x, double lambda) noexcept;

/// out[i] = (curve(x[i]) - center) / scale. A number gives the same in a span of any length. `out` may be `x`.
void box_cox(std::span<const double> x, double lambda, double center, double scale, std::span<double> out) noexcept;
void yeo_johnson(std::span<const double> x, double lambda, double center, double scale, std::span<double> out) noexcept;

/// out[i] = sign(x[i]) log(1 + |x[i]|).
void signed_log1p(std::span<const double> x, std::span<double> out) noexcept;

/// Sum of weights w and sums of w y and w y^2.
struct PowerSums {
  double weight = 0, first = 0, second = 0;
};
/// The sums for y = curve - origin, where logs[i] = log x (Box-Cox) or signed_log1p(x) (Yeo-Johnson). Weights are one where `weights`
/// is empty. A number so large that the curve overflows makes them infinite.
PowerSums box_cox_sums(std::span<const double> logs, std::span<const double> weights, double lambda, double origin) noexcept;
PowerSums yeo_johnson_sums(std::span<const double> logs, std::span<const double> weights, double lambda, double origin) noexcept;

}  // namespace kolosal
