// Numeric loops over spans, with the widest vector instructions that the processor has (Highway; chosen at run time).
//
// Sums are kept in several lanes and added at the end, so results differ between instruction sets by rounding alone: relative
// error of a few units of double precision (float32 spans are summed in float64; squared_distance of float32 in float32).
// Checked  kernels_test.cc holds every instruction set that the processor has against the scalar loops of kernels_scalar.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kolosal {

/// Sum of the numbers; 0 for none.
double sum(std::span<const float> x) noexcept;
double sum(std::span<const double> x) noexcept;

/// Number, mean and sum of squared differences from the mean of some numbers.
struct Moments {
  double n = 0, mean = 0, m2 = 0;
  /// Population variance; 0 for fewer than one number.
  double variance() const noexcept { return n > 0 ? m2 / n : 0; }
  /// The moments of both sets of numbers together (Chan, Golub, LeVeque 1979).
  Moments merged(const Moments& other) const noexcept;
};

/// Moments in one pass, stable for large means.
Moments moments(std::span<const float> x) noexcept;
Moments moments(std::span<const double> x) noexcept;

/// Mean; NaN for none.
double mean(std::span<const float> x) noexcept;
double mean(std::span<const double> x) noexcept;
/// Population variance; 0 for none.
double variance(std::span<const float> x) noexcept;
double variance(std::span<const double> x) noexcept;

/// Sum of products. Both spans have the same length.
double dot(std::span<const float> a, std::span<const float> b) noexcept;
double dot(std::span<const double> a, std::span<const double> b) noexcept;

/// Sum of squared differences. Both spans have the same length.
double squared_distance(std::span<const float> a, std::span<const float> b) noexcept;
double squared_distance(std::span<const double> a, std::span<const double> b) noexcept;

/// Least and largest number; NaN are passed over. Of none: infinity and minus infinity.
struct Range {
  double min, max;
};
/// The range of the numbers.
Range min_max(std::span<const float> x) noexcept;
/// The range of the numbers.
Range min_max(std::span<const double> x) noexcept;

/// out[i] = (x[i] - center) / scale + offset, reckoned in float64. `out` is as long as `x`; scale is not 0.
void affine(std::span<const float> x, double center, double scale, double offset, std::span<float> out) noexcept;
void affine(std::span<const double> x, double center, double scale, double offset, std::span<double> out) noexcept;

/// out[i] = x[i] where bit i of `there` (least significant first; null: all) is set and x[i] is not NaN, else `number`.
void fill_missing(std::span<const float> x, const uint8_t* there, float number, std::span<float> out) noexcept;
void fill_missing(std::span<const double> x, const uint8_t* there, double number, std::span<double> out) noexcept;

/// Sum of x[i] - center where bit i of `there` (as above) is set.
double sum_of_differences(std::span<const double> x, const uint8_t* there, double center) noexcept;

/// Whether the scalar loops are forced.
bool uses_scalar_loops() noexcept;
/// Names of the instruction sets that this processor has, widest first: "amx", "avx512_bf16", "avx512", "avx2", "sse4", "neon", "scalar".
std::vector<std::string> simd_targets();
/// The one in use.
std::string simd_target();
/// Uses only this one from now on, as the environment variable KOLOSAL_SIMD does at the start (where that names one that there
/// is). Throws Error(BadValue) that names those there are, and changes nothing then. Not for use while kernels run.
void set_simd_target(std::string_view name);

}  // namespace kolosal
