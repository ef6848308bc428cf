#include "kolosal/models/trees/row_sampling.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kolosal/base/random.h"
#include "kolosal/models/trees/leaf_scale.h"
#include "kolosal/models/trees/summed_loss.h"

namespace kolosal {
namespace {

constexpr double kTopShare = 2.0 / 3;  // of the rows that GOSS keeps, those that it keeps for the size of their gradients

// Each row with the same chance, in steps of 1 / 65536.
void draw_uniformly(double fraction, size_t n, uint64_t seed, RowSample& sample) {
  RandomStream stream(seed, "uniform");
  const auto bound = static_cast<uint64_t>(fraction * 65536);
  for (size_t i = 0; i < n; i += 4) {
    uint64_t numbers = stream.next();
    for (size_t row = i; row < std::min(n, i + 4); ++row, numbers >>= 16)
      ((numbers & 65535) < bound ? sample.rows : sample.others).push_back(static_cast<uint32_t>(row));
  }
}

// Calls add(row in block, raw output, gradient, hessian) for the rows of a block and every raw output, until the context asks to stop.
template <class Add>
void for_each_slope(const BoostingLoss& loss, size_t begin, size_t end, const FitContext& context, const Add& add) {
  std::vector<double> g(end - begin), h(end - begin);
  for (size_t k = 0; k < loss.n_raw() && !context.should_stop(); ++k) {
    loss.gradients(k, begin, g, h);
    for (size_t i = 0; i < g.size(); ++i) add(i, k, g[i], h[i]);
  }
}

// The weights of a block's rows: 1 of the greatest, the same of those drawn among the others, 0 of the rest.
void weigh_by_size(std::span<const float> sizes, double fraction, RandomStream stream, std::span<float> weights) {
  const size_t n = sizes.size();
  const auto n_top = std::max<size_t>(1, static_cast<size_t>(std::lround(fraction * kTopShare * static_cast<double>(n))));
  size_t n_left = std::max<size_t>(1, static_cast<size_t>(std::lround(fraction * (1 - kTopShare) * static_cast<double>(n))));
  if (n_top + n_left >= n) {
    std::ranges::fill(weights, 1.0F);
    return;
  }
  std::vector<float> sorted(sizes.begin(), sizes.end());
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<ptrdiff_t>(n_top - 1), sorted.end(), std::greater<>());
  const float least = sorted[n_top - 1];
  auto n_ties = n_top - static_cast<size_t>(std::ranges::count_if(sizes, [&](float size) { return size > least; }));
  const float weight = static_cast<float>(n - n_top) / static_cast<float>(n_left);
  size_t n_others = n - n_top;
  for (size_t i = 0; i < n; ++i) {
    if (sizes[i] > least || (sizes[i] == least && n_ties > 0)) {
      if (sizes[i] == least) --n_ties;
      weights[i] = 1;
    } else if (stream.below(n_others--) < n_left) {
      --n_left;
      weights[i] = weight;
    }
  }
}

// The weights 1 / chance of a block's rows that are drawn, 0 of the rest. The chances min(1, size / bound) sum to fraction * n.
void weigh_by_chance(std::span<const float> sizes, double fraction, RandomStream stream, std::span<float> weights) {
  const double wanted = fraction * static_cast<double>(sizes.size());
  double bound = std::accumulate(sizes.begin(), sizes.end(), 0.0) / wanted;
  for (size_t n_sure = 0;;) {  // rows that are sure of their place leave a lower bound for the others
    double rest = 0;
    size_t n_above = 0;
    for (const float size : sizes) {
      if (static_cast<double>(size) >= bound) ++n_above;
      else rest += static_cast<double>(size);
    }
    if (n_above == n_sure || !(rest > 0) || !(wanted > static_cast<double>(n_above))) break;
    n_sure = n_above;
    bound = rest / (wanted - static_cast<double>(n_sure));
  }
  for (size_t i = 0; i < sizes.size(); ++i) {
    const double chance = bound > 0 ? std::min(1.0, static_cast<double>(sizes[i]) / bound) : fraction;
    if (stream.uniform() < chance) weights[i] = static_cast<float>(1 / chance);
  }
}

// (mean |g| / mean h)^2 of each raw output.
std::vector<double> hessian_shares(const BoostingLoss& loss, size_t n, const FitContext& context) {
  std::vector<double> shares;
  for (size_t k = 0; k < loss.n_raw() && !context.should_stop(); ++k) {
    std::vector<double> of_g((n + kLossBlock - 1) / kLossBlock, 0.0), of_h(of_g.size(), 0.0);
    context.threads->parallel_for(n, kLossBlock, [&](size_t begin, size_t end) {
      std::vector<double> g(end - begin), h(end - begin);
      loss.gradients(k, begin, g, h);
      for (const double each : g) of_g[begin / kLossBlock] += std::abs(each);
      of_h[begin / kLossBlock] = std::accumulate(h.begin(), h.end(), 0.0);
    });
    const double sum_g = std::accumulate(of_g.begin(), of_g.end(), 0.0), sum_h = std::accumulate(of_h.begin(), of_h.end(), 0.0);
    shares.push_back(sum_h > 0 ? (sum_g / sum_h) * (sum_g / sum_h) : 0);
  }
  return shares;
}

}  // namespace

RowSample draw_rows(RowSampling sampling, double fraction, size_t n, const BoostingLoss& loss, uint64_t seed, const FitContext& context) {
  RowSample sample;
  if (fraction >= 1) return sample;
  // Twice the greatest deviation that there is from the mean, so that the lists are not made anew as they grow.
  const double n_drawn = fraction * static_cast<double>(n), more = 8 * std::sqrt(static_cast<double>(n));
  sample.rows.reserve(std::min(n, static_cast<size_t>(n_drawn + more)));
  sample.others.reserve(std::min(n, static_cast<size_t>(static_cast<double>(n) - n_drawn + more)));
  if (sampling == RowSampling::Uniform) {
    draw_uniformly(fraction, n, seed, sample);
  } else {
    sample.weights.assign(n, 0.0F);
    double unit = 0;  // of gradients, so that their squares are float32
    for (size_t k = 0; k < loss.n_raw(); ++k) unit = std::max(unit, loss.largest_gradient(k));
    unit = float_scale(unit);
    const std::vector<double> share = sampling == RowSampling::Goss ? std::vector<double>() : hessian_shares(loss, n, context);
    context.threads->parallel_for(n, kLossBlock, [&](size_t begin, size_t end) {
      std::vector<float> sizes(end - begin, 0.0F);
      for_each_slope(loss, begin, end, context, [&](size_t i, size_t k, double g, double h) {
        sizes[i] += static_cast<float>(share.empty() ? std::abs(g * h) / unit : (g * g + share[k] * h * h) / unit / unit);
      });
      const RandomStream stream(seed, "block", begin / kLossBlock);
      const std::span weights = std::span(sample.weights).subspan(begin, end - begin);
      if (share.empty()) return weigh_by_size(sizes, fraction, stream, weights);
      for (float& size : sizes) size = std::sqrt(size);
      weigh_by_chance(sizes, fraction, stream, weights);
    });
    for (size_t i = 0; i < n; ++i) (sample.weights[i] > 0 ? sample.rows : sample.others).push_back(static_cast<uint32_t>(i));
  }
  if (!sample.rows.empty()) return sample;
  const auto drawn = static_cast<ptrdiff_t>(RandomStream(seed, "one row").below(n));
  sample.rows = {static_cast<uint32_t>(drawn)};
  sample.others.erase(sample.others.begin() + drawn);
  if (!sample.weights.empty()) sample.weights[static_cast<size_t>(drawn)] = 1;
  return sample;
}

}  // namespace kolosal
