// Checks of the rows that a fit is stopped by.
//
// Checked  learner_test.cc.
#pragma once

#include "kolosal/models/learner.h"

namespace kolosal {

/// Throws Error(BadValue) or Error(FeatureMismatch) where rows held out do not fit those learnt from: other features, another task, classes
/// or number of targets, sizes that differ, a target or weight that is not allowed. There may be no rows.
void check_validation_set(const TrainingSet& validation, const TrainingSet& train);

}  // namespace kolosal
