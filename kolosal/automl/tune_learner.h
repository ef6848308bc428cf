// Tuning one learner on a table: a study whose trials are parameters of the learner and whose objective is its cross-validated score.
//
// The first trial of a new study has the learner's own defaults where the space allows them, so that there is something to be better than;
// a parameter whose default is null is drawn. After each fold the mean score so far is reported, and a pruner may end the trial. A trial
// that the time limit cuts short counts as pruned where it has a fold, else as failed, and one that a cancellation cuts short as failed.
// With a storage the study outlives the run, others may work on it at the same time, and a trial whose worker went away fails after two
// minutes and is run once more.
//
// Limited by trials and in one process, the same table, options and seed give the same trials.
// Checked  tune_learner_test.cc; tests/scenarios/test_tune.py.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kolosal/automl/options.h"
#include "kolosal/base/clock.h"
#include "kolosal/table/table.h"
#include "kolosal/tune/study.h"

namespace kolosal {

/// What is tuned, and how.
struct TuneOptions {
  std::string learner = "gradient_boosting";
  std::optional<int64_t> trials;
  std::string sampler = "tpe";
  Value sampler_parameters;
  std::string pruner;
  Value pruner_parameters;
  std::string storage;
  std::string study;
  std::vector<std::string> set;
  Value space;
};
void describe(Fields<TuneOptions>& fields);

/// The parameters that a learner's table gives a range, but those of `left_out`: a logarithmic one where the table says so. Throws
/// Error(Unsupported) where there is none.
SearchSpace learner_space(std::string_view learner, const Value::Object& left_out = {});

/// What is known before the first trial.
struct TuneTask {
  std::string study, learner, metric;
  bool higher_is_better = false;
  Task task = Task::Regression;
  std::string task_reason;
  int64_t n_rows = 0, n_features = 0, n_folds = 0;
  int64_t n_trials_before = 0;  ///< of the study, by earlier runs or others
  std::vector<std::string> findings;
  Value::Object fixed;  ///< parameters that --set gave
};

/// What is told of a run as it goes on; from the thread that called.
class TuneListener {
 public:
  virtual ~TuneListener() = default;
  /// Before the first trial, before each fold, and after each trial.
  virtual void on_begin(const TuneTask& /*task*/) {}
  virtual void on_fold(int64_t /*trial*/, int64_t /*fold*/) {}
  virtual void on_trial(const Study& /*study*/, const TrialRecord& /*trial*/) {}
};

/// The surroundings of a run.
struct TuneRun {
  Deadline deadline;  ///< where it never ends and the options have a time limit, that limit counts from the call
  CancelToken cancel;
  TuneListener* listener = nullptr;  ///< must outlive the run
};

/// What a run gives.
struct TuneResult {
  TuneTask task;
  std::shared_ptr<Study> study;
  int64_t n_trials = 0;  ///< that this run made
  /// The best trial so far, of this run or others, and the learner's parameters in it.
  TrialRecord best;
  Value::Object parameters;
};

/// Tunes a learner on a raw table (as read_table gives it). `table_options` say what of the table is what, how rows are split and how long
/// it may take. Throws Error(BadValue), Error(Unsupported) where something named cannot be used, or where the study in the storage has
/// another objective; Error(Cancelled), Error(Timeout), Error(BadValue) where no trial was complete.
TuneResult tune_learner(const Table& table, const TrainOptions& table_options, const TuneOptions& options, const TuneRun& run = {});

/// Throws Error(BadValue), Error(UnknownParameter) or Error(UnknownName) where the options cannot hold, whatever the table is.
void check_tune_options(const TuneOptions& options);

/// The parameters of a trial by name, as users write them.
Value::Object trial_parameters(const Study& study, const TrialRecord& trial);

}  // namespace kolosal
