// NeuralModel: layers of sums and activations on columns made from the features.
//
// A number may first become waves of it (see kernels/neural_layers.h), a category a vector. A row's prediction does not depend on the rows
// that it is predicted with.
//
// Cost     a row, one multiply-add for each weight; weights should stay in the cache.
// Checked  neural_test.cc; NumPy in tests/parity.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "kolosal/kernels/neural_layers.h"
#include "kolosal/models/forms/linear.h"
#include "kolosal/models/forms/neural_inputs.h"

namespace kolosal {

/// What the products of a fit are made of; those of predictions are always of float32.
enum class ProductPrecision { Float32, Bfloat16 };
constexpr auto enum_names(ProductPrecision) {
  return std::to_array<std::pair<ProductPrecision, std::string_view>>(
      {{ProductPrecision::Float32, "float32"}, {ProductPrecision::Bfloat16, "bfloat16"}});
}

/// One layer: outputs are z + (f(z) - z) a of sums z = inputs . weights + bias, with a = 1 where mix is empty.
struct NeuralLayer {
  int64_t n_inputs = 0;
  int64_t n_outputs = 0;
  std::vector<float> weights;  ///< (n_inputs, n_outputs) row-major
  std::vector<float> bias;     ///< (n_outputs,)
  std::vector<float> mix;      ///< (n_outputs,) or empty
  Activation activation = Activation::Identity;
};
void describe(Fields<NeuralLayer>& fields);

/// What a NeuralModel is made of. A row enters the first layer as [waves of each number, then the number] (or the number alone where
/// n_waves is 0), the other columns, the vectors of its categories.
struct NeuralForm {
  int64_t n_features = 0;
  NeuralInputs inputs;
  int64_t n_waves = 0;         ///< of each number
  int64_t n_wave_outputs = 0;  ///< numbers made of them, at most 64
  std::vector<float> waves;    ///< (n_numbers, Waves::size())
  int64_t vector_size = 0;     ///< numbers in the vector of a category
  std::vector<float> vectors;  ///< (sum of n_levels + 1, vector_size)
  std::vector<NeuralLayer> layers;
  Link link = Link::Identity;
  std::vector<double> centers, scales;  ///< of each output, whose sum is multiplied by the scale and moved by the center; or empty
  std::vector<double> lows, highs;      ///< bounds of each output, or empty
  int64_t n_epochs = 0;                 ///< passes over the rows after which it was best
  ProductPrecision fit_precision = ProductPrecision::Float32;

  /// The waves of a number.
  Waves wave_shape() const noexcept { return {static_cast<size_t>(n_waves), static_cast<size_t>(n_wave_outputs)}; }
  /// Numbers that enter the first layer.
  size_t width() const noexcept {
    const size_t of_number = n_waves > 0 ? static_cast<size_t>(n_wave_outputs) : 0;
    return inputs.n_columns() + inputs.n_numbers() * of_number + inputs.categories.size() * static_cast<size_t>(vector_size);
  }
};
void describe(Fields<NeuralForm>& fields);

class NeuralModel : public Model {
 public:
  explicit NeuralModel(NeuralForm form);
  std::string_view form() const override { return "neural"; }
  size_t n_features() const override { return static_cast<size_t>(form_.n_features); }
  size_t n_outputs() const override { return n_scores(); }
  void predict(const FeatureMatrix& x, std::span<double> out) const override;
  size_t n_scores() const override { return form_.layers.back().bias.size(); }
  void predict_scores(const FeatureMatrix& x, std::span<double> out) const override;
  size_t n_iterations() const override { return static_cast<size_t>(form_.n_epochs); }
  Value to_value() const override { return kolosal::to_value(form_); }
  /// What it is made of.
  const NeuralForm& parts() const noexcept { return form_; }

  /// Predictions of the rows [begin, begin + n) into out (n, n_outputs), for those who share rows out to threads.
  void predict_rows(const FeatureMatrix& x, size_t begin, size_t n, std::span<double> out) const;

 private:
  struct Scratch;
  void sums_of(const FeatureMatrix& x, size_t begin, size_t n, Scratch& scratch, double* out) const;
  void enter(const FeatureMatrix& x, size_t begin, size_t n, Scratch& scratch) const;

  struct Padded {
    size_t n_inputs, width;
    std::vector<float> weights;  // (n_inputs, width) in panels
    std::vector<float> bias, mix;
  };

  NeuralForm form_;
  size_t n_numbers_;
  std::vector<Padded> layers_;
  size_t widest_ = 0;
};

/// Rows that networks are run on together.
constexpr size_t kNeuralBlockRows = 32;

/// What enters the first layer but for the vectors of categories, of columns (n, n_columns): numbers, which come first, each after what is
/// made of its waves, then the other columns. Row i is written to out[i * stride]. With no waves, columns as they are.
void enter_columns(const Waves& waves, const float* parameters, size_t n_numbers, const float* columns, size_t n_columns, size_t n,
                   float* out, size_t stride) noexcept;

}  // namespace kolosal
