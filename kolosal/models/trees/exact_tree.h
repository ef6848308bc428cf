// ExactTreeGrower: grows one classification or regression tree, trying every bound (or one random bound) of the features drawn.
//
// A split maximises sum_k S_k(left)^2 / W(left) + S_k(right)^2 / W(right) over the targets k, W being the weight and S_k the weighted
// sum of target k of a side: the same as the least Gini impurity for class indicators and the least squared error for numbers.
// Missing values go to whichever side is better. Categories are ordered by the mean of their target (of the node's heaviest class where
// there are several) and then split like numbers.
//
// Cost     O(n_tried n_rows log n_rows) time a level: rows are sorted within each node by 16-bit ranks. Random bounds: O(n_tried n_rows) a
// level. Source   Breiman et al., 1984; Geurts et al., Machine Learning 63, 2006 for random bounds. Checked  forest_learners_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kolosal/base/fit_context.h"
#include "kolosal/base/random.h"
#include "kolosal/models/forms/forest.h"
#include "kolosal/models/trees/ranked_columns.h"
#include "kolosal/table/target.h"

namespace kolosal {

/// What bounds the growth of an exact tree.
struct ExactTreeLimits {
  int max_depth = 0;               ///< 0: no limit
  size_t max_leaves = 0;           ///< 0: no limit; else the leaves of the greatest gain are split first
  size_t min_rows_in_leaf = 1;     ///< rows of weight > 0
  double min_weight_fraction = 0;  ///< of the weight of all rows, in a leaf
  size_t n_tried = 1;              ///< features tried at a node, not counting those that are constant in it
  bool random_bounds = false;      ///< one random bound of each feature in place of all
};

/// Targets as trees see them: numbers (n_rows, width), or classes as numbers of a scale (binary) or as indicators.
struct TreeTargets {
  /// Of trees that are added to `start`, where it is not null. Throws Error(BadValue) where numbers are too far from or near to each other.
  TreeTargets(const Target& target, std::span<const double> weights, const Forest* start = nullptr);

  bool classes = false;                        ///< values are class numbers, taken as `width` indicators
  size_t width = 1;                            ///< sums that a node has
  size_t leaf_width = 1;                       ///< numbers in a leaf
  std::vector<double> values;                  ///< (n_rows,) classes, or (n_rows, width) numbers less `centre`
  std::vector<double> centre;                  ///< (width,)
  std::vector<double> base_score, leaf_scale;  ///< of the forest that the leaves are for

  /// What makes a gain the decrease of weight times impurity: of Gini's for classes, of the mean squared error for numbers.
  double impurity_scale() const noexcept {
    if (classes || leaf_width == 1) return 1;
    return width == 1 ? 2 : 1 / static_cast<double>(width);
  }
  /// The numbers of a leaf of weight `weight` and sums `sums` (width,), put into `out` (leaf_width,): what the base score lacks, in units
  /// of leaf_scale.
  void leaf(double weight, std::span<const double> sums, std::span<float> out) const;
};

/// Grows trees over the same columns. One grower is used by one thread.
class ExactTreeGrower {
 public:
  /// `values` (n_rows, n_columns) row-major: needed for random bounds, for which the columns of numbers need no ranks.
  ExactTreeGrower(std::span<const RankedColumn> columns, std::span<const float> values, const TreeTargets& targets,
                  const ExactTreeLimits& limits, const FitContext& context);
  ~ExactTreeGrower();

  /// Grows a tree on the rows of weight > 0 (`weights` for every row of the columns). Returns it as a forest of one tree whose gains sum to
  /// 1 (or 0), and false where the context asked to stop.
  bool grow(std::span<const double> weights, RandomStream stream, Forest& tree);

  /// Bytes of a grower's buffers.
  static size_t bytes_for(size_t n_rows) { return n_rows * 82; }

 private:
  class Growth;
  std::unique_ptr<Growth> growth_;
};

}  // namespace kolosal
