// What tests of models share: features from columns of numbers, and predictions as a vector.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "kolosal/models/model.h"

namespace kolosal::models_test {

/// Numeric features x0, x1, ... of these columns.
inline FeatureMatrix matrix(const std::vector<std::vector<float>>& columns) {
  std::vector<Feature> features;
  for (size_t j = 0; j < columns.size(); ++j) features.push_back({"x" + std::to_string(j), 0});
  FeatureMatrix x(features, columns[0].size());
  for (size_t j = 0; j < columns.size(); ++j) std::ranges::copy(columns[j], x.column(j).begin());
  return x;
}

/// (n_rows, n_outputs).
inline std::vector<double> predict(const Model& model, const FeatureMatrix& x) {
  std::vector<double> out(x.n_rows() * model.n_outputs());
  model.predict(x, out);
  return out;
}

}  // namespace kolosal::models_test
