#include "kolosal/metrics/interval.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

// What is resampled as one: rows, or the groups of a ranking task.
std::vector<std::vector<uint32_t>> resampled_units(const MetricInput& input) {
  std::vector<std::vector<uint32_t>> units;
  if (input.group.empty()) return units;
  for (uint32_t row = 0; row < input.n_rows(); ++row) {
    units.resize(std::max<size_t>(units.size(), input.group[row] + size_t{1}));
    units[input.group[row]].push_back(row);
  }
  std::erase_if(units, [](const auto& rows) { return rows.empty(); });
  return units;
}

struct Resample {
  std::vector<double> target, prediction, weights;
  std::vector<uint32_t> group;

  void add(const MetricInput& input, uint32_t row, uint32_t new_group) {
    const size_t n_targets = input.target.size() / input.n_rows();
    target.insert(target.end(), input.target.begin() + row * n_targets, input.target.begin() + (row + 1) * n_targets);
    prediction.insert(prediction.end(), input.prediction.begin() + row * input.n_outputs,
                      input.prediction.begin() + (row + 1) * input.n_outputs);
    if (!input.weights.empty()) weights.push_back(input.weights[row]);
    if (!input.group.empty()) group.push_back(new_group);
  }
};

double resampled_score(const Metric& metric, const MetricInput& input, const std::vector<std::vector<uint32_t>>& units, uint64_t seed,
                       uint64_t index) {
  RandomStream random(seed, "bootstrap", index);
  Resample sample;
  const size_t n = units.empty() ? input.n_rows() : units.size();
  for (uint32_t i = 0; i < n; ++i) {
    const uint64_t drawn = random.below(n);
    if (units.empty()) sample.add(input, static_cast<uint32_t>(drawn), 0);
    else
      for (const uint32_t row : units[drawn]) sample.add(input, row, i);
  }
  try {
    return metric.score({input.task, sample.target, sample.prediction, input.n_outputs, sample.weights, sample.group, input.n_features});
  } catch (const Error&) {
    return std::nan("");
  }
}

}  // namespace

Interval bootstrap_interval(const Metric& metric, const MetricInput& input, const IntervalOptions& options, const FitContext& context) {
  const double score = metric.score(input);
  if (input.n_rows() < 2) return {score, score};
  const auto units = resampled_units(input);
  const int64_t affordable = std::max<int64_t>(40, options.max_work / static_cast<int64_t>(input.n_rows()));
  const auto n_resamples = static_cast<size_t>(std::min<int64_t>(options.n_resamples, affordable));
  std::vector<double> scores(n_resamples, std::nan(""));
  context.threads->parallel_each(n_resamples, [&](size_t b) {
    if (!context.should_stop()) scores[b] = resampled_score(metric, input, units, context.seed, b);
  });
  std::erase_if(scores, [](double s) { return std::isnan(s); });
  if (scores.empty()) return {score, score};
  std::ranges::sort(scores);
  const auto at = [&](double share) {
    const double position = share * static_cast<double>(scores.size() - 1);
    const auto below = static_cast<size_t>(position);
    const double above = scores[std::min(below + 1, scores.size() - 1)];
    return scores[below] + (position - static_cast<double>(below)) * (above - scores[below]);
  };
  const double tail = (1 - options.confidence) / 2;
  return {at(tail), at(1 - tail)};
}

}  // namespace kolosal
