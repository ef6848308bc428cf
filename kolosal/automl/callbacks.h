// Callbacks: what happens during a training run, told to whoever listens. All methods may be called from any thread, one at a time.
#pragma once

#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kolosal/automl/run_record.h"
#include "kolosal/base/fit_context.h"

namespace kolosal {

/// Listens to a run. Methods that return bool stop what they tell of by returning false: the model keeps its best state.
class TrainCallback {
 public:
  virtual ~TrainCallback() = default;
  /// The plan stands: every candidate is listed as waiting.
  virtual void on_train_begin(const RunRecord&) {}
  virtual void on_candidate_begin(const CandidateRecord&) {}
  virtual void on_fold_begin(const CandidateRecord&, int /*fold*/) {}
  /// After an iteration of a fit; false ends this fit.
  virtual bool on_iteration(const CandidateRecord&, int /*fold*/, const FitProgress&) { return true; }
  virtual void on_fold_end(const CandidateRecord&, int /*fold*/, double /*score*/) {}
  /// A candidate is trained, raced out, skipped or failed; false ends the run.
  virtual bool on_candidate_end(const CandidateRecord&) { return true; }
  virtual void on_train_end(const RunRecord&) {}
};

using TrainCallbacks = std::vector<std::shared_ptr<TrainCallback>>;

/// Ends a fit whose validation loss (`monitor` = "validation_loss") or training loss ("train_loss") has not improved by
/// `min_delta` for `patience` iterations. Learners keep their best iteration.
class IterationEarlyStopping : public TrainCallback {
 public:
  IterationEarlyStopping(std::string monitor, int patience, double min_delta);
  bool on_iteration(const CandidateRecord& candidate, int fold, const FitProgress& progress) override;

 private:
  struct Best {
    double loss = std::numeric_limits<double>::infinity();
    int iteration = 0;
  };
  bool monitors_validation_;
  int patience_;
  double min_delta_;
  std::map<std::pair<std::string, int>, Best> best_;
};

/// Ends the run after `patience` candidates in a row without an improvement of the best score by `min_delta`.
class CandidateEarlyStopping : public TrainCallback {
 public:
  CandidateEarlyStopping(int patience, double min_delta, bool higher_is_better);
  bool on_candidate_end(const CandidateRecord& candidate) override;

 private:
  int patience_;
  double min_delta_;
  bool higher_is_better_;
  int without_gain_ = 0;
  std::optional<double> best_;
};

/// Keeps every loss of every fit.
class MetricHistory : public TrainCallback {
 public:
  /// One loss.
  struct Entry {
    std::string candidate;
    int fold;
    FitProgress progress;
  };
  bool on_iteration(const CandidateRecord& candidate, int fold, const FitProgress& progress) override;
  /// Everything heard so far, in order.
  const std::vector<Entry>& entries() const noexcept { return entries_; }

 private:
  std::vector<Entry> entries_;
};

/// Writes a line for every event of a run to `write`, as plain text.
class LoggingCallback : public TrainCallback {
 public:
  explicit LoggingCallback(std::function<void(const std::string& line)> write) : write_(std::move(write)) {}
  void on_train_begin(const RunRecord& record) override;
  void on_fold_end(const CandidateRecord& candidate, int fold, double score) override;
  bool on_candidate_end(const CandidateRecord& candidate) override;
  void on_train_end(const RunRecord& record) override;

 private:
  std::function<void(const std::string&)> write_;
};

}  // namespace kolosal
