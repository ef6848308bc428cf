#include "kolosal/models/forms/neural.h"

#include <algorithm>
#include <cmath>

namespace kolosal {

void describe(Fields<NeuralLayer>& f) {
  f.add("n_inputs", &NeuralLayer::n_inputs, "Numbers that enter.");
  f.add("n_outputs", &NeuralLayer::n_outputs, "Numbers that leave.");
  f.add("weights", &NeuralLayer::weights, "Weight of each input in each output.");
  f.add("bias", &NeuralLayer::bias, "Constant of each output.");
  f.add("mix", &NeuralLayer::mix, "Share of the activation in each output; empty where it is all.");
  f.add("activation", &NeuralLayer::activation, "What is made of the sums.");
}

void describe(Fields<NeuralForm>& f) {
  f.add("n_features", &NeuralForm::n_features, "Columns seen in training.");
  f.add("inputs", &NeuralForm::inputs, "How features become columns.");
  f.add("n_waves", &NeuralForm::n_waves, "Waves of each number.");
  f.add("n_wave_outputs", &NeuralForm::n_wave_outputs, "Numbers made of the waves of a number.");
  f.add("waves", &NeuralForm::waves, "Rates, phases, mix and shifts of the waves of each number.");
  f.add("vector_size", &NeuralForm::vector_size, "Numbers in the vector of a category.");
  f.add("vectors", &NeuralForm::vectors, "Vectors of the levels of each category, the last that of missing and unknown ones.");
  f.add("layers", &NeuralForm::layers, "The layers.");
  f.add("link", &NeuralForm::link, "From sums to predictions.");
  f.add("centers", &NeuralForm::centers, "What is added to each output.");
  f.add("scales", &NeuralForm::scales, "What each output is multiplied by before.");
  f.add("lows", &NeuralForm::lows, "Least value of each output.");
  f.add("highs", &NeuralForm::highs, "Largest value of each output.");
  f.add("n_epochs", &NeuralForm::n_epochs, "Passes over the training rows.");
  f.add("fit_precision", &NeuralForm::fit_precision, "What the products of the fit were made of.");
}

NeuralModel::NeuralModel(NeuralForm form) : form_(std::move(form)), n_numbers_(form_.inputs.n_numbers()) {
  widest_ = padded_width(form_.width());
  for (const NeuralLayer& layer : form_.layers) {
    const auto n_inputs = static_cast<size_t>(layer.n_inputs), n_outputs = static_cast<size_t>(layer.n_outputs);
    Padded padded{n_inputs, padded_width(n_outputs), {}, {}, {}};
    padded.weights.resize(n_inputs * padded.width);
    to_panels(layer.weights.data(), n_outputs, n_inputs, n_outputs, padded.weights.data(), n_inputs * kWidthStep);
    padded.bias = layer.bias;
    padded.bias.resize(padded.width, 0.0F);
    padded.mix = layer.mix;
    if (!padded.mix.empty()) padded.mix.resize(padded.width, 0.0F);
    widest_ = std::max(widest_, padded.width);
    layers_.push_back(std::move(padded));
  }
}

// Room for a block of rows: as they come in, row by row, and in panels as they enter a layer and as they leave it.
struct NeuralModel::Scratch {
  explicit Scratch(const NeuralModel& model)
      : columns(kNeuralBlockRows * model.form_.inputs.n_columns()),
        rows(kNeuralBlockRows * padded_width(model.form_.width())),
        in(kNeuralBlockRows * model.widest_),
        out(in.size()) {}
  std::vector<float> columns, rows, in, out;
};

void enter_columns(const Waves& waves, const float* parameters, size_t n_numbers, const float* columns, size_t n_columns, size_t n,
                   float* out, size_t stride) noexcept {
  constexpr size_t kMostOutputs = 64;
  const size_t n_waved = waves.n_waves > 0 ? n_numbers : 0, step = waves.n_outputs + 1;
  for (size_t c = 0; c < n_waved; ++c)
    for (size_t from = 0; from < n; from += kWidthStep) {
      const size_t size = std::min(kWidthStep, n - from);
      float numbers[kWidthStep] = {}, made[kMostOutputs * kWidthStep];
      for (size_t i = 0; i < size; ++i) numbers[i] = columns[(from + i) * n_columns + c];
      make_waves(waves, parameters + c * waves.size(), numbers, made);
      for (size_t i = 0; i < size; ++i) {
        float* to = out + (from + i) * stride + c * step;
        for (size_t k = 0; k < waves.n_outputs; ++k) to[k] = made[k * kWidthStep + i];
        to[waves.n_outputs] = numbers[i];
      }
    }
  for (size_t i = 0; i < n; ++i) std::copy_n(columns + i * n_columns + n_waved, n_columns - n_waved, out + i * stride + n_waved * step);
}

void NeuralModel::enter(const FeatureMatrix& x, size_t begin, size_t n, Scratch& scratch) const {
  const NeuralInputs& inputs = form_.inputs;
  const size_t width = padded_width(form_.width()), n_columns = inputs.n_columns();
  inputs.encode(x, begin, n, scratch.columns.data(), n_columns);
  enter_columns(form_.wave_shape(), form_.waves.data(), n_numbers_, scratch.columns.data(), n_columns, n, scratch.rows.data(), width);
  const auto size = static_cast<size_t>(form_.vector_size);
  size_t at = form_.width() - inputs.categories.size() * size;
  const float* vectors = form_.vectors.data();
  for (size_t c = 0; c < inputs.categories.size(); ++c, at += size) {
    const auto values = x.column(static_cast<size_t>(inputs.categories[c])).subspan(begin, n);
    for (size_t i = 0; i < n; ++i) std::copy_n(vectors + inputs.code(values[i], c) * size, size, scratch.rows.data() + i * width + at);
    vectors += (static_cast<size_t>(inputs.n_levels[c]) + 1) * size;
  }
  to_panels(scratch.rows.data(), width, n, width, scratch.in.data(), kNeuralBlockRows * kWidthStep);
}

void NeuralModel::sums_of(const FeatureMatrix& x, size_t begin, size_t n, Scratch& scratch, double* out) const {
  constexpr size_t kStep = kNeuralBlockRows * kWidthStep;
  enter(x, begin, n, scratch);
  for (size_t l = 0; l < layers_.size(); ++l) {
    const Padded& layer = layers_[l];
    multiply({scratch.in.data(), kStep, n, layer.n_inputs},
             {layer.weights.data(), layer.n_inputs * kWidthStep, layer.n_inputs, layer.width}, scratch.out.data(), kStep);
    for (size_t j = 0; j < layer.width; j += kWidthStep)
      activate({form_.layers[l].activation, layer.bias.data() + j, layer.mix.empty() ? nullptr : layer.mix.data() + j, kWidthStep}, n,
               scratch.out.data() + j / kWidthStep * kStep);
    std::swap(scratch.in, scratch.out);
  }
  for (size_t i = 0; i < n; ++i)
    for (size_t k = 0; k < n_scores(); ++k) {
      const auto sum = static_cast<double>(scratch.in[place_in_panels(kStep, i, k)]);
      out[i * n_scores() + k] = form_.centers.empty() ? sum : form_.centers[k] + form_.scales[k] * sum;
    }
}

void NeuralModel::predict_scores(const FeatureMatrix& x, std::span<double> out) const {
  check_input(x, out, n_scores());
  Scratch scratch(*this);
  for (size_t begin = 0; begin < x.n_rows(); begin += kNeuralBlockRows)
    sums_of(x, begin, std::min(kNeuralBlockRows, x.n_rows() - begin), scratch, out.data() + begin * n_scores());
}

void NeuralModel::predict_rows(const FeatureMatrix& x, size_t begin, size_t n, std::span<double> out) const {
  Scratch scratch(*this);
  std::vector<double> sums(n * n_scores());
  for (size_t from = 0; from < n; from += kNeuralBlockRows)
    sums_of(x, begin + from, std::min(kNeuralBlockRows, n - from), scratch, sums.data() + from * n_scores());
  apply_link(form_.link, sums, n_scores(), out);
  for (size_t i = 0; !form_.lows.empty() && i < out.size(); ++i)
    out[i] = std::clamp(out[i], form_.lows[i % n_scores()], form_.highs[i % n_scores()]);
}

void NeuralModel::predict(const FeatureMatrix& x, std::span<double> out) const {
  check_input(x, out);
  predict_rows(x, 0, x.n_rows(), out);
}

namespace {

bool all_finite(const std::vector<float>& numbers) {
  return std::ranges::all_of(numbers, [](float number) { return std::isfinite(number); });
}

bool is_index(int32_t number, int64_t end) { return number >= 0 && number < end; }

// Whether features become columns as the lists say, and none lies outside.
bool is_sound(const NeuralInputs& inputs, int64_t n_features) {
  const size_t n = inputs.features.size();
  if (inputs.kinds.size() != n || inputs.levels.size() != n || inputs.centers.size() != n || inputs.scales.size() != n ||
      inputs.categories.size() != inputs.n_levels.size())
    return false;
  const auto is_feature = [&](int32_t feature) { return is_index(feature, n_features); };
  // Numbers come first.
  return std::ranges::all_of(inputs.features, is_feature) && std::ranges::all_of(inputs.categories, is_feature) &&
         std::ranges::all_of(inputs.kinds, [](int32_t kind) { return is_index(kind, 4); }) &&
         std::ranges::all_of(inputs.n_levels, [](int32_t levels) { return is_index(levels, 1 << 24); }) &&
         std::ranges::is_partitioned(inputs.kinds, [](int32_t kind) { return kind == static_cast<int32_t>(NeuralColumn::Number); }) &&
         all_finite(inputs.centers) && all_finite(inputs.scales) && std::isfinite(inputs.clip) && inputs.clip >= 0;
}

bool is_sound(const NeuralLayer& layer, size_t n_inputs) {
  const size_t n = layer.bias.size();
  return n > 0 && n < (size_t{1} << 32) && layer.n_inputs == static_cast<int64_t>(n_inputs) && layer.n_outputs == static_cast<int64_t>(n) &&
         layer.weights.size() % n == 0 && layer.weights.size() / n == n_inputs && (layer.mix.empty() || layer.mix.size() == n) &&
         all_finite(layer.weights) && all_finite(layer.bias) && all_finite(layer.mix);
}

bool is_sound(const NeuralForm& form) {
  constexpr int64_t kMost = 1 << 20, kMostWaveOutputs = 64;
  if (form.n_features < 0 || !is_sound(form.inputs, form.n_features) || form.layers.empty()) return false;
  if (form.n_waves < 0 || form.n_waves > kMost || form.n_wave_outputs < 0 || form.n_wave_outputs > kMostWaveOutputs ||
      form.vector_size < 0 || form.vector_size > kMost || (form.n_waves > 0 && form.n_wave_outputs == 0) || form.n_epochs < 0)
    return false;
  size_t n_vectors = 0;
  for (const int32_t levels : form.inputs.n_levels) n_vectors += static_cast<size_t>(levels) + 1;
  const size_t n_waves = form.n_waves > 0 ? form.inputs.n_numbers() * form.wave_shape().size() : 0;
  if (form.waves.size() != n_waves || form.vectors.size() != n_vectors * static_cast<size_t>(form.vector_size)) return false;
  size_t n_inputs = form.width();
  for (const NeuralLayer& layer : form.layers) {
    if (!is_sound(layer, n_inputs)) return false;
    n_inputs = layer.bias.size();
  }
  const auto fits = [&](const std::vector<double>& numbers) { return numbers.empty() || numbers.size() == n_inputs; };
  const bool bounds_agree = form.lows.size() == form.highs.size() && fits(form.lows);
  const bool moves_agree = form.centers.size() == form.scales.size() && fits(form.centers);
  if (!bounds_agree || !moves_agree || (form.link != Link::Identity && form.link != Link::Softmax)) return false;
  for (size_t k = 0; k < form.lows.size(); ++k)
    if (!(form.lows[k] <= form.highs[k])) return false;
  return all_finite(form.waves) && all_finite(form.vectors);
}

class NeuralReader : public ModelForm {
 public:
  std::unique_ptr<Model> from_value(const Value& value) const override {
    auto form = kolosal::from_value<NeuralForm>(value);
    if (!is_sound(form)) throw Error(ErrorCode::CorruptArtifact, "the parts of a neural network do not agree, or are not finite");
    return std::make_unique<NeuralModel>(std::move(form));
  }
};

}  // namespace

void register_neural_form(Catalog<ModelForm>& catalog) {
  catalog.add<NeuralReader>("neural", "Layers of weighted sums and activations on columns made from the features.");
}

}  // namespace kolosal
