// The standard normal distribution.
//
// Source   Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37(3), 1988.
// Checked  normal_test.cc: the quantile undoes the distribution function to 16 digits.
#pragma once

namespace kolosal {

/// The share of the distribution below x.
double normal_cdf(double x) noexcept;
/// The x with the share p below it; minus infinity and infinity of 0 and 1, NaN outside of [0, 1]. Relative error below 1e-15.
double normal_quantile(double p) noexcept;

}  // namespace kolosal
