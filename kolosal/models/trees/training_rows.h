// TrainingRows: the rows of a TrainingSet that count, those of weight above 0, with their targets and weights side by side.
#pragma once

#include <cstdint>
#include <vector>

#include "kolosal/models/learner.h"

namespace kolosal {

/// Row i of `target` and `weights` is row rows[i] of x.
struct TrainingRows {
  explicit TrainingRows(const TrainingSet& set);

  const FeatureMatrix& x;
  std::vector<uint32_t> rows;    ///< ascending
  std::vector<uint32_t> places;  ///< 0, 1, ... rows.size() - 1
  Target target;
  std::vector<double> weights;  ///< empty where all are one
};

}  // namespace kolosal
