#include "kolosal/explain/partial_dependence.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace kolosal {
namespace {

/// The quantile of sorted numbers, between them by straight lines.
double quantile(const std::vector<float>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const auto low = static_cast<double>(sorted[below]), high = static_cast<double>(sorted[std::min(below + 1, sorted.size() - 1)]);
  return low + (place - static_cast<double>(below)) * (high - low);
}

void check_feature(const FeatureMatrix& x, size_t feature) {
  if (feature >= x.n_features())
    throw Error(ErrorCode::BadValue,
                "there is no feature " + std::to_string(feature) + "; there are " + std::to_string(x.n_features()) + ", from 0 on");
}

}  // namespace

std::vector<float> dependence_grid(const FeatureMatrix& x, size_t feature, size_t most, double low, double high) {
  check_feature(x, feature);
  if (most < 2) throw Error(ErrorCode::BadValue, "a grid has at least 2 values, not " + std::to_string(most));
  if (!(low >= 0 && low < high && high <= 1)) throw Error(ErrorCode::BadValue, "the quantiles are not 0 <= low < high <= 1");
  std::vector<float> sorted;
  for (const float value : x.column(feature))
    if (std::isfinite(value)) sorted.push_back(value);
  if (sorted.empty()) throw Error(ErrorCode::EmptyInput, "feature '" + x.features()[feature].name + "' has no finite value");
  std::ranges::sort(sorted);
  std::vector<float> distinct = sorted;
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  if (distinct.size() <= most || x.features()[feature].n_categories > 0) return distinct;
  const double first = quantile(sorted, low), last = quantile(sorted, high);
  std::vector<float> grid(most);
  for (size_t i = 0; i < most; ++i)
    grid[i] = static_cast<float>(first + (last - first) * static_cast<double>(i) / static_cast<double>(most - 1));
  grid.erase(std::unique(grid.begin(), grid.end()), grid.end());
  return grid;
}

PartialDependence partial_dependence(const Model& model, const FeatureMatrix& x, size_t feature, std::span<const float> values,
                                     std::span<const double> weights, bool individual, const FitContext& context) {
  check_feature(x, feature);
  const size_t n = x.n_rows(), width = model.n_outputs();
  if (n == 0) throw Error(ErrorCode::EmptyInput, "there are no rows to predict");
  if (!weights.empty() && weights.size() != n) throw Error(ErrorCode::BadValue, "there are not as many weights as rows");
  const double total = weights.empty() ? static_cast<double>(n) : std::accumulate(weights.begin(), weights.end(), 0.0);
  if (!(total > 0)) throw Error(ErrorCode::BadValue, "all weights are zero");
  std::vector<uint32_t> all(n);
  std::iota(all.begin(), all.end(), 0U);

  PartialDependence made{{values.begin(), values.end()}, std::vector<double>(values.size() * width), {}};
  if (individual) made.individual.resize(values.size() * n * width);
  // Blocks of values share a copy of the rows; a value's results do not depend on its block.
  const size_t n_copies = 4 * static_cast<size_t>(context.threads->size());
  context.threads->parallel_for(values.size(), (values.size() + n_copies - 1) / n_copies, [&](size_t begin, size_t end) {
    FeatureMatrix set = x.take(all);
    std::vector<double> predicted(n * width);
    for (size_t v = begin; v < end && !context.should_stop(); ++v) {
      std::ranges::fill(set.column(feature), values[v]);
      model.predict(set, predicted);
      for (size_t row = 0; row < n; ++row)
        for (size_t k = 0; k < width; ++k)
          made.average[v * width + k] += (weights.empty() ? 1 : weights[row]) * predicted[row * width + k] / total;
      if (individual) std::ranges::copy(predicted, made.individual.begin() + static_cast<ptrdiff_t>(v * n * width));
    }
  });
  context.check();
  return made;
}

}  // namespace kolosal
