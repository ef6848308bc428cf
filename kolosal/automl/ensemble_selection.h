// Greedy ensemble selection: weights of a mean of models that do best together on held-out rows.
//
// Starts empty and adds, with replacement, the candidate that most improves the mean's loss; the best prefix wins, ties
// prefer candidates already in. On few rows the weights are averaged over bootstraps of the rows and shrunk towards equal
// ones, since selection then over-fits.
// Cost     size x candidates x one metric evaluation on at most 10,000 rows (a ranking task: on all rows).
// Source   Caruana, Niculescu-Mizil, Crew, Ksikes, ICML 2004.
// Checked  ensemble_selection_test.cc.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kolosal/base/fit_context.h"
#include "kolosal/metrics/metric.h"
#include "kolosal/table/target.h"

namespace kolosal {

/// Held-out predictions of every candidate for the same rows.
struct EnsembleInput {
  const Target& target;
  std::span<const double> weights;                   ///< (n_rows,) or empty
  std::vector<std::span<const double>> predictions;  ///< one (n_rows, n_outputs) each
  size_t n_features = 0;
};

/// Weights of the candidates, summing to 1.
std::vector<double> select_ensemble(const EnsembleInput& input, const Metric& metric, const FitContext& context);

/// The mean of each row (n_rows, n_outputs) with weights selected on the rows of the other `half` (0 or 1 for each row): what an
/// ensemble does on rows that did not choose it. Empty where all rows are in one half.
std::vector<double> cross_fitted_mean(const EnsembleInput& input, std::span<const uint8_t> half, const Metric& metric,
                                      const FitContext& context);

/// The weighted mean of predictions.
std::vector<double> weighted_mean(std::span<const std::span<const double>> predictions, std::span<const double> weights);

}  // namespace kolosal
