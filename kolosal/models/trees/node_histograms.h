// NodeHistograms: what the rows of a node sum to in each bin of some features, for classification and regression trees.
//
// Sums are whole numbers in the fine steps of tree_grower.h, so they do not depend on the order of the rows: of each target its weighted
// sum and the weight, of each class its weight, and the count of rows. Weights of n_rows rows are
// min(30, 62 - 2 b) bits wide, b being the bits of n_rows: 30 below 65,536 rows, 22 of a million, 2 of a thousand million. One too small
// for that counts as the least.
//
// Cost     O(n_rows n_features) time a node for one target or classes, times the targets of several; 16 bytes a bin and target.
// Checked  node_histograms_test.cc against plain sums.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kolosal/base/fit_context.h"
#include "kolosal/models/trees/histogram_tile.h"
#include "kolosal/models/trees/split_sides.h"
#include "kolosal/models/trees/tree_columns.h"
#include "kolosal/models/trees/tree_grower.h"
#include "kolosal/models/trees/tree_targets.h"

namespace kolosal {

/// Rows of a node side by side, with their (first) targets and weights.
struct RowsOfNode {
  std::span<const uint32_t> rows;
  const double* y;
  const double* w;
};

/// A bin that rows of a node are in.
struct FilledBin {
  uint16_t bin;
  uint32_t n_rows;
};

class NodeHistograms {
 public:
  /// Of columns that are binned. They and the targets must outlive the object.
  NodeHistograms(const TreeColumns& columns, const TreeTargets& targets, const FitContext& context);

  /// Nodes of fewer rows are quicker sorted, where features have at most so many bins, with that of the missing, and targets `width` sums.
  static size_t least_rows_for(size_t most_bins, size_t width);
  /// Bytes of the histograms.
  static size_t bytes_for(size_t n_features, size_t most_bins, size_t width);

  /// Finds the steps of a tree's sums from all of its rows.
  void start(const RowsOfNode& all);
  /// Nodes of fewer rows are quicker sorted.
  size_t least_rows() const noexcept { return least_rows_; }
  /// How many features are filled at a time.
  size_t n_at_once() const noexcept { return n_at_once_; }
  /// Fills the histograms of at most n_at_once() features; they are of no use where the context asks to stop.
  void fill(const RowsOfNode& node, std::span<const uint32_t> features);

  /// What the rows of the node filled last sum to, in whole steps.
  const NodeSums& total() const noexcept { return total_; }
  /// The bins, ascending, that rows are in by the feature at a place among those filled last; the last may be that of the missing.
  std::span<FilledBin> filled_bins(size_t place);
  /// Moves the rows of a bin to the left.
  void move(NumberSides& sides, size_t place, size_t bin) const {
    const GradientSum sum = at(place, 0)[bin];
    sides.move_sums(weight_of(sum), number_of(sum, 0));
  }
  void move(ClassSides& sides, size_t place, size_t bin) const {
    for (size_t k = 0; k < width_; ++k)
      if (const GradientSum sum = at(place, k)[bin]; sum[1] != 0) sides.move(weight_of(sum), static_cast<double>(k));
  }
  void move(VectorSides& sides, size_t place, size_t bin) {
    for (size_t k = 0; k < width_; ++k) numbers_[k] = number_of(at(place, k)[bin], k);
    sides.move_sums(weight_of(at(place, 0)[bin]), numbers_.data());
  }
  /// The mean that rows of a bin have of target k; of classes the share of class k.
  double mean(size_t place, size_t bin, size_t k) const;

 private:
  const GradientSum* at(size_t place, size_t k) const { return words_.data() + start_[place] + k * n_bins_[place]; }
  double weight_of(GradientSum sum) const { return static_cast<double>(sum[1] >> count_bits_) * weight_step_; }
  double number_of(GradientSum sum, size_t k) const { return static_cast<double>(sum[0]) * steps_[k]; }
  void add_numbers(const RowsOfNode& block, size_t k, const HistogramTile& tile);
  void add_classes(const RowsOfNode& block, const HistogramTile& tile);
  std::span<GradientSum* const> histograms_of(size_t k);
  void sum_up();

  const TreeColumns& columns_;
  const TreeTargets& targets_;
  const FitContext& context_;
  size_t width_;
  size_t least_rows_, n_at_once_;
  int count_bits_ = 0;
  double weight_step_ = 1;
  std::vector<double> steps_;           // (width,) of the sums of targets
  std::vector<size_t> start_, n_bins_;  // of each feature filled; n_bins with that of the missing
  std::vector<GradientSum> words_;      // (features, width, bins)
  std::vector<GradientSum*> histograms_;
  std::vector<SummedRow> rows_, sorted_rows_;  // of a block, as they come and class after class
  std::vector<size_t> class_start_;
  std::vector<FilledBin> filled_;
  std::vector<double> numbers_;
  NodeSums total_;
};

}  // namespace kolosal
