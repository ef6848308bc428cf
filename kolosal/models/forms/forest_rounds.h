// Forests round after round: predictions after each, parts of a forest, and the mean of several.
//
// A round is one step of boosting, or one tree of a random forest: as many trees as there are runs of raw outputs.
// Checked  forest_rounds_test.cc; LightGBM's predictions of its first rounds in tests/parity.
#pragma once

#include <span>

#include "kolosal/base/threads.h"
#include "kolosal/models/forms/forest.h"

namespace kolosal {

/// The predictions of the first round, of the first two, and so on.
class StagedPrediction {
 public:
  /// Rows of `x` (shared, not copied) and the forest, which must outlive this. Throws Error(FeatureMismatch).
  StagedPrediction(const ForestModel& model, FeatureMatrix x);

  /// Writes the predictions (n_rows, n_outputs) with one round more than before; false, with nothing written, where there is none.
  bool next(const Threads& threads, std::span<double> out);

 private:
  const ForestModel& model_;
  FeatureMatrix x_;
  std::vector<double> raw_;  // (n_rows, n_raw) sums so far
  size_t round_ = 0;
};

/// The rounds [begin, end), on the forest's base score. Features have the gain of these rounds' splits, where the forest knows it of each,
/// and else their share of the whole. Throws Error(BadValue) where there are no such rounds, or none of a mean.
Forest slice_rounds(const Forest& forest, size_t begin, size_t end);

/// A forest without trees of the same features, outputs, base score and kind.
Forest forest_like(const Forest& forest);

/// The gain by each feature, (n_features,), of a forest that knows the gain of its nodes; of a mean each tree's sum to 1.
std::vector<double> feature_gains(const Forest& forest);

/// Adds the trees of `more`, which has the same features and outputs, to `forest`.
void append_trees(Forest& forest, const Forest& more);

/// The forest whose raw outputs are the mean of those of `forests`: of sums each counts the same, of means each tree. Throws
/// Error(BadValue) where there is none, or they differ in features, outputs, links or kind.
Forest mean_of_forests(std::span<const Forest* const> forests);

}  // namespace kolosal
