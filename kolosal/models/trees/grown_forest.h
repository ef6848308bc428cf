// Trees in terms of bins as trees of a Forest.
#pragma once

#include "kolosal/models/forms/forest.h"
#include "kolosal/models/trees/tree_grower.h"

namespace kolosal {

/// Adds a tree, its leaf values times `factor`, to the forest of one number a leaf.
void add_grown_tree(Forest& forest, const GrownTree& tree, const std::vector<FeatureBins>& bins, size_t output, double factor);

}  // namespace kolosal
