#include "kolosal/models/trees/training_rows.h"

#include <algorithm>
#include <numeric>

namespace kolosal {

TrainingRows::TrainingRows(const TrainingSet& set) : x(set.x) {
  for (size_t i = 0; i < set.x.n_rows(); ++i) {
    if (!set.weights.empty() && !(set.weights[i] > 0)) continue;
    rows.push_back(static_cast<uint32_t>(i));
    if (!set.weights.empty()) weights.push_back(set.weights[i]);
  }
  if (std::ranges::all_of(weights, [](double w) { return w == 1; })) weights.clear();
  places.resize(rows.size());
  std::iota(places.begin(), places.end(), 0U);
  target = set.target.take(rows);
}

}  // namespace kolosal
