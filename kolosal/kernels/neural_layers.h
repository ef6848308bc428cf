// What layers of a neural network do besides products: activations and their slopes, dropout, Adam's steps, waves of numbers.
//
// All widths are multiples of kWidthStep. Every number of a result depends on the numbers in its own place alone, in whatever vector.
//
// Source   Klambauer et al., NeurIPS 2017 (SELU); Misra, BMVC 2020 (Mish); Srivastava et al., JMLR 15, 2014 (dropout); Kingma and Ba, ICLR
//          2015 (Adam); Holzmüller, Grinsztajn and Steinwart, NeurIPS 2024 (periodic embeddings).
// Checked  neural_layers_test.cc: against the formulas and numeric derivatives, with each instruction set.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "kolosal/kernels/matrix_product.h"

namespace kolosal {

/// What a layer makes of its sums.
enum class Activation { Identity, Relu, Tanh, Selu, Mish };

constexpr auto enum_names(Activation) {
  return std::to_array<std::pair<Activation, std::string_view>>({{Activation::Identity, "identity"},
                                                                 {Activation::Relu, "relu"},
                                                                 {Activation::Tanh, "tanh"},
                                                                 {Activation::Selu, "selu"},
                                                                 {Activation::Mish, "mish"}});
}

/// The f of a layer's outputs z + (f(z) - z) a, with a number a for each column; a is 1 where `mix` is null.
struct ActivationLayer {
  Activation kind;
  const float* bias;  ///< (width,)
  const float* mix;   ///< (width,) or null
  size_t width;
};

/// Which outputs are dropped, at random by (key, row * width + column); the others are divided by the share that is kept.
struct Dropout {
  float share = 0;
  uint32_t key = 0;
};

/// sums (n_rows, width): adds the bias and applies the activation, in place.
void activate(const ActivationLayer& layer, size_t n_rows, float* sums) noexcept;

/// The same with dropout, and the derivatives of each output by its sum and by its column's a. The rows are `first_row`, ... of dropout.
void activate_with_slopes(const ActivationLayer& layer, const Dropout& dropout, size_t first_row, size_t n_rows, float* sums, float* slopes,
                          float* mix_slopes) noexcept;

/// derivatives (n_rows, width) by outputs become those by sums; adds their sums over rows to bias_sums and, where not null, of those by a
/// to mix_sums.
void pull_back(const float* slopes, const float* mix_slopes, size_t n_rows, size_t width, float* derivatives, float* bias_sums,
               float* mix_sums) noexcept;

/// One step of Adam for numbers that share its rates.
struct AdamStep {
  float rate;        ///< of learning, divided by 1 - beta1^t
  float keep;        ///< what weights are multiplied by first: 1 less the decay
  float beta1;       ///< share kept of the mean of derivatives
  float beta2;       ///< share kept of the mean of their squares
  float correction;  ///< 1 / sqrt(1 - beta2^t)
  float epsilon;     ///< added to the root of the mean square
};
/// weights, and the means of derivatives and of squares, (n,) each; n is a multiple of kWidthStep.
void adam_step(const AdamStep& step, const float* derivatives, size_t n, float* weights, float* means, float* squares) noexcept;

/// out[j * out_stride + i] = from[i * from_stride + j] of a matrix (n_rows, n_columns).
void transpose(const float* from, size_t n_rows, size_t from_stride, size_t n_columns, float* out, size_t out_stride) noexcept;

/// Waves of one number x: v_k = shift_k + sum over f of mix_kf cos(2 pi (rate_f x) + phase_f). A row of parameters is rates (n_waves,),
/// phases (n_waves,), mix (n_outputs, n_waves), shifts (n_outputs,).
struct Waves {
  size_t n_waves;
  size_t n_outputs;
  /// Numbers in a row of parameters.
  size_t size() const noexcept { return (2 + n_outputs) * n_waves + n_outputs; }
};

/// outputs[k * kWidthStep + i] = v_k of x[i], for kWidthStep numbers.
void make_waves(const Waves& waves, const float* parameters, const float* x, float* outputs) noexcept;
/// Adds the derivatives by the parameters to `sums`, from those by outputs.
void pull_waves_back(const Waves& waves, const float* parameters, const float* x, const float* outputs, float* sums) noexcept;

}  // namespace kolosal
