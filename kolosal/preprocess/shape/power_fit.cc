// The log likelihood of lambda, up to a constant, is  -W/2 log var(curve(x)) + (lambda - 1) sum_i w_i J(x_i),  W the sum of weights and
// J the logarithm of the curve's slope at lambda = 2 (log x, or sign(x) log(1 + |x|)). It is maximised by Brent's method: first over a
// part of a large sample, then over all of it near the lambda found.
//
// Cost     O(n_rows) a step, about 30 steps, 10 where the sample is large; the logarithms are taken once.
// Source   Yeo and Johnson, Biometrika 87(4), 2000; Brent, "Algorithms for minimization without derivatives", 1973.
// Checked  power_test.cc; scikit-learn's PowerTransformer in tests/parity.
#include "kolosal/preprocess/shape/power_fit.h"

#include <algorithm>
#include <boost/math/tools/minima.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "kolosal/kernels/power_curves.h"

namespace kolosal {
namespace {

constexpr double kMostLambda = 30;
constexpr double kEps = std::numeric_limits<double>::epsilon();
constexpr size_t kFewValues = 1 << 14;  // enough of a sample to come within kNear of the whole's lambda
constexpr double kNear = 0.1;

/// Minus the log likelihood, from the logarithms of a sample.
class Likelihood {
 public:
  Likelihood(PowerCurve curve, std::span<const double> logs, std::span<const double> weights)
      : curve_(curve), logs_(logs), weights_(weights) {
    for (size_t i = 0; i < logs.size(); ++i) {
      const double weight = weights.empty() ? 1.0 : weights[i];
      slopes_ += weight * logs[i];
      total_ += weight;
    }
  }

  double operator()(double lambda) const {
    const double spread = variance(lambda);
    if (!(spread > 0) || std::isinf(spread)) return std::numeric_limits<double>::infinity();
    return total_ / 2 * std::log(spread) - (lambda - 1) * slopes_;
  }

  /// The weighted sum of the logarithms.
  double slopes() const { return slopes_; }

 private:
  // In one pass about the curve of some value in the middle, which is near enough to the mean.
  double variance(double lambda) const {
    const bool is_box_cox = curve_ == PowerCurve::BoxCox;
    const auto sums = is_box_cox ? &box_cox_sums : &yeo_johnson_sums;
    const double origin = sums(logs_.subspan(logs_.size() / 2, 1), {}, lambda, 0).first;
    if (!std::isfinite(origin)) return origin;
    const PowerSums found = sums(logs_, weights_, lambda, origin);
    return (found.second - found.first * found.first / total_) / total_;
  }

  PowerCurve curve_;
  std::span<const double> logs_, weights_;
  double slopes_ = 0, total_ = 0;
};

/// The lambda of least loss in [low, high], and the loss.
std::pair<double, double> least(const Likelihood& loss, double low, double high) {
  return boost::math::tools::brent_find_minima(loss, low, high, 40);
}

/// A lambda near that of least loss, with the digits that a search by values alone leaves to chance: where the slope is 0.
double refined(const Likelihood& loss, double lambda) {
  constexpr double kStep = 1e-4;
  const double below = loss(lambda - kStep), here = loss(lambda), above = loss(lambda + kStep);
  const double move = kStep / 2 * (above - below) / (above - 2 * here + below);
  return std::abs(move) < kStep ? lambda - move : lambda;
}

/// Minus the log likelihood where all logarithms are on one side of 0, whatever lambda is: from the curve divided by what its largest
/// exponential is, whose logarithm is added in the end, so that nothing overflows or vanishes.
class OneSidedLikelihood {
 public:
  OneSidedLikelihood(PowerCurve curve, std::span<const double> logs, std::span<const double> weights)
      : flips_(curve == PowerCurve::YeoJohnson && std::ranges::max(logs) <= 0),
        weights_(weights.begin(), weights.end()),
        slopes_(Likelihood(curve, logs, weights).slopes()) {
    for (const double log : logs) logs_.push_back(flips_ ? -log : log);
    if (weights_.empty()) weights_.assign(logs_.size(), 1);
    range_ = {std::ranges::min(logs_), std::ranges::max(logs_)};
  }

  double operator()(double lambda) const {
    const double power = flips_ ? 2 - lambda : lambda, top = power > 0 ? range_.max : range_.min;
    Sample bent{logs_, weights_};
    for (double& log : bent.values) log = power == 0 ? log : std::expm1(power * (log - top)) / power;
    const double deviation = sample_deviation(bent, sample_mean(bent));
    if (!(deviation > 0)) return std::numeric_limits<double>::infinity();
    const double total = std::accumulate(weights_.begin(), weights_.end(), 0.0);
    return total * (std::log(deviation) + power * top) - (lambda - 1) * slopes_;
  }

 private:
  bool flips_;
  std::vector<double> logs_, weights_;
  double slopes_;
  Range range_{};
};

/// The least and the largest lambda for which the curve of the sample is finite, and not so flat that numbers far from 0 become the same
/// float64; of YeoJohnson's, also the square of the curve of numbers up to 20 times as large.
std::pair<double, double> lambda_bounds(PowerCurve curve, std::span<const double> logs) {
  constexpr double kMostExponent = 700, kMostOfSquares = 336;
  constexpr double kMostFlat = 18;  // exp(-18): half of float64's digits still tell numbers apart
  const auto [lowest, highest] = std::ranges::minmax(logs);
  const double largest = std::max(std::abs(lowest), std::abs(highest));
  const double flattest = -kMostFlat / std::max(lowest, 0.0), flattest_below = kMostFlat / std::max(-highest, 0.0);
  if (curve == PowerCurve::BoxCox) return {std::max(-kMostExponent / largest, flattest), std::min(kMostExponent / largest, flattest_below)};
  const double most = kMostOfSquares / (largest < 600 ? std::log1p(20 * std::expm1(largest)) : largest + std::log(20.0));
  if (lowest >= 0) return {std::max(-most, flattest), most};
  if (highest < 0) return {2 - most, 2 + std::min(most, flattest_below)};
  return {std::max(2 - most, -most), std::min(2 + most, most)};
}

/// The likeliest lambda between bounds that may be far apart.
double far_lambda(PowerCurve curve, std::span<const double> logs, std::span<const double> weights, double low, double high) {
  if (!(low < high)) return 1;  // of numbers on both sides of 0: any other lambda makes one side overflow
  const bool one_sided = curve == PowerCurve::BoxCox || std::ranges::min(logs) >= 0 || std::ranges::max(logs) <= 0;
  const auto search = [&](const auto& loss_of) {
    const auto [lambda, loss] = boost::math::tools::brent_find_minima(loss_of, low, high, 40);
    return std::isfinite(loss) ? lambda : std::clamp(1.0, low, high);
  };
  return one_sided ? search(OneSidedLikelihood(curve, logs, weights)) : search(Likelihood(curve, logs, weights));
}

/// Every n-th of the numbers, so many that about kFewValues stay.
std::vector<double> thinned(std::span<const double> x) {
  std::vector<double> few;
  for (size_t i = 0; i < x.size(); i += std::max<size_t>(x.size() / kFewValues, 1)) few.push_back(x[i]);
  return few;
}

/// The first value, with weight, that the curve is not defined at.
std::optional<double> outside(PowerCurve curve, const Sample& sample) {
  for (const double x : sample.values)
    if (!has_power(curve, x)) return x;
  return std::nullopt;
}

/// Centre and scale of what comes out of the curve.
void standardize_by(PowerColumn& fitted, double center, double scale) {
  if (!std::isfinite(center) || !std::isfinite(scale)) return;
  fitted.center = center;
  if (scale > 10 * kEps * std::max(1.0, std::abs(center))) fitted.scale = scale;
}

[[noreturn]] void throw_outside(std::string_view transformer, const Column& column, double value) {
  throw Error(
      ErrorCode::BadValue,
      std::string(transformer) + ": column '" + column.name() + "' holds " + std::to_string(value) + ", where the curve is not defined",
      "Name other columns, or use yeo_johnson, which takes any number.");
}

bool is_bent(PowerCurve curve) { return curve == PowerCurve::BoxCox || curve == PowerCurve::YeoJohnson; }

PowerColumn fit_column(PowerCurve curve, std::optional<double> lambda, bool standardize, Sample sample) {
  PowerColumn fitted{.curve = curve};
  if (is_bent(curve)) fitted.lambda = lambda ? *lambda : likeliest_lambda(curve, sample);
  if (!standardize || sample.values.empty()) return fitted;
  power_of(fitted, sample.values, sample.values);
  const double center = sample_mean(sample);
  standardize_by(fitted, center, sample_deviation(sample, center));
  return fitted;
}

/// Whether all values of a column that comes in chunks lie in the curve's domain, and what comes out of it.
class ChunkPower {
 public:
  ChunkPower(PowerCurve curve, std::optional<double> lambda, bool standardize)
      : curve_(curve), lambda_(is_bent(curve) ? lambda : 1), standardize_(standardize) {}

  void add(const Column& column, std::span<const double> weights, const FitContext&) {
    if (outside_) return;
    Sample sample = finite_sample(column, weights);
    outside_ = outside(curve_, sample);
    if (outside_) return;
    if (!lambda_) {
      for (size_t i = 0; i < sample.values.size(); ++i) sketch_.add(sample.values[i], sample.weight(i));
    } else if (standardize_) {
      power_of({.curve = curve_, .lambda = *lambda_}, sample.values, sample.values);
      moments_.add(sample);
    }
  }
  const std::optional<double>& value_outside() const { return outside_; }
  PowerColumn found(const std::string& name) const {
    if (!lambda_) {
      PowerColumn fitted = fit_column(curve_, lambda_, standardize_, sketch_.sample());
      fitted.name = name;
      return fitted;
    }
    PowerColumn fitted{.name = name, .curve = curve_, .lambda = *lambda_};
    if (const Moments found = moments_.found(); found.n > 0) standardize_by(fitted, found.mean, std::sqrt(found.variance()));
    return fitted;
  }

 private:
  PowerCurve curve_;
  std::optional<double> lambda_;  // not set: the likeliest
  bool standardize_;
  std::optional<double> outside_;
  ChunkMoments moments_;
  QuantileSketch sketch_;
};

}  // namespace

double likeliest_lambda(PowerCurve curve, const Sample& sample) {
  const double mean = sample_mean(sample);
  if (sample.values.size() < 2 || !(sample_deviation(sample, mean) > kEps * std::abs(mean))) return 1;
  std::vector<double> logs(sample.values.size());
  if (curve == PowerCurve::BoxCox) std::ranges::transform(sample.values, logs.begin(), [](double x) { return std::log(x); });
  else signed_log1p(sample.values, logs);
  const Likelihood all(curve, logs, sample.weights);
  const auto [lowest, highest] = lambda_bounds(curve, logs);
  const double low = std::max(lowest, -kMostLambda), high = std::min(highest, kMostLambda);
  if (!(low < high)) return far_lambda(curve, logs, sample.weights, lowest, highest);
  if (logs.size() > 2 * kFewValues) {
    const std::vector<double> few_logs = thinned(logs), few_weights = thinned(sample.weights);
    const auto [near, few_loss] = least(Likelihood(curve, few_logs, few_weights), low, high);
    const auto [lambda, loss] = least(all, near - kNear, near + kNear);
    if (std::isfinite(few_loss) && std::isfinite(loss) && std::abs(lambda - near) < 0.9 * kNear && std::abs(lambda) < kMostLambda - kNear)
      return std::clamp(refined(all, lambda), lowest, highest);
  }
  if (const auto [lambda, loss] = least(all, low, high); std::isfinite(loss) && std::abs(lambda) < kMostLambda - kNear)
    return std::clamp(refined(all, lambda), lowest, highest);
  return far_lambda(curve, logs, sample.weights, lowest, highest);
}

std::unique_ptr<FittedTransformer> fit_power(const TransformerInput& input, const FitContext& context, PowerCurve curve,
                                             const std::vector<std::string>& columns, std::optional<double> lambda, bool standardize,
                                             std::string_view transformer) {
  const auto chosen = number_columns(input, columns, transformer);
  const std::span<const double> weights = telling_weights(input.weights);
  std::vector<std::optional<PowerColumn>> fitted(chosen.size());
  context.threads->parallel_each(chosen.size(), [&](size_t i) {
    context.check();
    Sample sample = finite_sample(*chosen[i], weights);
    if (const auto value = outside(curve, sample)) {
      if (columns.empty()) return;
      throw_outside(transformer, *chosen[i], *value);
    }
    fitted[i] = fit_column(curve, lambda, standardize, std::move(sample));
    fitted[i]->name = chosen[i]->name();
  });
  std::vector<PowerColumn> made;
  for (std::optional<PowerColumn>& column : fitted)
    if (column) made.push_back(std::move(*column));
  return make_power(std::move(made));
}

std::unique_ptr<ChunkFit> fit_power_in_chunks(PowerCurve curve, const std::vector<std::string>& columns, std::optional<double> lambda,
                                              bool standardize, std::string_view transformer) {
  return std::make_unique<ColumnsInChunks<ChunkPower>>(
      transformer, [&columns, transformer](const TransformerInput& chunk) { return number_columns(chunk, columns, transformer); },
      [&columns, transformer](const Table&, std::span<const Column* const> chosen, const std::vector<ChunkPower>& statistics) {
        std::vector<PowerColumn> made;
        for (size_t i = 0; i < chosen.size(); ++i) {
          if (!statistics[i].value_outside()) made.push_back(statistics[i].found(chosen[i]->name()));
          else if (!columns.empty()) throw_outside(transformer, *chosen[i], *statistics[i].value_outside());
        }
        return make_power(std::move(made));
      },
      [curve, lambda, standardize] { return ChunkPower(curve, lambda, standardize); });
}

}  // namespace kolosal
