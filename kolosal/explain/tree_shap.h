// TreeSHAP: exact Shapley values of a forest whose unknown features follow both branches in proportion to the rows that did.
//
// Within a tree each leaf is a game of its own. Of the m features on the way to a leaf, o_j says whether the row takes every branch that
// asks feature j, and z_j is the share of rows that do. A set S of known features is worth  v prod_{j in S} o_j prod_{j not in S} z_j, so
//   phi_i  = v (o_i - z_i) int_0^1 prod_{j != i} (t o_j + (1 - t) z_j) dt
//   phi_ij = v (o_i - z_i) (o_j - z_j) / 2 int_0^1 prod_{k != i, j} (t o_k + (1 - t) z_k) dt,
// and a Gauss-Legendre rule of m / 2 points, rounded up, is exact. All factors are between 0 and 1, so nothing cancels or overflows at any
// depth.
//
// A leaf that is a sum of features is worth  c + sum_{f in S} d_f  with d_f = w_f (x_f - mean_f), the mean being that of the leaf's rows,
// and c what it sums of the means: with all known its sum, with none what its rows are worth in the mean. With Z_A(t) the product over all
// but A,
//   phi_i gets besides  d_i o_i int Z_i dt + (o_i - z_i) sum_{f != i} d_f o_f int t Z_{i,f} dt,
// and phi_ij likewise. Where a known feature of the sum is missing, the leaf's value counts, as in prediction: the game is that of the
// value for all, and that of the sum less the value where no such feature is known, whose factors are (1 - t) z_j then.
//
// Cost     O(n_rows sum over leaves of m^2) time; interactions O(n_rows sum over leaves of m^3). Rows go eight by eight.
// Source   Lundberg, Erion and Lee, Consistent Individualized Feature Attribution for Tree Ensembles, 2018 (the game); the integral is
//          the multilinear extension of Owen, 1972.
// Checked  every subset of the features, with and without sums, in tree_shap_test.cc; LightGBM's and XGBoost's contributions in
// tests/parity.
#pragma once

#include <span>
#include <vector>

#include "kolosal/base/fit_context.h"
#include "kolosal/models/forms/forest.h"

namespace kolosal {

/// What is known of the rows that come to the nodes of a forest.
struct NodeRows {
  std::vector<float> covers;  ///< (n_nodes,) how many rows, or their weight
  std::vector<double> means;  ///< (n_terms,) mean of each term's feature over the rows of its leaf; empty where leaves are values
};

/// How many rows of x come to each node of the forest, (n_nodes,).
std::vector<float> node_covers(const Forest& forest, const FeatureMatrix& x, const FitContext& context);

/// The mean of each term's feature over those rows of x that come to its leaf and have all features of the sum, (n_terms,); where there
/// are none, over all rows of x that have it, and 0 where none does.
std::vector<double> term_means(const Forest& forest, const FeatureMatrix& x, const FitContext& context);

/// The raw outputs where nothing is known of a row, (n_raw,): means over leaves in proportion to their covers.
std::vector<double> expected_raw(const Forest& forest, const NodeRows& behind);

/// Adds the contributions of the rows of x to `values` (n_rows, n_raw, n_features).
void add_tree_contributions(const Forest& forest, const NodeRows& behind, const FeatureMatrix& x, const FitContext& context,
                            std::span<double> values);

/// Adds the interactions of pairs of features to `values` (n_rows, n_raw, n_features, n_features); those at (i, i) are left as they are.
void add_tree_interactions(const Forest& forest, const NodeRows& behind, const FeatureMatrix& x, const FitContext& context,
                           std::span<double> values);

}  // namespace kolosal
