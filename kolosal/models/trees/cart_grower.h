// CartGrower: grows one classification or regression tree, trying every bound (or one random bound) of the features drawn.
//
// A split maximises sum_k S_k(left)^2 / W(left) + S_k(right)^2 / W(right) over the targets k, W being the weight and S_k the weighted
// sum of target k of a side: the same as the least Gini impurity for class indicators and the least squared error for numbers.
// Missing values go to whichever side is better. Categories are ordered by the mean of their target (of the node's heaviest class where
// there are several) and then split like numbers.
//
// Bounds lie between neighbouring ranks of the node's rows: between all their values, or where columns are binned between their bins. Rows
// of large nodes are then counted by bin (node_histograms.h), those of small ones sorted as ever: where each value has a bin of its own
// both find the same trees.
//
// Cost     O(n_tried n_rows) time a level, rows being sorted within each node by their ranks in two passes, or counted in one.
// Source   Breiman et al., 1984; Geurts et al., Machine Learning 63, 2006 for random bounds.
// Checked  forest_learners_test.cc, histogram_forest_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "kolosal/base/fit_context.h"
#include "kolosal/base/random.h"
#include "kolosal/models/forms/forest.h"
#include "kolosal/models/trees/tree_columns.h"
#include "kolosal/models/trees/tree_targets.h"

namespace kolosal {

/// What bounds the growth of a tree.
struct CartLimits {
  int max_depth = 0;               ///< 0: no limit
  size_t max_leaves = 0;           ///< 0: no limit; else the leaves of the greatest gain are split first
  size_t min_rows_in_leaf = 1;     ///< rows of weight > 0
  double min_weight_fraction = 0;  ///< of the weight of all rows, in a leaf
  size_t n_tried = 1;              ///< features tried at a node, not counting those that are constant in it
  bool drawn_order = false;    ///< of splits that are equally good a drawn one is taken also where all features are tried, not the first
  bool random_bounds = false;  ///< one random bound of each feature in place of all
};

/// How the growth of a tree ended: with the whole tree, on request, or for want of memory.
enum class CartEnd { Grown, Stopped, OutOfMemory };

/// Grows trees over the same columns. One grower is used by one thread.
class CartGrower {
 public:
  /// All must outlive the object. Random bounds need the columns' values, and no bins.
  CartGrower(const TreeColumns& columns, const TreeTargets& targets, const CartLimits& limits, const FitContext& context);
  ~CartGrower();

  /// Grows a tree on the rows of weight > 0 (`weights` for every row of the columns), as a forest of one tree whose gains sum to 1 (or 0).
  /// Until the grower is destroyed or grows again, it holds room for the tree's leaves.
  CartEnd grow(std::span<const double> weights, RandomStream stream, Forest& tree);

  /// Bytes of a grower's buffers but for the histograms of binned columns; nodes of at most `n_sorted` rows are sorted.
  static size_t bytes_for(size_t n_rows, size_t n_sorted) { return n_rows * 48 + n_sorted * 34; }

 private:
  class Growth;
  std::unique_ptr<Growth> growth_;
};

}  // namespace kolosal
