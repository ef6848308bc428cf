// Partial dependence: what a model predicts on average, and for each row, where one feature is set to each of some values.
//
// Cost     n_values predictions of all rows for a feature; a few copies of the rows for each thread.
// Source   Friedman, Greedy Function Approximation, Annals of Statistics 29(5), 2001; Goldstein et al., Peeking Inside the Black Box, 2015
//          (individual conditional expectation).
// Checked  explain_test.cc: linear models by closed form; scikit-learn in python/tests/test_explain.py.
#pragma once

#include <span>
#include <vector>

#include "kolosal/base/fit_context.h"
#include "kolosal/models/model.h"

namespace kolosal {

/// A feature's dependence.
struct PartialDependence {
  std::vector<float> values;       ///< (n_values,) that the feature was set to
  std::vector<double> average;     ///< (n_values, n_outputs): means over rows
  std::vector<double> individual;  ///< (n_values, n_rows, n_outputs), or empty where not asked for
};

/// The values that a feature is set to: every one where there are at most `most` or it is a category, else evenly spaced ones from the
/// quantile `low` to the quantile `high`.
std::vector<float> dependence_grid(const FeatureMatrix& x, size_t feature, size_t most, double low = 0.05, double high = 0.95);

/// What the model predicts for the rows of x where the feature is set to each of the values. `weights` are of the rows, or empty for ones.
PartialDependence partial_dependence(const Model& model, const FeatureMatrix& x, size_t feature, std::span<const float> values,
                                     std::span<const double> weights, bool individual, const FitContext& context);

}  // namespace kolosal
