#include "kolosal/models/forms/neural_inputs.h"

#include <algorithm>
#include <cmath>

namespace kolosal {

void describe(Fields<NeuralInputs>& f) {
  f.add("features", &NeuralInputs::features, "Feature of each column.");
  f.add("kinds", &NeuralInputs::kinds, "What each column says of its feature.");
  f.add("levels", &NeuralInputs::levels, "Level of each column that stands for one.");
  f.add("centers", &NeuralInputs::centers, "What is taken from each column.");
  f.add("scales", &NeuralInputs::scales, "What each column is then multiplied by.");
  f.add("clip", &NeuralInputs::clip, "Bound into which columns are drawn; 0 for none.");
  f.add("categories", &NeuralInputs::categories, "Features whose levels have vectors.");
  f.add("n_levels", &NeuralInputs::n_levels, "Levels of each of those.");
}

size_t NeuralInputs::n_numbers() const noexcept {
  return static_cast<size_t>(std::ranges::count(kinds, static_cast<int32_t>(NeuralColumn::Number)));
}

void NeuralInputs::raw_column(const FeatureMatrix& x, size_t column, size_t begin, size_t n, float* out, size_t stride) const noexcept {
  const auto values = x.column(static_cast<size_t>(features[column])).subspan(begin, n);
  const auto level = static_cast<float>(levels[column]);
  switch (static_cast<NeuralColumn>(kinds[column])) {
    case NeuralColumn::Number:
      for (size_t i = 0; i < n; ++i) out[i * stride] = values[i];
      return;
    case NeuralColumn::Missing:
      for (size_t i = 0; i < n; ++i) out[i * stride] = std::isnan(values[i]) ? 1.0F : 0.0F;
      return;
    case NeuralColumn::Level:
      for (size_t i = 0; i < n; ++i) out[i * stride] = values[i] == level ? 1.0F : 0.0F;
      return;
    case NeuralColumn::Sign:
      for (size_t i = 0; i < n; ++i) out[i * stride] = values[i] == 1 ? 1.0F : values[i] == 0 ? -1.0F : 0.0F;
      return;
  }
}

void NeuralInputs::encode(const FeatureMatrix& x, size_t begin, size_t n, float* out, size_t stride) const noexcept {
  constexpr float kEnd = 1e6F;
  for (size_t c = 0; c < n_columns(); ++c) {
    float* to = out + c;
    raw_column(x, c, begin, n, to, stride);
    const float center = centers[c], scale = scales[c];
    for (size_t i = 0; i < n; ++i) {
      float& value = to[i * stride];
      value = std::isnan(value) ? 0.0F : std::clamp((value - center) * scale, -kEnd, kEnd);
      if (clip > 0) value /= std::sqrt(1 + (value / clip) * (value / clip));
    }
  }
}

}  // namespace kolosal
