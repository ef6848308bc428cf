// RunRecord: what a training run did and found, as plain described data. It goes into the artifact, the report and --json.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kolosal/automl/options.h"
#include "kolosal/base/fields.h"
#include "kolosal/table/target.h"

namespace kolosal {

/// What became of a candidate.
enum class CandidateStatus {
  Waiting,  ///< not begun
  Running,
  Trained,  ///< every fold done
  Raced,    ///< dropped after its first fold: too far behind
  Skipped,  ///< the time or memory left would not have been enough
  Failed,
};

constexpr auto enum_names(CandidateStatus) {
  return std::to_array<std::pair<CandidateStatus, std::string_view>>({{CandidateStatus::Waiting, "waiting"},
                                                                      {CandidateStatus::Running, "running"},
                                                                      {CandidateStatus::Trained, "trained"},
                                                                      {CandidateStatus::Raced, "raced"},
                                                                      {CandidateStatus::Skipped, "skipped"},
                                                                      {CandidateStatus::Failed, "failed"}});
}

/// Losses of one model after some of its iterations.
struct LearningCurve {
  std::vector<int32_t> iteration;
  std::vector<double> train_loss;       ///< NaN where not measured
  std::vector<double> validation_loss;  ///< NaN where not measured
};
void describe(Fields<LearningCurve>& fields);

/// One line of the leaderboard.
struct CandidateRecord {
  std::string name;
  std::string learner;  ///< name in the catalog; "ensemble" for the weighted mean of the others
  Value parameters;     ///< those that differ from the learner's defaults
  CandidateStatus status = CandidateStatus::Waiting;
  std::string reason;                           ///< why it was raced out, skipped or failed
  std::optional<double> score;                  ///< of the metric on all held-out rows
  std::optional<double> score_low, score_high;  ///< 95 % interval
  std::vector<double> fold_scores;
  double weight = 0;                                   ///< in the ensemble
  int64_t size_bytes = 0;                              ///< in the artifact
  std::optional<double> fit_seconds, predict_seconds;  ///< all folds together; measured, so never part of an artifact
  LearningCurve curve;                                 ///< of the first fold
};
void describe(Fields<CandidateRecord>& fields);

struct RunRecord {
  std::string kolosal_version;
  TrainOptions options;
  Task task = Task::Regression;
  std::string task_reason;
  std::string metric;
  bool higher_is_better = false;
  std::vector<std::string> class_names;
  int64_t n_rows = 0;
  int64_t n_rows_without_target = 0;  ///< left out of training
  int64_t n_features = 0;
  std::string fold_strategy;
  int32_t n_folds = 0;                      ///< 1 means a single holdout
  uint32_t table_checksum = 0;              ///< of the training table's content
  std::vector<std::string> findings;        ///< what the table showed that a user should know, a sentence each
  std::vector<CandidateRecord> candidates;  ///< best first, the ensemble among them
  std::string best;                         ///< name of the candidate that predicts: "ensemble" or the only one
  std::vector<std::string> importance_names;
  std::vector<double> importance;       ///< of each source column, summing to 1
  bool stopped_early = false;           ///< cancelled, or out of time before the plan was done
  std::optional<double> total_seconds;  ///< measured, so never part of an artifact

  /// nullptr where there is no candidate of this name.
  const CandidateRecord* find(std::string_view name) const;
  /// The same without what a clock measured, so that equal work gives equal bytes.
  RunRecord without_timings() const;
};
void describe(Fields<RunRecord>& fields);

}  // namespace kolosal
