#include "kolosal/automl/ensemble_selection.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

constexpr size_t kMaxRows = 10'000;
// Rounds without a better mean after which selection ends.
constexpr size_t kPatience = 8;
// Candidates of less weight cost more at prediction than they bring.
constexpr double kLeastWeight = 0.03;

struct Guards {
  size_t size;        // models in the mean, counted with repetition
  size_t bootstraps;  // row resamples over which weights are averaged
  double shrinkage;   // towards equal weights of the chosen
};

Guards guards_for(size_t n_rows) {
  if (n_rows < 1'000) return {15, 10, 0.3};
  if (n_rows < 10'000) return {25, 5, 0.0};
  return {30, 1, 0.0};
}

// The rows listed of everything, so that each selection runs on dense arrays.
struct Sample {
  Target target;
  std::vector<double> weights;
  std::vector<std::vector<double>> predictions;
};

Sample sample_rows(const EnsembleInput& input, std::span<const uint32_t> rows) {
  const size_t width = input.target.n_outputs();
  Sample sample{input.target.take(rows), {}, {}};
  if (!input.weights.empty())
    for (const uint32_t row : rows) sample.weights.push_back(input.weights[row]);
  for (const auto& from : input.predictions) {
    std::vector<double> taken;
    taken.reserve(rows.size() * width);
    for (const uint32_t row : rows)
      for (size_t k = 0; k < width; ++k) taken.push_back(from[row * width + k]);
    sample.predictions.push_back(std::move(taken));
  }
  return sample;
}

double loss_of(const Metric& metric, const Sample& sample, std::span<const double> prediction, size_t n_features) {
  const double score = metric.score(
      {sample.target.task, sample.target.values, prediction, sample.target.n_outputs(), sample.weights, sample.target.group, n_features});
  if (std::isnan(score)) return std::numeric_limits<double>::infinity();
  return metric.higher_is_better() ? -score : score;
}

// One greedy pass: how often each candidate was taken.
std::vector<double> greedy_counts(const Sample& sample, const Metric& metric, size_t n_features, size_t size, const FitContext& context) {
  const size_t n_candidates = sample.predictions.size();
  const size_t n = sample.predictions.front().size();
  std::vector<double> sum(n);
  std::vector<double> counts(n_candidates);
  std::vector<double> best_counts;
  double best_loss = std::numeric_limits<double>::infinity();
  size_t best_round = 0;
  for (size_t round = 0; round < size && !(round > 0 && context.should_stop()); ++round) {
    std::vector<double> losses(n_candidates);
    context.threads->parallel_each(n_candidates, [&](size_t j) {
      std::vector<double> mean(n);
      const double scale = 1.0 / static_cast<double>(round + 1);
      for (size_t i = 0; i < n; ++i) mean[i] = (sum[i] + sample.predictions[j][i]) * scale;
      losses[j] = loss_of(metric, sample, mean, n_features);
    });
    size_t taken = 0;
    for (size_t j = 1; j < n_candidates; ++j) {
      const double gap = losses[taken] - losses[j];
      const double tolerance = 1e-9 * (std::abs(losses[taken]) + 1e-9);
      if (gap > tolerance || (gap > -tolerance && counts[j] > 0 && counts[taken] == 0)) taken = j;
    }
    counts[taken] += 1;
    for (size_t i = 0; i < n; ++i) sum[i] += sample.predictions[taken][i];
    if (best_counts.empty() || losses[taken] < best_loss - 1e-9 * std::abs(best_loss)) {
      best_loss = losses[taken];
      best_counts = counts;
      best_round = round;
    }
    if (round - best_round >= kPatience) break;
  }
  return best_counts;
}

}  // namespace

std::vector<double> weighted_mean(std::span<const std::span<const double>> predictions, std::span<const double> weights) {
  std::vector<double> mean(predictions.front().size());
  for (size_t j = 0; j < predictions.size(); ++j)
    if (weights[j] != 0)
      for (size_t i = 0; i < mean.size(); ++i) mean[i] += weights[j] * predictions[j][i];
  return mean;
}

std::vector<double> select_ensemble(const EnsembleInput& input, const Metric& metric, const FitContext& context) {
  const size_t n_candidates = input.predictions.size();
  if (n_candidates == 1) return {1.0};
  const size_t n_rows = input.target.n_rows;
  const Guards guards = guards_for(n_rows);
  std::vector<double> weights(n_candidates);
  for (size_t b = 0; b < guards.bootstraps; ++b) {
    if (b > 0 && context.should_stop()) break;
    RandomStream random(context.seed, "ensemble_selection", b);
    std::vector<uint32_t> rows(std::min(n_rows, kMaxRows));
    std::iota(rows.begin(), rows.end(), 0U);
    // Groups of a ranking task must stay whole, so their rows are never resampled.
    if (input.target.task != Task::Ranking && (guards.bootstraps > 1 || n_rows > kMaxRows)) {
      for (uint32_t& row : rows) row = static_cast<uint32_t>(random.below(n_rows));
      std::ranges::sort(rows);
    } else if (input.target.task == Task::Ranking) {
      rows.resize(n_rows);
      std::iota(rows.begin(), rows.end(), 0U);
    }
    const Sample sample = sample_rows(input, rows);
    const std::vector<double> counts = greedy_counts(sample, metric, input.n_features, guards.size, context);
    const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
    for (size_t j = 0; j < n_candidates; ++j) weights[j] += counts[j] / total;
  }
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  const auto n_chosen = static_cast<double>(std::ranges::count_if(weights, [](double w) { return w > 0; }));
  for (double& weight : weights) weight = weight > 0 ? (1 - guards.shrinkage) * weight / total + guards.shrinkage / n_chosen : 0.0;
  const double least = std::min(kLeastWeight, *std::ranges::max_element(weights));
  double kept = 0;
  for (double& weight : weights) kept += weight = weight < least ? 0.0 : weight;
  for (double& weight : weights) weight /= kept;
  return weights;
}

std::vector<double> cross_fitted_mean(const EnsembleInput& input, std::span<const uint8_t> half, const Metric& metric,
                                      const FitContext& context) {
  const size_t width = input.target.n_outputs();
  std::vector<double> mean(input.target.n_rows * width);
  for (const uint8_t scored : {uint8_t{0}, uint8_t{1}}) {
    std::vector<uint32_t> other;
    for (uint32_t row = 0; row < half.size(); ++row)
      if (half[row] != scored) other.push_back(row);
    if (other.empty() || other.size() == half.size()) return {};
    const Sample sample = sample_rows(input, other);
    const std::vector<double> weights = select_ensemble(
        {sample.target, sample.weights, {sample.predictions.begin(), sample.predictions.end()}, input.n_features}, metric, context);
    for (size_t row = 0; row < half.size(); ++row)
      for (size_t k = 0; half[row] == scored && k < width; ++k)
        for (size_t j = 0; j < weights.size(); ++j) mean[row * width + k] += weights[j] * input.predictions[j][row * width + k];
  }
  return mean;
}

}  // namespace kolosal
