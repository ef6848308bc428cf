#include "kolosal/models/neural/network.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

// Factors of the learning rate beside those of weights, see learner notes of RealMLP: waves, front scale, mixes, biases.
constexpr double kWaveRate = 0.1, kScaleRate = 6, kMixRate = 0.1, kBiasRate = 0.1;
// Rows of some panels of weights that one task moves, and those whose derivatives are made together.
constexpr size_t kTaskRows = 256, kUpdateRows = 64;
// Rows on which the first weights are scaled, and those that a first bias mixes.
constexpr size_t kSampleRows = 1024, kMixedRows = 5;

size_t n_blocks_of(size_t n_rows) { return (n_rows + kNeuralBlockRows - 1) / kNeuralBlockRows; }

size_t bytes_of(const NeuralInputs& inputs, const NetworkOptions& options, size_t n_outputs, size_t batch_rows) {
  size_t n_weights = 0, n_kept = 0;
  size_t width = inputs.n_columns() + inputs.n_numbers() * options.waves.n_outputs + inputs.categories.size() * options.vector_size;
  const size_t rounded = options.precision == ProductPrecision::Bfloat16 ? 1 : 0;  // of each number that is multiplied, two halves more
  n_kept += (3 + rounded) * padded_width(width);
  for (size_t l = 0; l <= options.hidden_sizes.size(); ++l) {
    const size_t next = padded_width(l < options.hidden_sizes.size() ? options.hidden_sizes[l] : n_outputs);
    n_weights += width * next;
    n_kept += (4 + 2 * rounded) * next;
    width = next;
  }
  for (const int32_t levels : inputs.n_levels) n_weights += static_cast<size_t>(levels + 1) * options.vector_size;
  return sizeof(float) * (4 * n_weights + n_kept * batch_rows);
}

}  // namespace

NetworkTrainer::NetworkTrainer(const NeuralInputs& inputs, const NetworkRows& rows, size_t n_outputs, NetworkOptions options,
                               size_t batch_rows, const FitContext& context)
    : inputs_(inputs),
      rows_(rows),
      options_(std::move(options)),
      context_(context),
      batch_rows_(batch_rows),
      n_numbers_(inputs.n_numbers()),
      n_waved_(options_.waves.n_waves > 0 ? n_numbers_ : 0),
      lease_(context.memory, bytes_of(inputs, options_, n_outputs, batch_rows), "a neural network") {
  lay_out(n_outputs);
  plan_updates();
  draw_inputs();
  draw_layers();
}

NetworkTrainer::Tensor NetworkTrainer::add_tensor(size_t size, Tensor factors) {
  factors.at = parameters_.size();
  factors.size = padded_width(size);
  parameters_.resize(factors.at + factors.size, 0.0F);
  return factors;
}

NetworkTrainer::Tensor NetworkTrainer::add_single(size_t size, Tensor factors) {
  single_tensors_.push_back(add_tensor(size, factors));
  return single_tensors_.back();
}

void NetworkTrainer::lay_out(size_t n_outputs) {
  // Decay counts the factor of a rate twice, as pytabkit does; biases have none.
  const auto factors = [](double rate) { return Tensor{0, 0, rate, rate * rate, 1}; };
  const bool by_data = options_.initialization == Initialization::Data;
  const Tensor of_bias{0, 0, by_data ? kBiasRate : 1, 0, 1};
  n_inputs_ = inputs_.n_columns() + n_waved_ * options_.waves.n_outputs + inputs_.categories.size() * options_.vector_size;
  in_width_ = padded_width(n_inputs_);
  learns_inputs_ = options_.front_scale || n_waved_ > 0 || !inputs_.categories.empty();
  if (n_waved_ > 0) waves_ = add_single(n_waved_ * options_.waves.size(), factors(kWaveRate));
  if (options_.front_scale) scale_ = add_single(in_width_, factors(kScaleRate));
  size_t n_inputs = n_inputs_, in_width = in_width_;
  for (size_t l = 0; l <= options_.hidden_sizes.size(); ++l) {
    const bool is_last = l == options_.hidden_sizes.size();
    const size_t n_next = is_last ? n_outputs : options_.hidden_sizes[l];
    Layer layer{.n_inputs = n_inputs,
                .in_width = in_width,
                .n_outputs = n_next,
                .width = padded_width(n_next),
                .is_last = is_last,
                .has_mix = options_.parametric && !is_last,
                .products = LayerProducts(options_.precision, n_inputs, n_next, batch_rows_)};
    layer.bias = add_single(layer.width, of_bias);
    if (layer.has_mix) layer.mix = add_single(layer.width, factors(kMixRate));
    n_inputs = layer.n_outputs;
    in_width = layer.width;
    layers_.push_back(std::move(layer));
  }
  n_singles_ = parameters_.size();
  for (Layer& layer : layers_) {
    // Weights are kept divided by the root of n_inputs; so are their steps.
    const double root = by_data ? std::sqrt(static_cast<double>(std::max<size_t>(layer.n_inputs, 1))) : 1;
    layer.weights = add_tensor(layer.n_inputs * layer.width, {0, 0, 1 / root, 1, root});
    for (auto* kept : {&layer.outputs, &layer.derivatives}) kept->assign(batch_rows_ * layer.width, 0.0F);
    if (!layer.is_last) layer.slopes.assign(batch_rows_ * layer.width, 0.0F);
    if (layer.has_mix) layer.mix_slopes.assign(batch_rows_ * layer.width, 0.0F);
  }
  for (const int32_t levels : inputs_.n_levels)
    categories_.push_back(add_tensor((static_cast<size_t>(levels) + 1) * options_.vector_size, {}));
  means_.assign(parameters_.size(), 0.0F);
  squares_.assign(parameters_.size(), 0.0F);
  raw_.assign(batch_rows_ * in_width_, 0.0F);
  entered_ = raw_;
  if (learns_inputs_) of_inputs_ = raw_;
  singles_.assign(n_blocks_of(batch_rows_) * n_singles_, 0.0F);
  losses_.assign(n_blocks_of(batch_rows_), 0.0);
}

void NetworkTrainer::plan_updates() {
  for (size_t l = 0; l < layers_.size(); ++l)
    for (size_t panel = 0; panel < layers_[l].width / kWidthStep; panel += kLayerPanels)
      for (size_t begin = 0; begin < layers_[l].n_inputs; begin += kTaskRows)
        updates_.push_back({Update::Of::Weights, l, panel, begin, std::min(begin + kTaskRows, layers_[l].n_inputs)});
  for (size_t i = 0; i < single_tensors_.size(); ++i) updates_.push_back({Update::Of::Singles, i, 0, 0, 0});
  for (size_t c = 0; c < categories_.size(); ++c) updates_.push_back({Update::Of::Category, c, 0, 0, 0});
}

void NetworkTrainer::draw_inputs() {
  RandomStream random(context_.seed, "neural inputs");
  const Waves& waves = options_.waves;
  for (size_t c = 0; c < n_waved_; ++c) {
    float* to = at(waves_) + c * waves.size();
    for (size_t f = 0; f < waves.n_waves; ++f) to[f] = static_cast<float>(options_.wave_spread * random.normal());
    for (size_t f = 0; f < waves.n_waves; ++f)
      to[waves.n_waves + f] = static_cast<float>(random.uniform(-3.141592653589793, 3.141592653589793));
    const double bound = 1 / std::sqrt(static_cast<double>(waves.n_waves));
    for (size_t i = 2 * waves.n_waves; i < waves.size(); ++i) to[i] = static_cast<float>(random.uniform(-bound, bound));
  }
  if (options_.front_scale) std::fill_n(at(scale_), n_inputs_, 1.0F);
  for (size_t c = 0; c < categories_.size(); ++c)
    for (size_t i = 0; i < (static_cast<size_t>(inputs_.n_levels[c]) + 1) * options_.vector_size; ++i)
      at(categories_[c])[i] = static_cast<float>(random.normal());
}

// The first weights, layer by layer: those by data look at what a sample of rows has become before.
void NetworkTrainer::draw_layers() {
  const bool by_data = options_.initialization == Initialization::Data;
  std::vector<float> in, out;
  size_t n = 0;
  if (by_data) {
    std::vector<uint32_t> sample(rows_.n_rows);
    std::iota(sample.begin(), sample.end(), 0U);
    RandomStream(context_.seed, "neural sample").shuffle(std::span(sample));
    n = std::min(kSampleRows, sample.size());
    in.resize(n * in_width_);
    for (size_t begin = 0; begin < n; begin += batch_rows_) {
      const size_t size = std::min(batch_rows_, n - begin);
      enter(std::span(sample).subspan(begin, size), 0, size);
      for (size_t j = 0; j < in_width_; j += kWidthStep)
        std::copy_n(entered_.data() + j * batch_rows_, size * kWidthStep, in.data() + j * n + begin * kWidthStep);
    }
  }
  for (size_t l = 0; l < layers_.size(); ++l) {
    context_.check();
    Layer& layer = layers_[l];
    RandomStream random(context_.seed, "neural weights", l);
    float* weights = at(layer.weights);
    const double bound = std::sqrt(6.0 / static_cast<double>(layer.n_inputs + layer.n_outputs));
    for (size_t i = 0; i < layer.n_inputs; ++i) {
      if (i % 1024 == 0) context_.check();
      for (size_t j = 0; j < layer.n_outputs; ++j)
        weights[place_in_panels(layer.n_inputs * kWidthStep, i, j)] =
            static_cast<float>(by_data ? random.normal() : random.uniform(-bound, bound));
    }
    if (by_data) {
      draw_by_data(layer, l, in, out, n);
      std::swap(in, out);
    } else {
      for (size_t j = 0; j < layer.n_outputs; ++j) at(layer.bias)[j] = static_cast<float>(random.uniform(-bound, bound));
    }
    if (layer.has_mix) std::fill_n(at(layer.mix), layer.n_outputs, 1.0F);
    for (size_t j = 0; by_data && !layer.is_last && j < layer.width; j += kWidthStep)
      activate({options_.activation, at(layer.bias) + j, nullptr, kWidthStep}, n, in.data() + j * n);
  }
  weights_changed();
}

// Scales the weights of a layer so that its sums of the n rows `in` have deviation 1, and takes its biases from mixtures of rows; the sums,
// without bias, go to `out`. Both are in panels.
void NetworkTrainer::draw_by_data(Layer& layer, size_t l, const std::vector<float>& in, std::vector<float>& out, size_t n) {
  out.assign(n * layer.width, 0.0F);
  float* weights = at(layer.weights);
  context_.threads->parallel_for(n, kNeuralBlockRows, [&](size_t begin, size_t end) {
    multiply({in.data() + begin * kWidthStep, n * kWidthStep, end - begin, layer.n_inputs},
             {weights, layer.n_inputs * kWidthStep, layer.n_inputs, layer.n_outputs}, out.data() + begin * kWidthStep, n * kWidthStep);
  });
  RandomStream random(context_.seed, "neural biases", l);
  for (size_t j = 0; j < layer.n_outputs; ++j) {
    context_.check();
    float* sums = out.data() + place_in_panels(n * kWidthStep, 0, j);
    float* column = weights + place_in_panels(layer.n_inputs * kWidthStep, 0, j);
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; ++i) sum += static_cast<double>(sums[i * kWidthStep]);
    for (size_t i = 0; i < n; ++i) squares += std::pow(static_cast<double>(sums[i * kWidthStep]) - sum / static_cast<double>(n), 2);
    const double deviation = std::sqrt(squares / static_cast<double>(n));
    // Where the rows are all alike, weights are left of deviation 1 over the root of the inputs.
    const double root = std::sqrt(static_cast<double>(std::max<size_t>(layer.n_inputs, 1)));
    const auto factor = static_cast<float>(deviation > 1e-6 ? 1 / deviation : 1 / root);
    for (size_t i = 0; i < layer.n_inputs; ++i) column[i * kWidthStep] *= factor;
    for (size_t i = 0; i < n; ++i) sums[i * kWidthStep] *= factor;
    double total = 0, mixture = 0;
    for (size_t k = 0; k < kMixedRows; ++k) {
      const double share = -std::log1p(-random.uniform());
      mixture += share * static_cast<double>(sums[random.below(n) * kWidthStep]);
      total += share;
    }
    at(layer.bias)[j] = total > 0 ? static_cast<float>(-mixture / total) : 0;
  }
}

void NetworkTrainer::weights_changed() {
  for (Layer& layer : layers_)
    for (size_t panel = 0; panel < layer.width / kWidthStep; panel += kLayerPanels)
      layer.products.weights_changed(at(layer.weights), panel, 0, layer.n_inputs);
}

double NetworkTrainer::step(std::span<const uint32_t> batch, const StepRates& rates) {
  ++n_steps_;
  const size_t n_blocks = n_blocks_of(batch.size());
  context_.threads->parallel_each(n_blocks, [&](size_t block) {
    const size_t begin = block * kNeuralBlockRows, end = std::min(begin + kNeuralBlockRows, batch.size());
    float* singles = singles_.data() + block * n_singles_;
    std::fill_n(singles, n_singles_, 0.0F);
    forward(batch, begin, end, rates.dropout);
    losses_[block] = lose(batch, begin, end);
    backward(begin, end, singles);
  });
  context_.threads->parallel_each(updates_.size(), [&](size_t i) { update(updates_[i], batch, n_blocks, rates); });
  return std::accumulate(losses_.begin(), losses_.begin() + static_cast<ptrdiff_t>(n_blocks), 0.0);
}

double NetworkTrainer::loss(std::span<const uint32_t> batch) {
  double total = 0;
  for (size_t begin = 0; begin < batch.size(); begin += kNeuralBlockRows) {
    const size_t end = std::min(begin + kNeuralBlockRows, batch.size());
    forward(batch, begin, end, 0);
    total += lose(batch, begin, end);
  }
  return total;
}

// What enters the first layer, of the rows [begin, end) of the batch.
void NetworkTrainer::enter(std::span<const uint32_t> batch, size_t begin, size_t end) {
  const size_t n = end - begin, n_columns = inputs_.n_columns(), n_categories = categories_.size(), size = options_.vector_size;
  std::vector<float> columns(n * n_columns);
  for (size_t i = 0; i < n; ++i)
    std::copy_n(rows_.columns.data() + batch[begin + i] * n_columns, n_columns, columns.data() + i * n_columns);
  enter_columns(options_.waves, n_waved_ > 0 ? at(waves_) : nullptr, n_numbers_, columns.data(), n_columns, n,
                raw_.data() + begin * in_width_, in_width_);
  for (size_t i = begin; i < end; ++i) {
    float* row = raw_.data() + i * in_width_;
    float* to = row + n_inputs_ - n_categories * size;
    for (size_t c = 0; c < n_categories; ++c, to += size)
      std::copy_n(at(categories_[c]) + rows_.codes[batch[i] * n_categories + c] * size, size, to);
  }
  float* entered = entered_.data() + begin * kWidthStep;
  to_panels(raw_.data() + begin * in_width_, in_width_, n, in_width_, entered, batch_rows_ * kWidthStep);
  for (size_t j = 0; options_.front_scale && j < in_width_; ++j) {
    const float scale = at(scale_)[j];
    float* column = entered + place_in_panels(batch_rows_ * kWidthStep, 0, j);
    for (size_t i = 0; i < n; ++i) column[i * kWidthStep] *= scale;
  }
}

void NetworkTrainer::forward(std::span<const uint32_t> batch, size_t begin, size_t end, double dropout) {
  enter(batch, begin, end);
  for (size_t l = 0; l < layers_.size(); ++l) {
    Layer& layer = layers_[l];
    const size_t n = end - begin, step = batch_rows_ * kWidthStep;
    float* outputs = layer.outputs.data() + begin * kWidthStep;
    layer.products.inputs_changed(inputs_of(l).data(), begin, n);
    layer.products.forward(inputs_of(l).data(), at(layer.weights), begin, n, outputs, step);
    const auto key = static_cast<uint32_t>(derive_seed(context_.seed, "neural dropout", n_steps_ * layers_.size() + l));
    for (size_t j = 0; j < layer.width; j += kWidthStep) {
      const ActivationLayer panel{layer.is_last ? Activation::Identity : options_.activation, at(layer.bias) + j,
                                  layer.has_mix ? at(layer.mix) + j : nullptr, kWidthStep};
      const size_t from = j * batch_rows_, at_row = from + begin * kWidthStep;
      if (layer.is_last) activate(panel, n, outputs + from);
      else
        activate_with_slopes(panel, {static_cast<float>(dropout), key}, j / kWidthStep * batch_rows_ + begin, n, outputs + from,
                             layer.slopes.data() + at_row, layer.has_mix ? layer.mix_slopes.data() + at_row : nullptr);
    }
  }
}

// The loss of a row's class: minus the logarithm of its probability, with a share of the truth spread over all classes.
double NetworkTrainer::lose_class(uint32_t truth, float weight, double share, const float* sums, float* derivatives) const {
  const size_t n = layers_.back().n_outputs;
  const double spread = options_.label_smoothing / static_cast<double>(n);
  const auto largest = static_cast<double>(*std::max_element(sums, sums + n));
  double total = 0, mean = 0;
  for (size_t k = 0; k < n; ++k) {
    const double above = static_cast<double>(sums[k]) - largest, power = std::exp(above);
    derivatives[k] = static_cast<float>(power);
    total += power;
    mean += above;
  }
  const double factor = static_cast<double>(weight) * share;
  for (size_t k = 0; k < n; ++k) {
    const double wanted = spread + (k == truth ? 1 - options_.label_smoothing : 0);
    derivatives[k] = static_cast<float>(factor * (static_cast<double>(derivatives[k]) / total - wanted));
  }
  const double of_truth = static_cast<double>(sums[truth]) - largest;
  return factor * (std::log(total) - (1 - options_.label_smoothing) * of_truth - spread * mean);
}

// The mean squared error of a row's numbers.
double NetworkTrainer::lose_numbers(const float* truth, float weight, double share, const float* sums, float* derivatives) const {
  const size_t n = layers_.back().n_outputs;
  const double factor = static_cast<double>(weight) * share / static_cast<double>(n);
  double loss = 0;
  for (size_t k = 0; k < n; ++k) {
    const double error = static_cast<double>(sums[k]) - static_cast<double>(truth[k]);
    loss += factor * error * error;
    derivatives[k] = static_cast<float>(2 * factor * error);
  }
  return loss;
}

// The share of the rows [begin, end) in the mean loss of the batch; their derivatives are left in the last layer.
double NetworkTrainer::lose(std::span<const uint32_t> batch, size_t begin, size_t end) {
  Layer& last = layers_.back();
  const double share = 1 / static_cast<double>(batch.size());
  const size_t n = last.n_outputs, step = batch_rows_ * kWidthStep;
  std::vector<float> sums(n), derivatives(n);
  double loss = 0;
  for (size_t i = begin; i < end; ++i) {
    const uint32_t row = batch[i];
    const float weight = rows_.weights.empty() ? 1.0F : rows_.weights[row];
    from_panels(rows_of(last.outputs, i, 1, n), sums.data(), n);
    loss += rows_.numbers.empty() ? lose_class(rows_.classes[row], weight, share, sums.data(), derivatives.data())
                                  : lose_numbers(rows_.numbers.data() + row * n, weight, share, sums.data(), derivatives.data());
    to_panels(derivatives.data(), n, 1, n, last.derivatives.data() + i * kWidthStep, step);
  }
  return loss;
}

// Takes derivatives back through the layers; their sums by single parameters go to `singles`.
void NetworkTrainer::backward(size_t begin, size_t end, float* singles) {
  const size_t n = end - begin, step = batch_rows_ * kWidthStep;
  for (size_t l = layers_.size(); l-- > 0;) {
    Layer& layer = layers_[l];
    for (size_t j = 0; j < layer.width; j += kWidthStep) {
      const size_t at_row = j * batch_rows_ + begin * kWidthStep;
      float *derivatives = layer.derivatives.data() + at_row, *sums = singles + layer.bias.at + j;
      if (layer.is_last) {
        for (size_t i = 0; i < n * kWidthStep; ++i) sums[i % kWidthStep] += derivatives[i];
      } else {
        pull_back(layer.slopes.data() + at_row, layer.has_mix ? layer.mix_slopes.data() + at_row : nullptr, n, kWidthStep, derivatives,
                  sums, layer.has_mix ? singles + layer.mix.at + j : nullptr);
      }
    }
    const float* derivatives = layer.derivatives.data();
    layer.products.derivatives_changed(derivatives, begin, n);
    if (l > 0) {
      layer.products.back(derivatives, begin, n, layers_[l - 1].derivatives.data() + begin * kWidthStep, step);
    } else if (learns_inputs_) {
      std::vector<float> by_inputs(n * in_width_);
      layer.products.back(derivatives, begin, n, by_inputs.data(), n * kWidthStep);
      from_panels({by_inputs.data(), n * kWidthStep, n, in_width_}, of_inputs_.data() + begin * in_width_, in_width_);
      pull_inputs_back(begin, end, singles);
    }
  }
}

void NetworkTrainer::pull_inputs_back(size_t begin, size_t end, float* singles) {
  for (size_t i = begin; options_.front_scale && i < end; ++i) {
    const float *raw = raw_.data() + i * in_width_, *scale = at(scale_);
    float *derivatives = of_inputs_.data() + i * in_width_, *sums = singles + scale_.at;
    for (size_t j = 0; j < in_width_; ++j) {
      sums[j] += derivatives[j] * raw[j];
      derivatives[j] *= scale[j];
    }
  }
  const Waves& waves = options_.waves;
  std::vector<float> outputs(waves.n_outputs * kWidthStep);
  for (size_t c = 0; c < n_waved_; ++c)
    for (size_t from = begin; from < end; from += kWidthStep) {
      float numbers[kWidthStep] = {};
      std::ranges::fill(outputs, 0.0F);
      for (size_t i = 0; i < std::min(kWidthStep, end - from); ++i) {
        const size_t at = (from + i) * in_width_ + c * (waves.n_outputs + 1);
        numbers[i] = raw_[at + waves.n_outputs];
        for (size_t k = 0; k < waves.n_outputs; ++k) outputs[k * kWidthStep + i] = of_inputs_[at + k];
      }
      pull_waves_back(waves, at(waves_) + c * waves.size(), numbers, outputs.data(), singles + waves_.at + c * waves.size());
    }
}

AdamStep NetworkTrainer::adam_of(const Tensor& tensor, const StepRates& rates) const {
  const auto n = static_cast<double>(n_steps_);
  return {static_cast<float>(rates.learning_rate * tensor.rate / (1 - std::pow(options_.beta1, n))),
          static_cast<float>(std::max(1 - rates.weight_decay * rates.learning_rate * tensor.decay, 0.0)),
          static_cast<float>(options_.beta1),
          static_cast<float>(options_.beta2),
          static_cast<float>(1 / std::sqrt(1 - std::pow(options_.beta2, n))),
          static_cast<float>(options_.epsilon * tensor.epsilon)};
}

void NetworkTrainer::update(const Update& task, std::span<const uint32_t> batch, size_t n_blocks, const StepRates& rates) {
  if (task.of == Update::Of::Weights) {
    update_weights(task, batch.size(), adam_of(layers_[task.index].weights, rates));
  } else if (task.of == Update::Of::Category) {
    update_category(task.index, batch, adam_of(categories_[task.index], rates));
  } else {
    const Tensor& tensor = single_tensors_[task.index];
    float* sums = singles_.data() + tensor.at;
    for (size_t block = 1; block < n_blocks; ++block)
      for (size_t i = 0; i < tensor.size; ++i) sums[i] += sums[block * n_singles_ + i];
    adam_step(adam_of(tensor, rates), sums, tensor.size, at(tensor), means_.data() + tensor.at, squares_.data() + tensor.at);
  }
}

void NetworkTrainer::update_weights(const Update& task, size_t n_rows, const AdamStep& step) {
  Layer& layer = layers_[task.index];
  constexpr size_t kStep = kUpdateRows * kWidthStep;
  std::array<float, kLayerPanels * kStep> derivatives;
  const size_t n_panels = layer.products.panels_from(task.panel);
  for (size_t i = task.begin; i < task.end; i += kUpdateRows) {
    const size_t n = std::min(kUpdateRows, task.end - i);
    layer.products.by_weights(inputs_of(task.index).data(), layer.derivatives.data(), n_rows, task.panel, i, n, derivatives.data(), kStep);
    for (size_t p = 0; p < n_panels; ++p) {
      const size_t from = layer.weights.at + place_in_panels(layer.n_inputs * kWidthStep, i, (task.panel + p) * kWidthStep);
      adam_step(step, derivatives.data() + p * kStep, n * kWidthStep, parameters_.data() + from, means_.data() + from,
                squares_.data() + from);
    }
  }
  layer.products.weights_changed(at(layer.weights), task.panel, task.begin, task.end);
}

void NetworkTrainer::update_category(size_t category, std::span<const uint32_t> batch, const AdamStep& step) {
  const Tensor& tensor = categories_[category];
  const size_t size = options_.vector_size, n_categories = categories_.size();
  const size_t column = n_inputs_ - (n_categories - category) * size;
  std::vector<float> derivatives(tensor.size, 0.0F);
  for (size_t i = 0; i < batch.size(); ++i) {
    const float* from = of_inputs_.data() + i * in_width_ + column;
    float* to = derivatives.data() + rows_.codes[batch[i] * n_categories + category] * size;
    for (size_t k = 0; k < size; ++k) to[k] += from[k];
  }
  adam_step(step, derivatives.data(), tensor.size, at(tensor), means_.data() + tensor.at, squares_.data() + tensor.at);
}

NeuralForm NetworkTrainer::form(size_t n_features) const {
  NeuralForm form;
  form.n_features = static_cast<int64_t>(n_features);
  form.inputs = inputs_;
  form.fit_precision = options_.precision;
  if (n_waved_ > 0) {
    form.n_waves = static_cast<int64_t>(options_.waves.n_waves);
    form.n_wave_outputs = static_cast<int64_t>(options_.waves.n_outputs);
    form.waves.assign(at(waves_), at(waves_) + n_waved_ * options_.waves.size());
  }
  form.vector_size = static_cast<int64_t>(options_.vector_size);
  for (size_t c = 0; c < categories_.size(); ++c)
    form.vectors.insert(form.vectors.end(), at(categories_[c]),
                        at(categories_[c]) + (static_cast<size_t>(inputs_.n_levels[c]) + 1) * options_.vector_size);
  for (const Layer& layer : layers_) {
    NeuralLayer made{static_cast<int64_t>(layer.n_inputs), static_cast<int64_t>(layer.n_outputs), {}, {}, {}};
    made.activation = layer.is_last ? Activation::Identity : options_.activation;
    for (size_t i = 0; i < layer.n_inputs; ++i) {
      const float scale = &layer == layers_.data() && options_.front_scale ? at(scale_)[i] : 1.0F;
      for (size_t j = 0; j < layer.n_outputs; ++j)
        made.weights.push_back(at(layer.weights)[place_in_panels(layer.n_inputs * kWidthStep, i, j)] * scale);
    }
    made.bias.assign(at(layer.bias), at(layer.bias) + layer.n_outputs);
    if (layer.has_mix) made.mix.assign(at(layer.mix), at(layer.mix) + layer.n_outputs);
    form.layers.push_back(std::move(made));
  }
  return form;
}

}  // namespace kolosal
