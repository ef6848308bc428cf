#include "kolosal/models/neural/layer_products.h"

#include <algorithm>

#include "kolosal/kernels/neural_layers.h"
#include "kolosal/kernels/rounded_panels.h"

namespace kolosal {
namespace {

constexpr size_t kSquare = kWidthStep * kWidthStep;  // words of a panel of as many rows

Panels panels_at(const float* numbers, size_t step, size_t begin, size_t n, size_t n_columns) {
  return {numbers + begin * kWidthStep, step, n, n_columns};
}

}  // namespace

void LayerProducts::Words::lay_out(size_t n_rows, size_t n_columns) {
  panel_step = n_rows * kWidthStep;
  words.assign(padded_width(n_columns) * n_rows, 0U);
}

LayerProducts::LayerProducts(ProductPrecision precision, size_t n_inputs, size_t n_outputs, size_t batch_rows)
    : n_inputs_(n_inputs),
      in_width_(padded_width(n_inputs)),
      n_outputs_(n_outputs),
      width_(padded_width(n_outputs)),
      batch_step_(batch_rows * kWidthStep),
      rounds_(precision == ProductPrecision::Bfloat16) {
  if (!rounds_) {
    transposed_.assign(n_outputs * in_width_, 0.0F);
    return;
  }
  weights_.lay_out(pairs_of(n_inputs), width_);
  back_weights_.lay_out(pairs_of(n_outputs), in_width_);
  inputs_.lay_out(batch_rows, pairs_of(n_inputs));
  inputs_across_.lay_out(in_width_, pairs_of(batch_rows));
  derivatives_.lay_out(batch_rows, pairs_of(n_outputs));
  derivative_pairs_.lay_out(pairs_of(batch_rows), width_);
}

void LayerProducts::weights_changed(const float* weights, size_t panel, size_t begin, size_t end) {
  const size_t column = panel * kWidthStep, step = n_inputs_ * kWidthStep, n_columns = panels_from(panel) * kWidthStep;
  const float* from = weights + panel * step;
  if (rounds_) {
    round_row_pairs(panels_at(from, step, begin, end - begin, n_columns), weights_.at(begin / 2, column), weights_.panel_step);
    std::array<uint32_t, kSquare> pairs;
    for (size_t i = begin; i < end; i += kWidthStep) {
      const size_t n = std::min(kWidthStep, end - i);
      round_column_pairs(panels_at(from, step, i, n, n_columns), pairs.data(), kSquare);
      transpose_words({pairs.data(), kSquare, n, kWidthStep}, back_weights_.at(column / 2, i), back_weights_.panel_step);
    }
    return;
  }
  for (size_t first = column; first < column + n_columns; first += kWidthStep, from += step)
    for (size_t i = begin; i < end; i += kWidthStep)
      transpose(from + i * kWidthStep, std::min(kWidthStep, end - i), kWidthStep, std::min(kWidthStep, n_outputs_ - first),
                transposed_.data() + place_in_panels(n_outputs_ * kWidthStep, first, i), kWidthStep);
}

void LayerProducts::inputs_changed(const float* inputs, size_t begin, size_t n) {
  if (!rounds_) return;
  const Panels rows = panels_at(inputs, batch_step_, begin, n, in_width_);
  round_column_pairs(rows, inputs_.at(begin, 0), inputs_.panel_step);
  std::array<uint32_t, kSquare> pairs;
  for (size_t j = 0; j < in_width_; j += kWidthStep) {
    round_row_pairs({rows.first + j * rows.panel_step / kWidthStep, rows.panel_step, n, kWidthStep}, pairs.data(), kSquare);
    transpose_words({pairs.data(), kSquare, kWidthStep, kWidthStep}, inputs_across_.at(j, begin / 2), inputs_across_.panel_step);
  }
}

void LayerProducts::derivatives_changed(const float* derivatives, size_t begin, size_t n) {
  if (!rounds_) return;
  const Panels rows = panels_at(derivatives, batch_step_, begin, n, width_);
  round_column_pairs(rows, derivatives_.at(begin, 0), derivatives_.panel_step);
  round_row_pairs(rows, derivative_pairs_.at(begin / 2, 0), derivative_pairs_.panel_step);
}

void LayerProducts::forward(const float* inputs, const float* weights, size_t begin, size_t n, float* out, size_t out_step) const {
  const size_t n_pairs = pairs_of(n_inputs_);
  if (rounds_) multiply(inputs_.part(begin, n, 0, n_pairs), weights_.part(0, n_pairs, 0, n_outputs_), out, out_step);
  else
    multiply(panels_at(inputs, batch_step_, begin, n, n_inputs_), {weights, n_inputs_ * kWidthStep, n_inputs_, n_outputs_}, out, out_step);
}

void LayerProducts::back(const float* derivatives, size_t begin, size_t n, float* out, size_t out_step) const {
  const size_t n_pairs = pairs_of(n_outputs_);
  if (rounds_) multiply(derivatives_.part(begin, n, 0, n_pairs), back_weights_.part(0, n_pairs, 0, n_inputs_), out, out_step);
  else
    multiply(panels_at(derivatives, batch_step_, begin, n, n_outputs_),
             {transposed_.data(), n_outputs_ * kWidthStep, n_outputs_, n_inputs_}, out, out_step);
}

void LayerProducts::by_weights(const float* inputs, const float* derivatives, size_t n_rows, size_t panel, size_t input, size_t n,
                               float* out, size_t out_step) const {
  const size_t n_columns = panels_from(panel) * kWidthStep, n_pairs = pairs_of(n_rows);
  if (rounds_) {
    multiply(inputs_across_.part(input, n, 0, n_pairs), derivative_pairs_.part(0, n_pairs, panel * kWidthStep, n_columns), out, out_step);
    return;
  }
  multiply_transposed({inputs + input / kWidthStep * batch_step_, batch_step_, n_rows, n},
                      {derivatives + panel * batch_step_, batch_step_, n_rows, n_columns}, out, out_step);
}

}  // namespace kolosal
