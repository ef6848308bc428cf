// Densities of mixtures of products of normal distributions, at several points at once.
//
// Multiplications and additions stay apart and sums have a fixed order, so every instruction set gives the same bits.
// Checked  mixture_test.cc.
#pragma once

#include <cstddef>
#include <span>

namespace kolosal {

/// How many points `subtract_squares` takes at once.
inline constexpr size_t kMixturePoints = 8;

/// out[p, i] -= sum over d of ((points[d, p] - centers[d, i]) * scales[d, i])^2, for kMixturePoints points p. Row-major: points
/// (n_dims, kMixturePoints); centers and scales (n_dims, n); out (kMixturePoints, n).
void subtract_squares(const double* centers, const double* scales, size_t n_dims, size_t n, const double* points, double* out) noexcept;

/// log of the sum of exp(x); minus infinity for none. x is overwritten. No element is NaN or infinity.
double log_sum_exp(std::span<double> x) noexcept;

}  // namespace kolosal
