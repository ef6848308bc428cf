// The logistic function of many numbers, and the slopes of the logistic loss.
//
// exp is a polynomial after the argument is cut by multiples of ln 2; multiplications and additions stay apart, so every instruction
// set gives the same bits, within 4 units of the last place of the true value.
// Checked  logistic_test.cc.
#pragma once

#include <span>

namespace kolosal {

/// out[i] = 1 / (1 + exp(-x[i])); NaN for NaN. `out` is as long as `x`, and may be it.
void logistic(std::span<const double> x, std::span<double> out) noexcept;

/// Gradients p - y and hessians max(p (1 - p), least) of the logistic loss at margins x for truth y, p being logistic(x). All spans have
/// one length.
void logistic_slopes(std::span<const double> x, std::span<const double> truth, double least, std::span<double> gradients,
                     std::span<double> hessians) noexcept;

}  // namespace kolosal
