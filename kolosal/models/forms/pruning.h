// Minimal cost-complexity pruning: of a tree, the subtree T' of the least  R(T') + alpha |leaves of T'|.
//
// R is the impurity of the leaves, weighed by their share of the tree's weight: Gini's for classes, the mean squared error for numbers. The
// node whose leaves gain the least each, (R(node) - R(its leaves)) / (leaves - 1), becomes a leaf while that is at most alpha.
//
// Cost     O(n_nodes (log n_nodes + depth)) time a tree.
// Source   Breiman et al., Classification and Regression Trees, 1984, chapter 3.
// Checked  pruning_test.cc; scikit-learn's paths and pruned trees in tests/parity.
#pragma once

#include <vector>

#include "kolosal/models/forms/forest.h"

namespace kolosal {

/// The alphas at which a tree loses leaves, ascending, and what impurity (beyond that of all its leaves) it then has. The first is 0.
struct PruningPath {
  std::vector<double> alphas;
  std::vector<double> impurities;
};

/// The path of one tree of a mean. Throws Error(Unsupported) where the forest is a sum or does not know the covers and gains of its nodes,
/// Error(BadValue) where it has no such tree.
PruningPath pruning_path(const Forest& forest, size_t tree);

/// The forest with each tree pruned; as it is where alpha is 0. Errors as pruning_path.
Forest prune(const Forest& forest, double alpha);

}  // namespace kolosal
