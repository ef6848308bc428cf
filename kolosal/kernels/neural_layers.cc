// Compiled once for every instruction set. The plain loops are the same code in vectors of one number.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kolosal/kernels/neural_layers.cc"
#include "kolosal/kernels/neural_layers.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// After highway.h, and once for every instruction set.
#include <hwy/contrib/math/math-inl.h>

#include "kolosal/kernels/kernels.h"
#include "kolosal/kernels/transpose-inl.h"

#ifndef KOLOSAL_LAYER_LOOPS
#define KOLOSAL_LAYER_LOOPS
namespace kolosal {
namespace {

// The loops of one width of vectors.
struct LayerLoops {
  void (*activate)(const ActivationLayer& layer, size_t n_rows, float* sums);
  void (*slopes)(const ActivationLayer& layer, const Dropout& dropout, size_t first_row, size_t n_rows, float* sums, float* slopes,
                 float* mix_slopes);
  void (*pull_back)(const float* slopes, const float* mix_slopes, size_t n_rows, size_t width, float* derivatives, float* bias_sums,
                    float* mix_sums);
  void (*adam)(const AdamStep& step, const float* derivatives, size_t n, float* weights, float* means, float* squares);
  void (*make_waves)(const Waves& waves, const float* parameters, const float* x, float* outputs);
  void (*pull_waves_back)(const Waves& waves, const float* parameters, const float* x, const float* outputs, float* sums);
};

}  // namespace
}  // namespace kolosal
#endif

HWY_BEFORE_NAMESPACE();
namespace kolosal::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class D>
using V = hn::Vec<D>;

// f(z) and f'(z).
template <class D>
HWY_INLINE void curve(D d, Activation kind, V<D> z, V<D>& value, V<D>& slope) {
  const auto one = hn::Set(d, 1.0F), zero = hn::Zero(d);
  switch (kind) {
    case Activation::Identity:
      value = z;
      slope = one;
      return;
    case Activation::Relu:
      value = hn::Max(z, zero);
      slope = hn::IfThenElseZero(hn::Gt(z, zero), one);
      return;
    case Activation::Tanh: {
      // Of the magnitude, where exp(-2 |z|) cannot overflow.
      const auto e = hn::Exp(d, hn::Max(hn::Mul(hn::Abs(z), hn::Set(d, -2.0F)), hn::Set(d, -80.0F)));
      value = hn::CopySign(hn::Div(hn::Sub(one, e), hn::Add(one, e)), z);
      slope = hn::NegMulAdd(value, value, one);
      return;
    }
    case Activation::Selu: {
      const auto scale = hn::Set(d, 1.0507009873554805F), full = hn::Set(d, 1.7580993408473766F);  // scale and scale * alpha
      const auto e = hn::Mul(full, hn::Exp(d, hn::Max(hn::Min(z, zero), hn::Set(d, -80.0F))));
      const auto positive = hn::Gt(z, zero);
      value = hn::IfThenElse(positive, hn::Mul(scale, z), hn::Sub(e, full));
      slope = hn::IfThenElse(positive, scale, e);
      return;
    }
    case Activation::Mish: {
      // With e = exp(z) and n = e (e + 2), tanh(log(1 + e)) is n / (n + 2).
      const auto two = hn::Set(d, 2.0F);
      const auto e = hn::Exp(d, hn::Max(hn::Min(z, hn::Set(d, 20.0F)), hn::Set(d, -80.0F)));
      const auto n = hn::Mul(e, hn::Add(e, two));
      const auto inverse = hn::Div(one, hn::Add(n, two)), share = hn::Mul(n, inverse);
      value = hn::Mul(z, share);
      const auto of_share = hn::Mul(hn::Mul(hn::Mul(hn::Set(d, 4.0F), e), hn::Add(e, one)), hn::Mul(inverse, inverse));
      slope = hn::MulAdd(z, of_share, share);
      return;
    }
  }
}

// 32 bits without order of a number.
template <class D>
HWY_INLINE V<D> mixed(D d, V<D> x) {
  x = hn::Xor(x, hn::ShiftRight<16>(x));
  x = hn::Mul(x, hn::Set(d, 0x7feb352dU));
  x = hn::Xor(x, hn::ShiftRight<15>(x));
  x = hn::Mul(x, hn::Set(d, 0x846ca68bU));
  return hn::Xor(x, hn::ShiftRight<16>(x));
}

// What outputs at `place` on are multiplied by: 0, or 1 over the share that is kept.
template <class D>
HWY_INLINE V<D> kept(D d, const Dropout& dropout, uint32_t place) {
  constexpr hn::RebindToUnsigned<D> whole;
  const auto bits = mixed(whole, hn::Add(hn::Mul(hn::Iota(whole, place), hn::Set(whole, 0x9e3779b9U)), hn::Set(whole, dropout.key)));
  // The upper 24 bits as a number in [0, 1).
  constexpr hn::RebindToSigned<D> integer;
  const auto chance = hn::Mul(hn::ConvertTo(d, hn::BitCast(integer, hn::ShiftRight<8>(bits))), hn::Set(d, 0x1p-24F));
  return hn::IfThenElseZero(hn::Ge(chance, hn::Set(d, dropout.share)), hn::Set(d, 1 / (1 - dropout.share)));
}

template <class D>
HWY_INLINE void activations(D d, const ActivationLayer& layer, size_t n_rows, float* sums) {
  const size_t lanes = hn::Lanes(d);
  for (size_t i = 0; i < n_rows; ++i, sums += layer.width)
    for (size_t j = 0; j < layer.width; j += lanes) {
      const auto z = hn::Add(hn::LoadU(d, sums + j), hn::LoadU(d, layer.bias + j));
      V<D> value, slope;
      curve(d, layer.kind, z, value, slope);
      if (layer.mix != nullptr) value = hn::MulAdd(hn::Sub(value, z), hn::LoadU(d, layer.mix + j), z);
      hn::StoreU(value, d, sums + j);
    }
}

template <class D>
HWY_INLINE void slopes_of(D d, const ActivationLayer& layer, const Dropout& dropout, size_t first_row, size_t n_rows, float* sums,
                          float* slopes, float* mix_slopes) {
  const size_t lanes = hn::Lanes(d);
  const auto one = hn::Set(d, 1.0F);
  for (size_t i = 0; i < n_rows; ++i)
    for (size_t j = 0; j < layer.width; j += lanes) {
      const size_t at = i * layer.width + j;
      const auto z = hn::Add(hn::LoadU(d, sums + at), hn::LoadU(d, layer.bias + j));
      V<D> value, slope;
      curve(d, layer.kind, z, value, slope);
      auto by_mix = hn::Sub(value, z);
      if (layer.mix != nullptr) {
        const auto mix = hn::LoadU(d, layer.mix + j);
        value = hn::MulAdd(by_mix, mix, z);
        slope = hn::MulAdd(hn::Sub(slope, one), mix, one);
      }
      if (dropout.share > 0) {
        const auto factor = kept(d, dropout, static_cast<uint32_t>((first_row + i) * layer.width + j));
        value = hn::Mul(value, factor);
        slope = hn::Mul(slope, factor);
        by_mix = hn::Mul(by_mix, factor);
      }
      hn::StoreU(value, d, sums + at);
      hn::StoreU(slope, d, slopes + at);
      if (layer.mix != nullptr) hn::StoreU(by_mix, d, mix_slopes + at);
    }
}

template <class D>
HWY_INLINE void pulled_back(D d, const float* slopes, const float* mix_slopes, size_t n_rows, size_t width, float* derivatives,
                            float* bias_sums, float* mix_sums) {
  const size_t lanes = hn::Lanes(d);
  for (size_t j = 0; j < width; j += lanes) {
    auto by_bias = hn::LoadU(d, bias_sums + j), by_mix = mix_sums != nullptr ? hn::LoadU(d, mix_sums + j) : hn::Zero(d);
    for (size_t i = 0; i < n_rows; ++i) {
      const size_t at = i * width + j;
      const auto by_output = hn::LoadU(d, derivatives + at);
      const auto by_sum = hn::Mul(by_output, hn::LoadU(d, slopes + at));
      hn::StoreU(by_sum, d, derivatives + at);
      by_bias = hn::Add(by_bias, by_sum);
      if (mix_sums != nullptr) by_mix = hn::MulAdd(by_output, hn::LoadU(d, mix_slopes + at), by_mix);
    }
    hn::StoreU(by_bias, d, bias_sums + j);
    if (mix_sums != nullptr) hn::StoreU(by_mix, d, mix_sums + j);
  }
}

template <class D>
HWY_INLINE void moved(D d, const AdamStep& step, const float* derivatives, size_t n, float* weights, float* means, float* squares) {
  const auto keep = hn::Set(d, step.keep), rate = hn::Set(d, step.rate), beta1 = hn::Set(d, step.beta1), beta2 = hn::Set(d, step.beta2);
  const auto rest1 = hn::Set(d, 1 - step.beta1), rest2 = hn::Set(d, 1 - step.beta2);
  const auto correction = hn::Set(d, step.correction), epsilon = hn::Set(d, step.epsilon);
  for (size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto g = hn::LoadU(d, derivatives + i);
    const auto mean = hn::MulAdd(beta1, hn::LoadU(d, means + i), hn::Mul(rest1, g));
    const auto square = hn::MulAdd(beta2, hn::LoadU(d, squares + i), hn::Mul(rest2, hn::Mul(g, g)));
    const auto root = hn::MulAdd(hn::Sqrt(square), correction, epsilon);
    const auto weight = hn::Mul(hn::LoadU(d, weights + i), keep);
    hn::StoreU(mean, d, means + i);
    hn::StoreU(square, d, squares + i);
    hn::StoreU(hn::NegMulAdd(rate, hn::Div(mean, root), weight), d, weights + i);
  }
}

constexpr float kTurn = 6.283185307179586F;

template <class D>
HWY_INLINE void waves_of(D d, const Waves& waves, const float* parameters, const float* x, float* outputs) {
  const size_t n = waves.n_waves;
  const float *phases = parameters + n, *mix = phases + n, *shifts = mix + waves.n_outputs * n;
  for (size_t i = 0; i < kWidthStep; i += hn::Lanes(d)) {
    const auto number = hn::Mul(hn::LoadU(d, x + i), hn::Set(d, kTurn));
    for (size_t k = 0; k < waves.n_outputs; ++k) hn::StoreU(hn::Set(d, shifts[k]), d, outputs + k * kWidthStep + i);
    for (size_t f = 0; f < n; ++f) {
      const auto wave = hn::Cos(d, hn::MulAdd(number, hn::Set(d, parameters[f]), hn::Set(d, phases[f])));
      for (size_t k = 0; k < waves.n_outputs; ++k) {
        float* to = outputs + k * kWidthStep + i;
        hn::StoreU(hn::MulAdd(wave, hn::Set(d, mix[k * n + f]), hn::LoadU(d, to)), d, to);
      }
    }
  }
}

template <class D>
HWY_INLINE void waves_back(D d, const Waves& waves, const float* parameters, const float* x, const float* outputs, float* sums) {
  const size_t n = waves.n_waves;
  const float *phases = parameters + n, *mix = phases + n;
  float *of_phases = sums + n, *of_mix = of_phases + n, *of_shifts = of_mix + waves.n_outputs * n;
  const auto total = [&](V<D> lanes) HWY_ATTR { return hn::GetLane(hn::SumOfLanes(d, lanes)); };
  for (size_t i = 0; i < kWidthStep; i += hn::Lanes(d)) {
    const auto number = hn::Mul(hn::LoadU(d, x + i), hn::Set(d, kTurn));
    for (size_t k = 0; k < waves.n_outputs; ++k) of_shifts[k] += total(hn::LoadU(d, outputs + k * kWidthStep + i));
    for (size_t f = 0; f < n; ++f) {
      const auto angle = hn::MulAdd(number, hn::Set(d, parameters[f]), hn::Set(d, phases[f]));
      const auto wave = hn::Cos(d, angle);
      auto by_wave = hn::Zero(d);
      for (size_t k = 0; k < waves.n_outputs; ++k) {
        const auto by_output = hn::LoadU(d, outputs + k * kWidthStep + i);
        of_mix[k * n + f] += total(hn::Mul(by_output, wave));
        by_wave = hn::MulAdd(by_output, hn::Set(d, mix[k * n + f]), by_wave);
      }
      const auto by_angle = hn::Neg(hn::Mul(by_wave, hn::Sin(d, angle)));
      of_phases[f] += total(by_angle);
      sums[f] += total(hn::Mul(by_angle, number));
    }
  }
}

// The loops in vectors of D.
template <class D>
struct Loops {
  static void activate(const ActivationLayer& layer, size_t n_rows, float* sums) { activations(D(), layer, n_rows, sums); }
  static void slopes(const ActivationLayer& layer, const Dropout& dropout, size_t first_row, size_t n_rows, float* sums, float* slopes,
                     float* mix_slopes) {
    slopes_of(D(), layer, dropout, first_row, n_rows, sums, slopes, mix_slopes);
  }
  static void pull_back(const float* slopes, const float* mix_slopes, size_t n_rows, size_t width, float* derivatives, float* bias_sums,
                        float* mix_sums) {
    pulled_back(D(), slopes, mix_slopes, n_rows, width, derivatives, bias_sums, mix_sums);
  }
  static void adam(const AdamStep& step, const float* derivatives, size_t n, float* weights, float* means, float* squares) {
    moved(D(), step, derivatives, n, weights, means, squares);
  }
  static void make_waves(const Waves& waves, const float* parameters, const float* x, float* outputs) {
    waves_of(D(), waves, parameters, x, outputs);
  }
  static void pull_waves_back(const Waves& waves, const float* parameters, const float* x, const float* outputs, float* sums) {
    waves_back(D(), waves, parameters, x, outputs, sums);
  }
  static LayerLoops all() { return {&activate, &slopes, &pull_back, &adam, &make_waves, &pull_waves_back}; }
};

void numbers_across(const float* from, size_t n_rows, size_t from_stride, size_t n_columns, float* out, size_t out_stride) {
  transpose_numbers(from, n_rows, from_stride, n_columns, out, out_stride);
}

LayerLoops wide_loops() { return Loops<hn::CappedTag<float, kWidthStep>>::all(); }
LayerLoops plain_loops() { return Loops<hn::CappedTag<float, 1>>::all(); }

}  // namespace kolosal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace kolosal {

HWY_EXPORT(wide_loops);
HWY_EXPORT(numbers_across);

namespace {

LayerLoops loops() { return uses_scalar_loops() ? HWY_STATIC_DISPATCH(plain_loops)() : HWY_DYNAMIC_DISPATCH(wide_loops)(); }

}  // namespace

void activate(const ActivationLayer& layer, size_t n_rows, float* sums) noexcept { loops().activate(layer, n_rows, sums); }

void activate_with_slopes(const ActivationLayer& layer, const Dropout& dropout, size_t first_row, size_t n_rows, float* sums, float* slopes,
                          float* mix_slopes) noexcept {
  loops().slopes(layer, dropout, first_row, n_rows, sums, slopes, mix_slopes);
}

void pull_back(const float* slopes, const float* mix_slopes, size_t n_rows, size_t width, float* derivatives, float* bias_sums,
               float* mix_sums) noexcept {
  loops().pull_back(slopes, mix_slopes, n_rows, width, derivatives, bias_sums, mix_sums);
}

void adam_step(const AdamStep& step, const float* derivatives, size_t n, float* weights, float* means, float* squares) noexcept {
  loops().adam(step, derivatives, n, weights, means, squares);
}

void transpose(const float* from, size_t n_rows, size_t from_stride, size_t n_columns, float* out, size_t out_stride) noexcept {
  (uses_scalar_loops() ? &HWY_STATIC_DISPATCH(numbers_across) : &HWY_DYNAMIC_DISPATCH(numbers_across))(from, n_rows, from_stride, n_columns,
                                                                                                       out, out_stride);
}

void make_waves(const Waves& waves, const float* parameters, const float* x, float* outputs) noexcept {
  loops().make_waves(waves, parameters, x, outputs);
}

void pull_waves_back(const Waves& waves, const float* parameters, const float* x, const float* outputs, float* sums) noexcept {
  loops().pull_waves_back(waves, parameters, x, outputs, sums);
}

}  // namespace kolosal

#endif  // HWY_ONCE
