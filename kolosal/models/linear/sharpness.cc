#include "kolosal/models/linear/sharpness.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace kolosal {
namespace {

// Minus the logarithm of the likelihood of the classes, by one factor that multiplies all margins (n_rows, n_sums).
struct Sharpness {
  const WeightedRows& rows;
  std::span<const double> margins;

  // First and second derivative by the factor.
  std::pair<double, double> slopes(double factor, const FitContext& context) const {
    const size_t k = margins.size() / rows.n_rows();
    const std::vector<double> sums = rows.sum_blocks(2, 1, context, [&](size_t begin, size_t n, double* sum, std::vector<double>& p) {
      const double* weights = rows.weights(begin);
      p.resize(k);
      for (size_t i = 0; i < n; ++i) {
        const auto truth = static_cast<size_t>(rows.target().values[begin + i]);
        const auto margin = [&](size_t c) { return margins[(begin + i) * k + c]; };
        if (k == 1) {
          const double share = 1 / (1 + std::exp(-factor * margin(0)));
          sum[0] += weights[i] * margin(0) * (share - static_cast<double>(truth));
          sum[1] += weights[i] * margin(0) * margin(0) * share * (1 - share);
          continue;
        }
        double largest = margin(0), total = 0, mean = 0, square = 0;
        for (size_t c = 1; c < k; ++c) largest = std::max(largest, margin(c));
        for (size_t c = 0; c < k; ++c) total += p[c] = std::exp(factor * (margin(c) - largest));
        for (size_t c = 0; c < k; ++c) {
          mean += p[c] / total * margin(c);
          square += p[c] / total * margin(c) * margin(c);
        }
        sum[0] += weights[i] * (mean - margin(truth));
        sum[1] += weights[i] * (square - mean * mean);
      }
    });
    return {sums[0], sums[1]};
  }

  // The factor where the first derivative is 0, within [0.01, 100]: Newton's steps, halved where they leave what is known to hold it.
  double best(const FitContext& context) const {
    double low = 0.01, high = 100, factor = 1;
    for (int n = 0; n < 60 && !context.should_stop(); ++n) {
      const auto [first, second] = slopes(factor, context);
      (first > 0 ? high : low) = factor;
      const double step = second > 0 ? factor - first / second : low;
      const double next = step > low && step < high ? step : std::sqrt(low * high);
      if (std::abs(next - factor) <= 1e-10 * factor) break;
      factor = next;
    }
    return factor;
  }
};

}  // namespace

void sharpen(LinearForm& form, const WeightedRows& rows, std::span<const double> margins, const FitContext& context) {
  const double factor = Sharpness{rows, margins}.best(context);
  for (double& weight : form.weights) weight *= factor;
  for (double& bias : form.bias) bias *= factor;
}

}  // namespace kolosal
