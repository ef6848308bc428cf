// Race: trains the candidates of a portfolio fold by fold inside a deadline, dropping those that fall behind.
//
// Limited by work (no time limit), every candidate gets every fold, in order: the result is a pure function of rows, options
// and seed. Limited by time, all candidates are first tried on one fold for at most a third of the time; then the best, and
// the best of each other family, get their other folds first, and what cannot be finished is not begun. The clock only decides
// where the list is cut, and the record says where.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "kolosal/automl/callbacks.h"
#include "kolosal/automl/portfolio.h"
#include "kolosal/automl/run_directory.h"
#include "kolosal/automl/run_record.h"
#include "kolosal/metrics/metric.h"
#include "kolosal/validation/cross_validate.h"

namespace kolosal {

/// A candidate with what it has so far.
struct Contender {
  CandidateSpec spec;
  std::unique_ptr<Learner> learner;
  CandidateRecord record;
  std::vector<std::optional<FoldFit>> fits;  ///< one a fold
  std::vector<double> predictions;           ///< of the rows ever held out, once every fold is done

  /// Whether every fold is fitted.
  bool complete() const;
};

class Race {
 public:
  /// What a race runs on; everything referred to must outlive it.
  struct Setting {
    const PreparedFolds& folds;
    const Metric& metric;
    const TrainOptions& options;
    const RunDirectory& directory;
    const TrainCallbacks& callbacks;
    /// The deadline is the one for fitting; what follows has its own reserve.
    FitContext context;
  };

  Race(Setting setting, std::vector<CandidateSpec> specs);

  /// Trains until the plan is done, the deadline passes, a callback stops the run or cancellation is asked for. At least the
  /// baseline is complete afterwards. Returns whether the plan was done.
  bool run();

  /// The candidates in order of the plan.
  const std::vector<Contender>& contenders() const noexcept { return contenders_; }
  std::vector<Contender>& contenders() noexcept { return contenders_; }
  /// Rows held out by some fold, in order.
  const std::vector<uint32_t>& held_out_rows() const noexcept { return held_out_rows_; }

 private:
  bool run_in_order();
  bool run_against_time();
  bool scout(Contender& contender);
  bool finish(Contender& contender);
  void fit_folds(Contender& contender, size_t first, size_t last);
  void fit_one(Contender& contender, size_t fold, bool alone);
  void fail(Contender& contender, const std::string& reason);
  bool close(Contender& contender, CandidateStatus status, std::string reason);
  Contender* next_to_finish();
  double loss_of(const Contender& contender) const;
  bool out_of_time() const { return stopped_ || setting_.context.should_stop(); }

  Setting setting_;
  std::vector<Contender> contenders_;
  std::vector<uint32_t> held_out_rows_;
  mutable std::mutex mutex_;
  bool stopped_ = false;
};

}  // namespace kolosal
