#include "kolosal/automl/callbacks.h"

#include <cmath>
#include <cstdio>

namespace kolosal {
namespace {

std::string number_text(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", number);
  return text;
}

}  // namespace

IterationEarlyStopping::IterationEarlyStopping(std::string monitor, int patience, double min_delta)
    : monitors_validation_(monitor == "validation_loss"), patience_(patience), min_delta_(min_delta) {
  if (monitor != "validation_loss" && monitor != "train_loss")
    throw Error(ErrorCode::BadValue, "early stopping cannot monitor '" + monitor + "'", "Monitor validation_loss or train_loss.");
  if (patience < 1) throw Error(ErrorCode::BadValue, "patience is " + std::to_string(patience), "Allowed: at least 1.");
}

bool IterationEarlyStopping::on_iteration(const CandidateRecord& candidate, int fold, const FitProgress& progress) {
  const double loss = monitors_validation_ ? progress.validation_loss : progress.train_loss;
  if (std::isnan(loss)) return true;
  Best& best = best_[{candidate.name, fold}];
  if (loss < best.loss - min_delta_) best = {loss, progress.iteration};
  return progress.iteration - best.iteration < patience_;
}

CandidateEarlyStopping::CandidateEarlyStopping(int patience, double min_delta, bool higher_is_better)
    : patience_(patience), min_delta_(min_delta), higher_is_better_(higher_is_better) {}

bool CandidateEarlyStopping::on_candidate_end(const CandidateRecord& candidate) {
  if (!candidate.score || std::isnan(*candidate.score)) return true;
  const double gain = !best_              ? std::numeric_limits<double>::infinity()
                      : higher_is_better_ ? *candidate.score - *best_
                                          : *best_ - *candidate.score;
  if (gain > min_delta_) {
    best_ = candidate.score;
    without_gain_ = 0;
  } else {
    ++without_gain_;
  }
  return without_gain_ < patience_;
}

bool MetricHistory::on_iteration(const CandidateRecord& candidate, int fold, const FitProgress& progress) {
  entries_.push_back({candidate.name, fold, progress});
  return true;
}

void LoggingCallback::on_train_begin(const RunRecord& record) {
  write_("training on " + std::to_string(record.n_rows) + " rows, " + std::to_string(record.n_features) +
         " features: " + std::string(enum_name(record.task)) + " (" + record.task_reason + "), metric " + record.metric + ", " +
         std::to_string(record.n_folds) + (record.n_folds == 1 ? " holdout" : " folds"));
}

void LoggingCallback::on_fold_end(const CandidateRecord& candidate, int fold, double score) {
  write_(candidate.name + ": fold " + std::to_string(fold + 1) + " scored " + number_text(score));
}

bool LoggingCallback::on_candidate_end(const CandidateRecord& candidate) {
  std::string line = candidate.name + ": " + std::string(enum_name(candidate.status));
  if (candidate.score) line += ", score " + number_text(*candidate.score);
  if (!candidate.reason.empty()) line += " (" + candidate.reason + ")";
  write_(line);
  return true;
}

void LoggingCallback::on_train_end(const RunRecord& record) {
  const CandidateRecord* best = record.find(record.best);
  write_("best: " + record.best + (best != nullptr && best->score ? ", score " + number_text(*best->score) : std::string()));
}

}  // namespace kolosal
