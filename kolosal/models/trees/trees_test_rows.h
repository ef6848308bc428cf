// Rows made for the tests of tree learners: numbers, one with holes, a category, and targets that depend on them.
#pragma once

#include <cmath>
#include <limits>

#include "kolosal/base/random.h"
#include "kolosal/models/learner.h"
#include "kolosal/models/models_test_rows.h"

namespace kolosal::trees_test {

/// Features and target that belong together.
struct Rows {
  FeatureMatrix x;
  Target target;
};

/// n rows of 5 features: three numbers (the third missing in a fifth of the rows), a category of 12 codes, noise.
inline Rows make_rows(Task task, size_t n, uint64_t seed = 0) {
  Rows rows{FeatureMatrix({{"a", 0}, {"b", 0}, {"holes", 0}, {"category", 12}, {"noise", 0}}, n), {}};
  Target& t = rows.target;
  t.task = task;
  t.n_rows = n;
  t.n_targets = task == Task::MultiRegression ? 2 : 1;
  if (task == Task::Binary) t.class_names = {"no", "yes"};
  if (task == Task::Multiclass) t.class_names = {"x", "y", "z"};
  RandomStream stream(seed, "rows");
  for (size_t i = 0; i < n; ++i) {
    const double a = stream.normal(), b = stream.normal(), holes = stream.normal();
    const bool hole = stream.uniform() < 0.2;
    const auto category = static_cast<double>(stream.below(12));
    rows.x.column(0)[i] = static_cast<float>(a);
    rows.x.column(1)[i] = static_cast<float>(b);
    rows.x.column(2)[i] = hole ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(holes);
    rows.x.column(3)[i] = static_cast<float>(category);
    rows.x.column(4)[i] = static_cast<float>(stream.normal());
    const double signal = 2 * a + a * b + (hole ? 2 : 0.5 * holes) + 2 * std::sin(category * 2) + 0.3 * stream.normal();
    switch (task) {
      case Task::Binary: t.values.push_back(signal > 0.5); break;
      case Task::Multiclass: t.values.push_back(signal > 1.5 ? 2 : signal > -0.5); break;
      case Task::Regression: t.values.push_back(signal); break;
      case Task::MultiRegression: t.values.insert(t.values.end(), {signal, a - b}); break;
      case Task::Ranking:
        t.values.push_back(signal > 2 ? 2 : signal > 0);
        t.group.push_back(static_cast<uint32_t>(i / 10));
        break;
    }
  }
  return rows;
}

using models_test::predict;

/// Mean squared difference of predictions and target; for classes, of probabilities and indicator.
inline double squared_error(const std::vector<double>& out, const Target& target) {
  const size_t width = target.n_outputs();
  double sum = 0;
  for (size_t i = 0; i < target.n_rows; ++i)
    for (size_t k = 0; k < width; ++k) {
      const double wanted = is_classification(target.task) ? (target.values[i] == static_cast<double>(k)) : target.values[i * width + k];
      sum += (out[i * width + k] - wanted) * (out[i * width + k] - wanted);
    }
  return sum / static_cast<double>(target.n_rows);
}

/// A context of so many threads.
inline FitContext context_of(int n_threads, uint64_t seed = 0) {
  FitContext context;
  context.threads = std::make_shared<const Threads>(n_threads);
  context.seed = seed;
  return context;
}

}  // namespace kolosal::trees_test
