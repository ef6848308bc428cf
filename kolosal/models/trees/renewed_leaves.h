// Renewed leaves: the values of a tree whose loss gives a leaf the best value of its rows, which gradients do not tell.
//
// Ranges of leaves of features with a direction, and the smoothing along a path, are made of such values of every node on the way.
//
// Cost     O(n_rows log n_rows) time; for each level as much where directions or smoothing ask for it.
// Checked  gradient_boosting_test.cc.
#pragma once

#include <span>

#include "kolosal/models/trees/boosting_loss.h"
#include "kolosal/models/trees/tree_grower.h"

namespace kolosal {

/// Sets the values of the leaves of `tree`, grown on `rows` for raw output k, before the learning rate. `times` as in
/// BoostingLoss::renewed_leaf, whose round has begun.
void renew_leaves(const BoostingLoss& loss, size_t k, std::span<const GradientRow> rows, std::span<const float> times,
                  const GrowthLimits& limits, const Threads& threads, GrownTree& tree);

}  // namespace kolosal
