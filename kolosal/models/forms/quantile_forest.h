// QuantileForest: a forest that knows the targets of the training rows in its leaves, and predicts quantiles of them.
//
// A row's targets are those of the training rows that share a leaf with it. In each tree the rows of the leaf share the weight 1 / n_trees
// by their own weights; a quantile is the least target at or below which that share of the weight lies.
//
// Cost     4 bytes for each training row and tree (8 with weights); O(m log m) time a row that shares its leaves with m.
// Source   Meinshausen, "Quantile Regression Forests", JMLR 7, 2006.
// Checked  quantile_forest_test.cc.
#pragma once

#include "kolosal/models/forms/forest.h"

namespace kolosal {

/// The forest and its targets as plain data.
struct QuantileForest {
  std::vector<double> quantiles;       ///< between 0 and 1, one output each
  std::vector<double> targets;         ///< ascending, each once
  std::vector<uint32_t> leaf_starts;   ///< (n_leaves + 1,) first row of each leaf in leaf_targets
  std::vector<uint32_t> leaf_targets;  ///< for each row of a leaf the number of its target, ascending within the leaf
  std::vector<float> leaf_weights;     ///< as many: weights of the rows; empty where all are one
};

/// The model of form "quantile_forest".
class QuantileForestModel : public Model {
 public:
  /// Throws Error(CorruptArtifact) where the parts do not fit each other.
  QuantileForestModel(ForestModel forest, QuantileForest parts);

  std::string_view form() const override { return "quantile_forest"; }
  size_t n_features() const override { return forest_.n_features(); }
  size_t n_outputs() const override { return parts_.quantiles.size(); }
  void predict(const FeatureMatrix& x, std::span<double> out) const override;
  std::vector<double> feature_importance() const override { return forest_.feature_importance(); }
  size_t n_iterations() const override { return forest_.n_iterations(); }
  Value to_value() const override;
  /// Its trees, whose leaves hold means.
  const ForestModel& forest() const { return forest_; }

 private:
  ForestModel forest_;
  QuantileForest parts_;
};

/// The trees that a model sends rows down: those of a forest, or of a quantile forest; null of other models.
const ForestModel* trees_of(const Model& model);

}  // namespace kolosal
