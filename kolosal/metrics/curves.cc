#include "kolosal/metrics/curves.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace kolosal {
namespace {

double weight_of(std::span<const double> weights, size_t row) { return weights.empty() ? 1.0 : weights[row]; }

// Rows of positive weight by falling score; ties keep their order.
std::vector<size_t> falling(std::span<const double> score, std::span<const double> weights) {
  std::vector<size_t> order;
  for (size_t row = 0; row < score.size(); ++row)
    if (weight_of(weights, row) > 0) order.push_back(row);
  std::ranges::stable_sort(order, std::greater(), [&](size_t row) { return score[row]; });
  return order;
}

// Cumulated weights of true and false positives at each distinct threshold.
struct Cumulated {
  std::vector<double> positives, negatives, threshold;
};

Cumulated cumulate(std::span<const double> is_positive, std::span<const double> score, std::span<const double> weights) {
  Cumulated cumulated;
  double positives = 0, negatives = 0;
  const std::vector<size_t> order = falling(score, weights);
  for (size_t i = 0; i < order.size(); ++i) {
    (is_positive[order[i]] > 0 ? positives : negatives) += weight_of(weights, order[i]);
    if (i + 1 < order.size() && score[order[i + 1]] == score[order[i]]) continue;
    cumulated.positives.push_back(positives);
    cumulated.negatives.push_back(negatives);
    cumulated.threshold.push_back(score[order[i]]);
  }
  return cumulated;
}

double share(double part, double whole) { return whole > 0 ? part / whole : std::numeric_limits<double>::quiet_NaN(); }

}  // namespace

RocCurve roc_curve(std::span<const double> is_positive, std::span<const double> score, std::span<const double> weights) {
  const Cumulated c = cumulate(is_positive, score, weights);
  RocCurve curve{{0}, {0}, {std::numeric_limits<double>::infinity()}};
  for (size_t i = 0; i < c.threshold.size(); ++i) {
    curve.false_positive_rate.push_back(share(c.negatives[i], c.negatives.back()));
    curve.true_positive_rate.push_back(share(c.positives[i], c.positives.back()));
    curve.threshold.push_back(c.threshold[i]);
  }
  return curve;
}

PrecisionRecallCurve precision_recall_curve(std::span<const double> is_positive, std::span<const double> score,
                                            std::span<const double> weights) {
  const Cumulated c = cumulate(is_positive, score, weights);
  PrecisionRecallCurve curve{{0}, {1}, {std::numeric_limits<double>::infinity()}};
  for (size_t i = 0; i < c.threshold.size(); ++i) {
    curve.recall.push_back(share(c.positives[i], c.positives.back()));
    curve.precision.push_back(share(c.positives[i], c.positives[i] + c.negatives[i]));
    curve.threshold.push_back(c.threshold[i]);
  }
  return curve;
}

CalibrationCurve calibration_curve(std::span<const double> is_positive, std::span<const double> probability,
                                   std::span<const double> weights, size_t n_bins) {
  std::vector<size_t> order = falling(probability, weights);
  std::ranges::reverse(order);
  double total = 0;
  for (const size_t row : order) total += weight_of(weights, row);
  CalibrationCurve curve;
  double before = 0, predicted = 0, observed = 0, weight = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    const double w = weight_of(weights, order[i]);
    predicted += w * probability[order[i]];
    observed += w * is_positive[order[i]];
    weight += w;
    // A bin ends where its share of the weight is reached, never between equal probabilities.
    const bool ends =
        i + 1 == order.size() || (before + weight >= total * static_cast<double>(curve.weight.size() + 1) / static_cast<double>(n_bins) &&
                                  probability[order[i + 1]] != probability[order[i]]);
    if (!ends) continue;
    curve.mean_predicted.push_back(predicted / weight);
    curve.observed_share.push_back(observed / weight);
    curve.weight.push_back(weight);
    before += weight;
    predicted = observed = weight = 0;
  }
  return curve;
}

std::vector<double> confusion_matrix(std::span<const double> target, std::span<const double> predicted, size_t n_classes,
                                     std::span<const double> weights) {
  std::vector<double> counts(n_classes * n_classes);
  for (size_t row = 0; row < target.size(); ++row)
    counts[static_cast<size_t>(target[row]) * n_classes + static_cast<size_t>(predicted[row])] += weight_of(weights, row);
  return counts;
}

}  // namespace kolosal
