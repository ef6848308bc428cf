#include "kolosal/models/trees/training_rows.h"

#include <algorithm>

namespace kolosal {

namespace {

bool all_count(std::span<const double> weights) {
  return std::ranges::all_of(weights, [](double weight) { return weight > 0; });
}

// A class of rows has the same sum of weights as any other.
void balance(const Target& target, std::vector<double>& weights) {
  if (weights.empty()) weights.assign(target.n_rows, 1.0);
  std::vector<double> sums(target.n_classes(), 0.0);
  double total = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    sums[static_cast<size_t>(target.values[i])] += weights[i];
    total += weights[i];
  }
  const auto n_present = static_cast<double>(std::ranges::count_if(sums, [](double sum) { return sum > 0; }));
  for (size_t i = 0; i < weights.size(); ++i) weights[i] *= total / (n_present * sums[static_cast<size_t>(target.values[i])]);
}

}  // namespace

TrainingRows::TrainingRows(const TrainingSet& set, ClassWeight class_weight)
    : x(set.x), target(all_count(set.weights) ? set.target : taken_) {
  const auto counts = [&](size_t row) { return set.weights.empty() || set.weights[row] > 0; };
  size_t n_rows = 0;
  for (size_t i = 0; i < set.x.n_rows(); ++i) n_rows += counts(i) ? 1 : 0;
  rows.reserve(n_rows);
  for (size_t i = 0; i < set.x.n_rows(); ++i)
    if (counts(i)) rows.push_back(static_cast<uint32_t>(i));
  if (&target == &taken_) taken_ = set.target.take(rows);
  if (std::ranges::any_of(set.weights, [](double weight) { return weight > 0 && weight != 1; })) {
    weights.reserve(n_rows);
    for (const uint32_t row : rows) weights.push_back(set.weights[row]);
  }
  if (class_weight == ClassWeight::Balanced) {
    if (!is_classification(target.task))
      throw Error(ErrorCode::BadValue, "class_weight is 'balanced', but the target has no classes", "Leave out class_weight.");
    balance(target, weights);
  }
}

}  // namespace kolosal
