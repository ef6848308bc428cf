// Out-of-bag predictions: each training row by the trees of a forest that were grown without it.
//
// Cost     O(n_rows n_trees depth) time; a bit for each row and tree.
// Source   Breiman, "Out-of-bag estimation", 1996.
// Checked  forest_learners_test.cc.
#pragma once

#include <functional>
#include <vector>

#include "kolosal/models/forms/forest.h"
#include "kolosal/models/trees/training_rows.h"

namespace kolosal {

/// The predictions (n_rows of x, n_outputs) by the trees from number `first` on, NaN of a row that none of them left out. `weights_of`
/// gives the weights with which a tree saw the rows that count; a row of weight 0 in the training set was seen by none.
std::vector<double> predict_out_of_bag(const ForestModel& model, const TrainingRows& rows, size_t first,
                                       const std::function<std::vector<double>(size_t tree)>& weights_of, const FitContext& context);

}  // namespace kolosal
