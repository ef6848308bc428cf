// TreeTargets: what the rows of classification and regression trees are to be told apart by.
//
// Checked  forest_learners_test.cc, target_scale_test.cc.
#pragma once

#include <span>
#include <vector>

#include "kolosal/models/forms/forest.h"
#include "kolosal/table/target.h"

namespace kolosal {

/// Targets as trees see them: numbers (n_rows, width), or classes as numbers of a scale (binary) or as indicators.
struct TreeTargets {
  /// Of trees that are added to `start`, where it is not null. Throws Error(BadValue) where numbers are too far from or near to each other.
  TreeTargets(const Target& target, std::span<const double> weights, const Forest* start = nullptr);

  /// Sums that a node has of a target.
  static size_t width_of(const Target& target);

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

}  // namespace kolosal
