// LayerProducts: the three products of a layer of a network that learns, of float32 numbers or of those rounded to bfloat16.
//
// Rows go forward (inputs by weights) and back (derivatives by transposed weights), and the weights gather their derivatives (transposed
// inputs by derivatives). Weights, inputs and derivatives are the caller's, float32 in panels (kernels/matrix_product.h), and change
// between products; who changes some says so before they are multiplied. Sums are float32 in either precision.
//
// Cost     four bytes a weight, and eight for each input and output of a row of the batch where numbers are rounded.
// Checked  neural_test.cc.
#pragma once

#include <cstdint>
#include <vector>

#include "kolosal/kernels/matrix_product.h"
#include "kolosal/models/forms/neural.h"

namespace kolosal {

/// Panels of weights that change together, and rows of the batch that do, at the least.
constexpr size_t kLayerPanels = 2, kLayerRows = 2 * kWidthStep;

class LayerProducts {
 public:
  LayerProducts(ProductPrecision precision, size_t n_inputs, size_t n_outputs, size_t batch_rows);

  /// weights (n_inputs, n_outputs): rows [begin, end) of kLayerPanels panels from `panel` on, or of the last, have changed. `panel` is a
  /// multiple of kLayerPanels, `begin` one of kLayerRows.
  void weights_changed(const float* weights, size_t panel, size_t begin, size_t end);
  /// inputs (batch_rows, n_inputs): n rows from `begin`, a multiple of kLayerRows, have changed; n is at most that.
  void inputs_changed(const float* inputs, size_t begin, size_t n);
  /// The same of derivatives (batch_rows, n_outputs).
  void derivatives_changed(const float* derivatives, size_t begin, size_t n);

  /// n rows from `begin` on of inputs by weights, (n, n_outputs) in panels.
  void forward(const float* inputs, const float* weights, size_t begin, size_t n, float* out, size_t out_step) const;
  /// n rows of derivatives by the transposed weights, (n, n_inputs) in panels.
  void back(const float* derivatives, size_t begin, size_t n, float* out, size_t out_step) const;
  /// Derivatives by the weights of n inputs from `input`, a multiple of kWidthStep, in kLayerPanels panels from `panel` on, or in the last,
  /// of the first n_rows rows of the batch: (n, their columns) in panels.
  void by_weights(const float* inputs, const float* derivatives, size_t n_rows, size_t panel, size_t input, size_t n, float* out,
                  size_t out_step) const;
  /// Panels from `panel` on that change together.
  size_t panels_from(size_t panel) const noexcept { return panel * kWidthStep + kWidthStep < width_ ? kLayerPanels : 1; }

 private:
  /// Words (n_rows, n_columns) in panels that are panel_step apart.
  struct Words {
    std::vector<uint32_t> words;
    size_t panel_step = 0;
    void lay_out(size_t n_rows, size_t n_columns);
    uint32_t* at(size_t row, size_t column) { return words.data() + place_in_panels(panel_step, row, column); }
    WordPanels part(size_t row, size_t n_rows, size_t column, size_t n_columns) const {
      return {words.data() + place_in_panels(panel_step, row, column), panel_step, n_rows, n_columns};
    }
  };

  size_t n_inputs_, in_width_, n_outputs_, width_, batch_step_;
  bool rounds_;
  std::vector<float> transposed_;         // of float32: weights (n_outputs, n_inputs)
  Words weights_, back_weights_;          // right matrices: pairs of inputs, pairs of outputs
  Words inputs_, inputs_across_;          // left matrices: (rows, pairs of inputs), (inputs, pairs of rows)
  Words derivatives_, derivative_pairs_;  // a left matrix (rows, pairs of outputs), a right one (pairs of rows, outputs)
  static size_t pairs_of(size_t n) noexcept { return padded_width((n + 1) / 2); }
};

}  // namespace kolosal
