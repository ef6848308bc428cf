#include "kolosal/models/neural/fit_inputs.h"

#include <algorithm>
#include <cmath>

#include "kolosal/kernels/kernels.h"
#include "kolosal/kernels/sort.h"

namespace kolosal {
namespace {

constexpr double kMostScale = 1e30;  // keeps scaled numbers from becoming 0 times infinity

struct Scale {
  double center = 0, factor = 0;  // a factor of 0: constant
};

// Between the two nearest of sorted numbers, as NumPy's percentiles are.
double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

Scale scale_of(std::vector<double> numbers, InputScaling scaling) {
  if (numbers.empty()) return {};
  if (scaling == InputScaling::Robust) {
    sort_ascending(numbers);
    const double low = quantile(numbers, 0.25), high = quantile(numbers, 0.75), range = numbers.back() - numbers.front();
    if (range == 0) return {};
    return {quantile(numbers, 0.5), high > low ? 1 / (high - low) : 2 / range};
  }
  const Range range = min_max(std::span<const double>(numbers));
  if (range.min == range.max) return {};
  if (scaling == InputScaling::None) return {0, 1};
  const Moments spread = moments(std::span<const double>(numbers));
  return {spread.mean, 1 / std::sqrt(spread.variance())};
}

void add_column(NeuralInputs& inputs, size_t feature, NeuralColumn kind, int32_t level = 0) {
  inputs.features.push_back(static_cast<int32_t>(feature));
  inputs.kinds.push_back(static_cast<int32_t>(kind));
  inputs.levels.push_back(level);
}

bool has_missing(std::span<const float> column) {
  return std::ranges::any_of(column, [](float value) { return std::isnan(value); });
}

// Every column that might be, those of numbers first.
NeuralInputs possible_columns(const FeatureMatrix& x, int max_one_hot) {
  NeuralInputs inputs;
  for (size_t j = 0; j < x.n_features(); ++j)
    if (x.features()[j].n_categories == 0) add_column(inputs, j, NeuralColumn::Number);
  for (size_t j = 0; j < x.n_features(); ++j) {
    const int32_t n_levels = x.features()[j].n_categories;
    if (n_levels == 0) {
      if (has_missing(x.column(j))) add_column(inputs, j, NeuralColumn::Missing);
    } else if (n_levels == 2 && max_one_hot >= 3) {
      add_column(inputs, j, NeuralColumn::Sign);
    } else if (n_levels + 1 <= max_one_hot) {
      for (int32_t level = 0; level < n_levels; ++level) add_column(inputs, j, NeuralColumn::Level, level);
    } else {
      inputs.categories.push_back(static_cast<int32_t>(j));
      inputs.n_levels.push_back(n_levels);
    }
  }
  return inputs;
}

}  // namespace

NeuralInputs fit_neural_inputs(const FeatureMatrix& x, InputScaling scaling, double clip, int max_one_hot, const FitContext& context) {
  const NeuralInputs possible = possible_columns(x, max_one_hot);
  std::vector<Scale> scales(possible.n_columns());
  context.threads->parallel_each(scales.size(), [&](size_t c) {
    if (context.should_stop()) return;
    std::vector<float> values(x.n_rows());
    possible.raw_column(x, c, 0, x.n_rows(), values.data(), 1);
    std::vector<double> numbers;
    numbers.reserve(values.size());
    for (const float value : values)
      if (std::isfinite(value)) numbers.push_back(static_cast<double>(value));
    scales[c] = scale_of(std::move(numbers), scaling);
  });
  context.check();
  NeuralInputs inputs;
  inputs.clip = static_cast<float>(clip);
  inputs.categories = possible.categories;
  inputs.n_levels = possible.n_levels;
  for (size_t c = 0; c < scales.size(); ++c) {
    if (scales[c].factor == 0) continue;
    add_column(inputs, static_cast<size_t>(possible.features[c]), static_cast<NeuralColumn>(possible.kinds[c]), possible.levels[c]);
    inputs.centers.push_back(static_cast<float>(scales[c].center));
    inputs.scales.push_back(static_cast<float>(std::min(scales[c].factor, kMostScale)));
  }
  return inputs;
}

}  // namespace kolosal
