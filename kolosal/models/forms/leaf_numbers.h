// The leaf that each row ends in at each tree of a forest.
#pragma once

#include <cstdint>
#include <span>

#include "kolosal/base/threads.h"
#include "kolosal/models/forms/forest.h"

namespace kolosal {

/// Writes to `out` (n_rows, n_trees) row-major the number of the leaf's node, counted from its tree's first. Throws
/// Error(FeatureMismatch) where x has another number of columns.
void find_leaf_numbers(const Forest& forest, const FeatureMatrix& x, const Threads& threads, std::span<int32_t> out);

}  // namespace kolosal
