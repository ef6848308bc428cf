// Pruner: whether a running trial leads nowhere, by its intermediate values and those of others.
//
// Asked after a report, of studies with one objective. A file of pruners/ adds one: a class, its parameters with `describe`, and
// register_<stem>(Catalog<Pruner>&).
// Checked  pruner_test.cc: decisions that Optuna 5 took on the same histories.
#pragma once

#include <string_view>

#include "kolosal/base/catalog.h"
#include "kolosal/tune/history.h"

namespace kolosal {

/// See the top of the file.
class Pruner {
 public:
  virtual ~Pruner() = default;
  /// Whether to stop the trial, which runs and may have no report yet. Notes in trial.rungs which rungs it has reached.
  virtual bool should_prune(const History& history, TrialRecord& trial, std::string_view study_name) const = 0;
};

/// All pruners.
const Catalog<Pruner>& pruners();

/// Whether the last report is the first at or after the latest of the steps warmup, warmup + interval, warmup + 2 interval, ...
bool is_first_report_of_interval(const TrialRecord& trial, int64_t warmup, int64_t interval);

}  // namespace kolosal
