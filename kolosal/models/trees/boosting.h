// The rounds of a fit of gradient boosting.
//
// Each round adds, for each raw output, a tree grown on the gradients and hessians of the loss, shrunk by the learning rate. With
// validation rows the model is that of the round that was best on them, and growing ends after `patience` rounds without a better one.
//
// Cost     O(n_trees n_raw n_rows n_features log max_leaves) time; n_rows (n_features + 46 + 8 n_raw) bytes, and as many more as bins
//          where there are at most 32 features.
// Source   Friedman, Annals of Statistics 29(5), 2001; Ke et al., "LightGBM", NeurIPS 2017.
// Checked  gradient_boosting_test.cc.
#pragma once

#include <memory>

#include "kolosal/models/forms/forest.h"
#include "kolosal/models/learner.h"
#include "kolosal/models/trees/boosting_params.h"

namespace kolosal {

/// Fits the loss of `params`, or `custom` where it is not null, going on from `start` where it is not null. Errors as Learner::fit, and
/// Error(BadValue) where `start` is no sum of trees for the same features and outputs.
std::unique_ptr<Model> boost(const GradientBoostingParams& params, const CustomLoss* custom, const ForestModel* start,
                             const TrainingSet& train, const TrainingSet* validation, const FitContext& context);

}  // namespace kolosal
