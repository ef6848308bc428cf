#include "kolosal/models/trees/training_rows.h"

#include <algorithm>
#include <numeric>

namespace kolosal {

namespace {

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

TrainingRows::TrainingRows(const TrainingSet& set, ClassWeight class_weight) : x(set.x) {
  for (size_t i = 0; i < set.x.n_rows(); ++i) {
    if (!set.weights.empty() && !(set.weights[i] > 0)) continue;
    rows.push_back(static_cast<uint32_t>(i));
    if (!set.weights.empty()) weights.push_back(set.weights[i]);
  }
  if (std::ranges::all_of(weights, [](double w) { return w == 1; })) weights.clear();
  places.resize(rows.size());
  std::iota(places.begin(), places.end(), 0U);
  target = set.target.take(rows);
  if (class_weight == ClassWeight::Balanced) {
    if (!is_classification(target.task))
      throw Error(ErrorCode::BadValue, "class_weight is 'balanced', but the target has no classes", "Leave out class_weight.");
    balance(target, weights);
  }
}

}  // namespace kolosal
