// Contributions: what each feature adds to the scores of a row, so that a row's contributions and the score of no knowledge at all sum to
// its scores (Shapley values).
#pragma once

#include <vector>

#include "kolosal/base/fit_context.h"
#include "kolosal/models/model.h"

namespace kolosal {

/// Shapley values of some rows.
struct Contributions {
  size_t n_rows = 0;
  size_t n_outputs = 0;        ///< scores of the model; of a forest that gives shares, its classes
  size_t n_features = 0;       ///< of the model
  std::vector<double> values;  ///< (n_rows, n_outputs, n_features): what each feature adds
  std::vector<double> base;    ///< (n_outputs,): the score where nothing is known of a row
};

/// How pairs of features add to the scores of some rows.
struct Interactions {
  size_t n_rows = 0;
  size_t n_outputs = 0;
  size_t n_features = 0;
  /// (n_rows, n_outputs, n_features, n_features), symmetric: what features i and j add together beyond what each adds alone, half of it
  /// at (i, j) and half at (j, i); at (i, i) what is left of i's contribution. A row of the matrix sums to the contribution.
  std::vector<double> values;
};

/// The contributions to a model of form forest (exact TreeSHAP that follows the paths), linear (features taken as independent) or constant.
/// What a feature would be where it is not known is told by the rows of `background`; null: by the rows that a forest was trained on,
/// where it knows how many came to each node and its leaves sum no features. Throws Error(BadValue) where that is not known,
/// Error(Unsupported) for models of other forms: so for a quantile forest, whose quantiles are no sums over its trees.
Contributions contributions(const Model& model, const FeatureMatrix& x, const FeatureMatrix* background, const FitContext& context);

/// The interactions; parameters and errors as contributions.
Interactions interactions(const Model& model, const FeatureMatrix& x, const FeatureMatrix* background, const FitContext& context);

}  // namespace kolosal
