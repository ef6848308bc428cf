// optimize: runs trials of an objective until a limit is met, by one worker or several.
//
//   Study study({.sampler = samplers().make("tpe")});
//   optimize(study, [](RunningTrial& trial) {
//     const double x = trial.suggest_float("x", -10, 10);
//     return std::vector<double>{x * x};
//   }, {.n_trials = 100});
//   study.best().values[0];
//
// Which trials are run depends on the sampler, and with several workers on which of them ends first.
// Checked  optimize_test.cc.
#pragma once

#include <exception>
#include <functional>
#include <limits>
#include <optional>

#include "kolosal/base/clock.h"
#include "kolosal/tune/study.h"

namespace kolosal {

/// Thrown by an objective to end its trial early; the value is the last reported.
struct TrialPruned {};

/// A trial as its objective sees it. Errors are those of Study.
class RunningTrial {
 public:
  RunningTrial(Study& study, int64_t number) : study_(study), number_(number) {}

  /// Number of the trial in its study, from 0.
  int64_t number() const noexcept { return number_; }
  /// A number from low to high, both allowed; in steps from low, or on a logarithmic scale.
  double suggest_float(std::string_view name, double low, double high, double step = 0, bool log = false);
  /// An integer from low to high, both allowed.
  int64_t suggest_int(std::string_view name, int64_t low, int64_t high, int64_t step = 1, bool log = false);
  /// One of the choices; `ordered`: they stand in an order, so that neighbours are alike.
  Value suggest_categorical(std::string_view name, std::vector<Value> choices, bool ordered = false);
  /// The values of all parameters of a declared space that are there, by name.
  Value::Object suggest(const SearchSpace& space) { return study_.suggest(number_, space); }
  /// Notes an intermediate value, and asks the pruner about the last.
  void report(double value, int64_t step) { study_.report(number_, value, step); }
  bool should_prune() { return study_.should_prune(number_); }
  /// Notes a constraint, which holds where the value is at most 0.
  void set_constraint(std::string_view name, double value) { study_.set_constraint(number_, name, value); }
  /// Notes anything else.
  void set_user_attribute(std::string_view name, Value value) { study_.set_user_attribute(number_, name, std::move(value)); }

 private:
  Study& study_;
  int64_t number_;
};

/// Gives a value for each objective of the study. With several workers it is called by several threads at a time.
using Objective = std::function<std::vector<double>(RunningTrial&)>;

/// When a run ends, and what happens between. Functions may be empty.
struct OptimizeOptions {
  std::optional<int64_t> n_trials;                                   ///< how many trials are run; none: no such limit
  double timeout_seconds = std::numeric_limits<double>::infinity();  ///< after which no further trial is started
  int n_workers = 1;                                                 ///< threads that run trials at a time; 0: one for each core
  CancelToken cancel;                                                ///< once asked to, no further trial is started
  std::function<bool(const std::exception&)> goes_on;                ///< whether what an objective threw lets the run go on; empty: never
  std::function<void(Study&, int64_t)> on_stale;                   ///< called with each trial of a worker that is gone, once it has failed
  std::function<void(const Study&, const TrialRecord&)> on_trial;  ///< called after each trial, by one thread at a time
};

/// Runs trials until a limit is met, `cancel` is asked to, or the sampler has nothing left. Before each, trials of workers that were not
/// heard of for longer than the storage allows fail. Where the objective throws, its trial has failed with the reason; unless `goes_on`
/// says otherwise no further trial is started, those that run end, and what was thrown first is thrown again. A trial that another worker
/// has ended meanwhile stays as it is. Errors of the storage end the run. Throws Error(BadValue) where n_trials or n_workers is negative or
/// timeout_seconds is NaN.
void optimize(Study& study, const Objective& objective, const OptimizeOptions& options);

}  // namespace kolosal
