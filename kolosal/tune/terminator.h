// Terminator: whether a study may end, because what it may still gain is less than what its results are uncertain by.
//
// A file of terminators/ adds one estimate, of the gain (ImprovementEstimate) or of the uncertainty (ErrorEstimate): a class, its
// parameters with `describe`, and register_<stem>(Catalog<...>&). Both are in the units of the objective.
// Source   Makarova et al., "Automatic termination for hyperparameter optimization", AutoML 2022; the rules of Optuna 5.
// Checked  terminator_test.cc; tests/parity/test_terminator.py.
#pragma once

#include <span>
#include <string_view>

#include "kolosal/base/catalog.h"
#include "kolosal/tune/study.h"

namespace kolosal {

/// How much the best value of a study may still improve.
class ImprovementEstimate {
 public:
  virtual ~ImprovementEstimate() = default;
  /// Throws Error(BadValue) where the trials say nothing of it.
  virtual double evaluate(std::span<const TrialRecord> trials, Direction direction) const = 0;
};

/// How far the best value of a study may be from what it stands for.
class ErrorEstimate {
 public:
  virtual ~ErrorEstimate() = default;
  /// Throws Error(BadValue) where the trials say nothing of it.
  virtual double evaluate(std::span<const TrialRecord> trials, Direction direction) const = 0;
};

/// All estimates.
const Catalog<ImprovementEstimate>& improvement_estimates();
const Catalog<ErrorEstimate>& error_estimates();

/// Whether a study of one objective has at least so many complete trials, and its improvement is below its error. Throws
/// Error(BadValue) where there are several objectives.
bool should_terminate(const Study& study, const ImprovementEstimate& improvement, const ErrorEstimate& error, int64_t min_n_trials);

/// The attribute of a trial in which scores of cross-validation are kept, as Optuna names it.
inline constexpr std::string_view kScoresAttribute = "terminator:cv_scores";

/// Notes the scores of a running trial, one a fold, for the error of cross-validation. Throws Error(BadValue) where there are fewer than
/// two, or one is not finite.
void report_cross_validation_scores(Study& study, int64_t trial, std::span<const double> scores);

/// The best complete trial, the first of equals. Throws Error(BadValue) where there is none.
const TrialRecord& best_complete(std::span<const TrialRecord> trials, Direction direction);

}  // namespace kolosal
