// The isolation form: a forest whose random splits part far rows from the others soon; it adds how soon, or whether that is far out.
#pragma once

#include "kolosal/preprocess/forms/form.h"

namespace kolosal {

/// Trees in one list of nodes. The right child of a node stands after its left child.
struct IsolationTrees {
  std::vector<std::string> columns;
  std::vector<int32_t> roots;         ///< node of each tree's root
  std::vector<int32_t> feature;       ///< of each node: the column it splits, -1 for a leaf
  std::vector<int32_t> left;          ///< of each node: its left child; 0 for a leaf
  std::vector<double> threshold;      ///< of each node: rows up to it go left; of a leaf: the path length that ends there
  std::vector<uint8_t> missing_left;  ///< of each node: whether rows go left that miss the column
  double usual_length = 1;            ///< the path length that makes a score of -0.5
  double limit = -0.5;                ///< rows that score less are far out
  std::string score_column;           ///< name of the column of scores that is added; empty: none
  std::string flag_column;            ///< name of the column that is true for rows far out; empty: none
};
void describe(Fields<IsolationTrees>& fields);

/// The score of each row, in [-1, 0): -1 where splits part it at once, above -0.5 where it is like the others. `context`, where not null,
/// can stop it. Throws Error(FeatureMismatch), and what the context's check() throws.
std::vector<double> isolation_scores(const IsolationTrees& trees, const Table& table, const Threads& threads,
                                     const FitContext* context = nullptr);

/// The fitted form "isolation". Its inverse drops the columns that were added.
std::unique_ptr<FittedTransformer> make_isolation(IsolationTrees trees);

}  // namespace kolosal
