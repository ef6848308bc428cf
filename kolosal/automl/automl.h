// AutoML: from a raw table and a budget to a predictor, with a record of all that was tried.
#pragma once

#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kolosal/automl/callbacks.h"
#include "kolosal/automl/options.h"
#include "kolosal/automl/run_record.h"
#include "kolosal/base/fit_context.h"
#include "kolosal/inference/predictor.h"
#include "kolosal/metrics/metric.h"
#include "kolosal/table/table.h"

namespace kolosal {

/// The surroundings of a run: everything that is not an option of what to learn.
struct TrainRun {
  /// When everything must be over. Where it never ends and the options have a time limit, that limit counts from the call.
  Deadline deadline;
  CancelToken cancel;
  TrainCallbacks callbacks;
  /// Judges the models in place of the named metric; must outlive the run.
  std::shared_ptr<const Metric> custom_metric;
  /// Where finished folds are kept until the run is over; empty keeps none.
  std::string run_directory;
  /// Whether finished folds of an earlier run of the same table and options are used.
  bool resume = false;
};

/// Held-out predictions of the model that predicts, for curves and residuals.
struct HeldOut {
  std::vector<uint32_t> rows;  ///< of the training table, rows without target not counted
  Target target;
  std::vector<double> weights;      ///< empty: all ones
  std::vector<double> predictions;  ///< (rows, n_outputs)
};

/// What a run gives.
struct TrainResult {
  std::shared_ptr<const Predictor> predictor;
  RunRecord record;
  HeldOut held_out;  ///< empty in a result that was loaded

  /// Writes predictor and record as one artifact. The bytes depend on the work done alone, not on time or threads.
  void save(const std::string& path) const;
  /// Reads an artifact. Throws Error(CorruptArtifact), Error(UnsupportedVersion) or Error(Io).
  static TrainResult load(const std::string& path);
};

class AutoML {
 public:
  explicit AutoML(TrainOptions options) : options_(std::move(options)) {}

  /// Trains on a raw table (as read_table gives it).
  TrainResult fit(const Table& table, const TrainRun& run = {}) const;
  /// The same on a thread of its own.
  std::future<TrainResult> fit_async(Table table, TrainRun run = {}) const;

  /// The options of every run.
  const TrainOptions& options() const noexcept { return options_; }

 private:
  TrainOptions options_;
};

/// One metric of an evaluation with its 95 % bootstrap interval.
struct MetricScore {
  std::string metric;
  double score = 0;
  double low = 0, high = 0;
};
void describe(Fields<MetricScore>& fields);

/// Every metric that fits the task, or those named, for a table that has the target. Rows without a target are left out.
std::vector<MetricScore> evaluate(const Predictor& predictor, const Table& table, const std::vector<std::string>& metric_names,
                                  const FitContext& context);

}  // namespace kolosal
