#include "kolosal/automl/run_record.h"

#include <algorithm>

namespace kolosal {

void describe(Fields<LearningCurve>& f) {
  f.add("iteration", &LearningCurve::iteration, "Iterations done.");
  f.add("train_loss", &LearningCurve::train_loss, "Loss on training rows.");
  f.add("validation_loss", &LearningCurve::validation_loss, "Loss on held-out rows.");
}

void describe(Fields<CandidateRecord>& f) {
  f.add("name", &CandidateRecord::name, "Name on the leaderboard.");
  f.add("learner", &CandidateRecord::learner, "Learner in the catalog.");
  f.add("parameters", &CandidateRecord::parameters, "Parameters that differ from the defaults.");
  f.add("status", &CandidateRecord::status, "What became of it.");
  f.add("reason", &CandidateRecord::reason, "Why it was raced out, skipped or failed.");
  f.add("score", &CandidateRecord::score, "Score on all held-out rows.");
  f.add("score_low", &CandidateRecord::score_low, "Lower end of the 95 % interval.");
  f.add("score_high", &CandidateRecord::score_high, "Upper end of the 95 % interval.");
  f.add("fold_scores", &CandidateRecord::fold_scores, "Score on each fold.");
  f.add("weight", &CandidateRecord::weight, "Weight in the ensemble.");
  f.add("size_bytes", &CandidateRecord::size_bytes, "Size in the artifact.");
  f.add("fit_seconds", &CandidateRecord::fit_seconds, "Time to fit, all folds together.");
  f.add("predict_seconds", &CandidateRecord::predict_seconds, "Time to predict the held-out rows.");
  f.add("curve", &CandidateRecord::curve, "Learning curve of the first fold.");
}

void describe(Fields<RunRecord>& f) {
  f.add("kolosal_version", &RunRecord::kolosal_version, "Version that trained.");
  f.add("options", &RunRecord::options, "Options of the run.");
  f.add("task", &RunRecord::task, "Kind of prediction.");
  f.add("task_reason", &RunRecord::task_reason, "Why that kind.");
  f.add("metric", &RunRecord::metric, "Metric of the leaderboard.");
  f.add("higher_is_better", &RunRecord::higher_is_better, "Whether larger scores are better.");
  f.add("class_names", &RunRecord::class_names, "Classes in order.");
  f.add("n_rows", &RunRecord::n_rows, "Training rows.");
  f.add("n_rows_without_target", &RunRecord::n_rows_without_target, "Rows left out because their target is missing.");
  f.add("n_features", &RunRecord::n_features, "Feature columns.");
  f.add("fold_strategy", &RunRecord::fold_strategy, "How rows were split.");
  f.add("n_folds", &RunRecord::n_folds, "Number of folds; 1 is a single holdout.");
  f.add("table_checksum", &RunRecord::table_checksum, "Checksum of the training table.");
  f.add("findings", &RunRecord::findings, "What the table showed.");
  f.add("candidates", &RunRecord::candidates, "The leaderboard.");
  f.add("best", &RunRecord::best, "The candidate that predicts.");
  f.add("importance_names", &RunRecord::importance_names, "Columns by importance.");
  f.add("importance", &RunRecord::importance, "Importance of each column.");
  f.add("stopped_early", &RunRecord::stopped_early, "Whether the plan was cut short.");
  f.add("total_seconds", &RunRecord::total_seconds, "Time of the whole run.");
}

const CandidateRecord* RunRecord::find(std::string_view name) const {
  const auto found = std::ranges::find(candidates, name, &CandidateRecord::name);
  return found == candidates.end() ? nullptr : &*found;
}

RunRecord RunRecord::without_timings() const {
  RunRecord copy = *this;
  copy.total_seconds.reset();
  copy.options.n_threads = 0;
  copy.options.pin_threads = false;
  copy.options.numa_node.reset();
  for (CandidateRecord& candidate : copy.candidates) {
    candidate.fit_seconds.reset();
    candidate.predict_seconds.reset();
  }
  return copy;
}

}  // namespace kolosal
