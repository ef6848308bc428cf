// The portfolio: which learners with which parameters a run tries, in order, and how rows are split.
//
// Everything here is a pure function of the table's size, the task and the options: the clock plays no part, so a run limited
// by work replays exactly. Costs are counted in seconds of a fixed reference machine (two cores), not measured.
// Source   the numbers of AutoGluon's and TabRepo's published portfolios, re-chosen for the learners here.
// Checked  portfolio_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kolosal/automl/options.h"
#include "kolosal/base/value.h"
#include "kolosal/table/folds.h"
#include "kolosal/table/target.h"

namespace kolosal {

/// What a plan depends on.
struct TableSize {
  size_t n_rows = 0;
  size_t n_features = 0;
  size_t n_classes = 0;       ///< 0 unless classification
  size_t smallest_class = 0;  ///< rows of the rarest class; 0 unless classification
  Task task = Task::Regression;
};

/// One model to try.
struct CandidateSpec {
  std::string name;
  std::string learner;
  std::string family;  ///< candidates of one family make like errors
  Value parameters;
};

/// How rows are split: folds, or a single holdout where n_folds is 1.
struct SplitPlan {
  FoldOptions options;
  int32_t n_used = 1;  ///< how many of the splits are used: all, or one as a holdout
};

/// The split for a table and its options: the more folds the more the budget allows, at least 2 rows of each class a fold.
SplitPlan plan_split(const TableSize& size, const TrainOptions& options);

/// The candidates in order of launch; a constant baseline is always first. Only learners that support the task, and
/// among them those that `options.learners` names. Throws Error(UnknownName) or Error(Unsupported) where none are left.
std::vector<CandidateSpec> plan_candidates(const TableSize& size, const SplitPlan& split, const TrainOptions& options);

/// Seconds that one fold of 300 boosted trees of 31 leaves takes on the reference machine.
double boosting_fold_seconds(const TableSize& size);

}  // namespace kolosal
