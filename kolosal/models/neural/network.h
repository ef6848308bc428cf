// NetworkTrainer: a network's parameters and Adam's steps on them.
//
// A step is two loops. In the first, blocks of 32 rows go forward and back through all layers; in the second, blocks of weights gather
// their derivatives from the rows, in the order of the rows, and move at once. Nothing depends on the number of threads.
//
// Weights, and what the rows of a batch become, are kept in panels, see kernels/matrix_product.h, and are float32; products may be of
// numbers rounded to bfloat16, see layer_products.h.
//
// Weights are drawn, then scaled so that sums of each layer vary by 1 on a sample of rows, and biases so that sums are 0 at mixtures of
// five rows of it ("data"); or both are drawn evenly within Glorot's bounds ("glorot").
//
// Cost     a step, about six operations for each weight and row; twelve bytes a weight and four for its transpose.
// Source   Holzmüller, Grinsztajn and Steinwart, "Better by default", NeurIPS 2024 (RealMLP), and its code pytabkit; Glorot and Bengio,
//          AISTATS 2010.
// Checked  neural_test.cc: numeric derivatives, threads.
#pragma once

#include <span>
#include <vector>

#include "kolosal/base/fit_context.h"
#include "kolosal/models/forms/neural.h"
#include "kolosal/models/neural/layer_products.h"

namespace kolosal {

/// How the first weights are drawn.
enum class Initialization { Data, Glorot };
constexpr auto enum_names(Initialization) {
  return std::to_array<std::pair<Initialization, std::string_view>>({{Initialization::Data, "data"}, {Initialization::Glorot, "glorot"}});
}

/// What a network is like and how it learns.
struct NetworkOptions {
  std::vector<size_t> hidden_sizes;
  Activation activation = Activation::Selu;
  bool parametric = true;   ///< outputs of hidden layers have a mix, see NeuralLayer
  bool front_scale = true;  ///< what enters the first layer is multiplied by a learnt number each
  Waves waves{0, 0};        ///< of numbers
  double wave_spread = 0.1;
  size_t vector_size = 8;
  Initialization initialization = Initialization::Data;
  ProductPrecision precision = ProductPrecision::Float32;
  double label_smoothing = 0;
  double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8;
};

/// The rows, ready to be learnt from.
struct NetworkRows {
  size_t n_rows = 0;
  std::vector<float> columns;   ///< (n_rows, n_columns)
  std::vector<uint32_t> codes;  ///< (n_rows, n_categories)
  std::vector<float> numbers;   ///< (n_rows, n_outputs) standardised targets, or empty
  std::vector<uint32_t> classes;
  std::vector<float> weights;  ///< of mean 1, or empty
};

/// Rates of one step.
struct StepRates {
  double learning_rate = 0;
  double weight_decay = 0;
  double dropout = 0;
};

class NetworkTrainer {
 public:
  /// Draws the first parameters. `inputs` and `rows` must outlive it. Throws Error(OutOfMemory), Error(Timeout) and Error(Cancelled).
  NetworkTrainer(const NeuralInputs& inputs, const NetworkRows& rows, size_t n_outputs, NetworkOptions options, size_t batch_rows,
                 const FitContext& context);

  /// One step by the rows listed, at most batch_rows. Returns their mean loss before it.
  double step(std::span<const uint32_t> batch, const StepRates& rates);
  /// The mean loss of the rows listed, without dropout, as `step` would return it.
  double loss(std::span<const uint32_t> batch);
  /// The network as it is; the caller adds the link and what belongs to targets.
  NeuralForm form(size_t n_features) const;
  /// Every parameter: waves, scales, biases and mixes, then weights, then vectors. Who changes weights calls `weights_changed`.
  std::span<float> parameters() noexcept { return parameters_; }
  void weights_changed();

 private:
  /// A run of parameters with factors of the rates in common.
  struct Tensor {
    size_t at = 0, size = 0;
    double rate = 1;     ///< of the learning rate
    double decay = 1;    ///< of the weight decay
    double epsilon = 1;  ///< of epsilon
  };
  struct Layer {
    size_t n_inputs = 0, in_width = 0, n_outputs = 0, width = 0;
    bool is_last = false, has_mix = false;
    Tensor weights, bias, mix;
    LayerProducts products;
    std::vector<float> outputs, slopes, mix_slopes, derivatives;  ///< (batch_rows, width) in panels
  };
  /// A part of the second loop of a step: rows of some panels of a layer's weights, a tensor of single parameters, or the vectors of a
  /// category.
  struct Update {
    enum class Of { Weights, Singles, Category } of;
    size_t index = 0, panel = 0, begin = 0, end = 0;
  };

  void lay_out(size_t n_outputs);
  Tensor add_tensor(size_t size, Tensor factors);
  Tensor add_single(size_t size, Tensor factors);
  void plan_updates();
  void draw_inputs();
  void draw_layers();
  void draw_by_data(Layer& layer, size_t l, const std::vector<float>& in, std::vector<float>& out, size_t n);

  void forward(std::span<const uint32_t> batch, size_t begin, size_t end, double dropout);
  void enter(std::span<const uint32_t> batch, size_t begin, size_t end);
  double lose(std::span<const uint32_t> batch, size_t begin, size_t end);
  double lose_class(uint32_t truth, float weight, double share, const float* sums, float* derivatives) const;
  double lose_numbers(const float* truth, float weight, double share, const float* sums, float* derivatives) const;
  void backward(size_t begin, size_t end, float* singles);
  void pull_inputs_back(size_t begin, size_t end, float* singles);
  void update(const Update& task, std::span<const uint32_t> batch, size_t n_blocks, const StepRates& rates);
  void update_weights(const Update& task, size_t n_rows, const AdamStep& step);
  void update_category(size_t category, std::span<const uint32_t> batch, const AdamStep& step);
  AdamStep adam_of(const Tensor& tensor, const StepRates& rates) const;
  const std::vector<float>& inputs_of(size_t l) const { return l > 0 ? layers_[l - 1].outputs : entered_; }
  Panels rows_of(const std::vector<float>& kept, size_t begin, size_t n, size_t n_columns) const {
    return {kept.data() + begin * kWidthStep, batch_rows_ * kWidthStep, n, n_columns};
  }
  float* at(const Tensor& tensor) { return parameters_.data() + tensor.at; }
  const float* at(const Tensor& tensor) const { return parameters_.data() + tensor.at; }

  const NeuralInputs& inputs_;
  const NetworkRows& rows_;
  NetworkOptions options_;
  const FitContext& context_;
  size_t batch_rows_, n_numbers_, n_waved_, n_inputs_ = 0, in_width_ = 0, n_singles_ = 0, n_steps_ = 0;
  bool learns_inputs_ = false;  ///< whether derivatives by what enters the first layer are of use
  MemoryLease lease_;
  Tensor waves_, scale_;
  std::vector<Tensor> single_tensors_;  ///< waves, scales, biases and mixes: all but weights and vectors
  std::vector<Tensor> categories_;
  std::vector<Layer> layers_;
  std::vector<Update> updates_;
  std::vector<float> parameters_, means_, squares_;
  std::vector<float> raw_, of_inputs_;  ///< (batch_rows, in_width): what enters before it is scaled, and derivatives by it
  std::vector<float> entered_;          ///< (batch_rows, in_width) in panels
  std::vector<float> singles_;          ///< (blocks, n_singles) derivatives
  std::vector<double> losses_;          ///< of blocks
};

}  // namespace kolosal
