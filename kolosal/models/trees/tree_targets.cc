#include "kolosal/models/trees/tree_targets.h"

#include <algorithm>
#include <cmath>

#include "kolosal/models/trees/leaf_scale.h"

namespace kolosal {
namespace {

// The base score of target k whose mean is `centre`: a multiple of a power of two of 4 to 8 times the greatest distance from it, so that
// targets of few digits are that and a float32. 0 where targets are about as far from the mean as it is from 0.
double base_near(double centre, const Target& target, size_t k) {
  double furthest = 0;
  for (size_t i = 0; i < target.n_rows; ++i) furthest = std::max(furthest, std::abs(target.values[i * target.n_targets + k] - centre));
  if (!(furthest > 0) || !std::isfinite(furthest)) return centre;
  const double step = std::ldexp(1.0, std::ilogb(furthest) + 3);
  return std::isfinite(step) ? step * std::nearbyint(centre / step) : centre;
}

}  // namespace

TreeTargets::TreeTargets(const Target& target, std::span<const double> weights, const Forest* start) : values(target.values) {
  leaf_width = target.n_outputs();
  base_score.assign(leaf_width, 0.0);
  classes = is_classification(target.task) && target.n_classes() != 2;
  width = width_of(target);
  centre.assign(width, 0.0);
  if (is_classification(target.task)) return;
  double total = 0;
  for (size_t i = 0; i < target.n_rows; ++i) {
    const double w = weights.empty() ? 1.0 : weights[i];
    total += w;
    for (size_t k = 0; k < width; ++k) centre[k] += w * values[i * width + k];
  }
  for (double& c : centre) c /= total;
  for (size_t k = 0; k < width; ++k) base_score[k] = start != nullptr ? start->base_score[k] : base_near(centre[k], target, k);
  leaf_scale = leaf_scales(target, base_score, start);
  for (size_t i = 0; i < values.size(); ++i) values[i] -= centre[i % width];
}

size_t TreeTargets::width_of(const Target& target) {
  return is_classification(target.task) && target.n_classes() != 2 ? target.n_classes() : target.n_targets;
}

void TreeTargets::leaf(double weight, std::span<const double> sums, std::span<float> out) const {
  for (size_t k = 0; k < width; ++k) {
    const double scale = leaf_scale.empty() ? 1 : leaf_scale[k];
    out[k] = static_cast<float>((centre[k] - base_score[k] + sums[k] / weight) / scale);
  }
  if (leaf_width == 2 && width == 1) {  // one share stands for two classes
    const double share = std::clamp(sums[0] / weight, 0.0, 1.0);
    out[0] = static_cast<float>(1 - share);
    out[1] = static_cast<float>(share);
  }
}

}  // namespace kolosal
