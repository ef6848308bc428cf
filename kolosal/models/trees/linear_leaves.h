// Linear leaves: in place of one value a leaf has a sum of the numeric features on its path.
//
// The weights w minimise  sum_i h_i / 2 (w.(x_i - m))^2 + g_i w.(x_i - m) + l2 / 2 |w|^2  over the leaf's rows of which no such feature is
// missing, m being the features' means weighted by h; the sum is the leaf's own value where the features are at their means.
//
// Cost     O(n_rows k^2 + k^3) time for a leaf of k features on its path.
// Source   Shi, Li and Li, "Gradient Boosting With Piece-Wise Linear Regression Trees", IJCAI 2019.
// Checked  boosting_modes_test.cc; LightGBM's scores in tests/parity.
#pragma once

#include <span>
#include <vector>

#include "kolosal/models/trees/tree_grower.h"
#include "kolosal/table/feature_matrix.h"

namespace kolosal {

/// The numeric features on the way to each leaf of a tree, ascending; (n_nodes,), empty of nodes that are no leaves.
std::vector<std::vector<uint32_t>> features_of_leaves(const GrownTree& tree);

/// The sum of a leaf of value `value`: of its rows of `x`, their gradients and hessians. Without terms where there are too few rows, or the
/// features do not vary.
LeafSum fit_leaf_sum(const FeatureMatrix& x, std::span<const uint32_t> rows, std::span<const double> g, std::span<const double> h,
                     const std::vector<uint32_t>& features, double l2, double value);

/// What a leaf is worth to a row of x: its sum, or its value where it has none or a feature of it is missing or infinite.
double leaf_worth(const GrownTree& tree, int32_t node, const FeatureMatrix& x, size_t row) noexcept;

}  // namespace kolosal
