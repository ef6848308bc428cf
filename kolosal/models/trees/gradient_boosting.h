// Gradient boosting of histogram trees, by a loss of the caller's own. The learner "gradient_boosting" of the catalog has the others.
#pragma once

#include <memory>

#include "kolosal/models/learner.h"
#include "kolosal/models/trees/boosting_loss.h"

namespace kolosal {

/// Gradient boosting with these parameters, as of the catalog, that minimises `loss`. Throws as the catalog does.
std::unique_ptr<Learner> make_gradient_boosting(const Value& parameters, CustomLoss loss);

}  // namespace kolosal
