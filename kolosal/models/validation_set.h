// Checks of the rows that a fit is stopped by, or chooses by.
//
// Checked  tests/contracts/learner_contract_test.cc.
#pragma once

#include "kolosal/models/learner.h"

namespace kolosal {

/// The rows held out, checked; null where there are none of weight above 0. Throws Error(BadValue) or Error(FeatureMismatch) where they do
/// not fit those learnt from: other features, another task, classes or number of targets, sizes that differ, a target or weight that is not
/// allowed.
const TrainingSet* checked_validation_set(const TrainingSet* validation, const TrainingSet& train);

}  // namespace kolosal
