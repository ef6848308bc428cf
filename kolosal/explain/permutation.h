// Permutation importance: by how much the loss of a model grows where the values of one feature are dealt out anew among the rows.
//
// The importance of a feature is the mean over repeats and rows of the loss of a row with another row's value less its loss as it is. The
// interval takes in both what differs between rows, in pairs, and what differs between repeats: the variance is that of the rows' mean
// differences over the number of rows, plus that of the repeats' means over the number of repeats. Of rankings groups stand in the place of
// rows: the loss of one is 1 - NDCG, its weight the mean of its rows'.
//
// Cost     n_features n_repeats predictions of all rows; a few copies of the rows for each thread.
// Source   Breiman, Random Forests, Machine Learning 45(1), 2001; Fisher, Rudin and Dominici, JMLR 20(177), 2019.
// Checked  explain_test.cc: linear models by closed form; scikit-learn in python/tests/test_explain.py.
#pragma once

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "kolosal/base/fields.h"
#include "kolosal/base/fit_context.h"
#include "kolosal/models/learner.h"

namespace kolosal {

/// Loss of a row; Auto: LogLoss for classes, Squared for numbers, and for rankings Ndcg, which is of a group of rows;
/// for several quantiles of one number Pinball.
enum class RowLoss { Auto, LogLoss, ZeroOne, Squared, Absolute, Pinball, Ndcg };
constexpr auto enum_names(RowLoss) {
  return std::to_array<std::pair<RowLoss, std::string_view>>({{RowLoss::Auto, "auto"},
                                                              {RowLoss::LogLoss, "log_loss"},
                                                              {RowLoss::ZeroOne, "zero_one"},
                                                              {RowLoss::Squared, "squared"},
                                                              {RowLoss::Absolute, "absolute"},
                                                              {RowLoss::Pinball, "pinball"},
                                                              {RowLoss::Ndcg, "ndcg"}});
}

/// How permutation importance is measured; each field is described in permutation.cc.
struct PermutationOptions {
  RowLoss loss = RowLoss::Auto;
  int32_t n_repeats = 5;
  double confidence = 0.95;
  std::vector<double> quantiles = {};
};
void describe(Fields<PermutationOptions>& fields);

/// The importance of a feature, with the interval that holds it at the confidence asked for.
struct PermutationImportance {
  double mean = 0, low = 0, high = 0;
};

/// One for each feature. The rows should be others than those that the model learnt from. Throws Error(BadValue) where the loss does not
/// suit the task, and as check_training_set.
std::vector<PermutationImportance> permutation_importance(const Model& model, const TrainingSet& rows, const PermutationOptions& options,
                                                          const FitContext& context);

}  // namespace kolosal
