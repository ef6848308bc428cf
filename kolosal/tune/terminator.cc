#include "kolosal/tune/terminator.h"

#include <algorithm>
#include <cmath>

#include "kolosal/base/json.h"

namespace kolosal {

bool should_terminate(const Study& study, const ImprovementEstimate& improvement, const ErrorEstimate& error, int64_t min_n_trials) {
  if (study.directions().size() != 1)
    throw Error(ErrorCode::BadValue, "terminator: study '" + study.name() + "' has " + std::to_string(study.directions().size()) +
                                         " objectives; it must have one");
  if (min_n_trials < 1)
    throw Error(ErrorCode::BadValue, "terminator: min_n_trials is " + std::to_string(min_n_trials) + "; it must be at least 1");
  const std::vector<TrialRecord> trials = study.trials();
  const auto n = std::count_if(trials.begin(), trials.end(), [](const auto& trial) { return trial.state == TrialState::Complete; });
  if (n < min_n_trials) return false;
  const Direction direction = study.directions()[0];
  return improvement.evaluate(trials, direction) < error.evaluate(trials, direction);
}

void report_cross_validation_scores(Study& study, int64_t trial, std::span<const double> scores) {
  const std::string place = "trial " + std::to_string(trial) + ": ";
  if (scores.size() < 2)
    throw Error(ErrorCode::BadValue,
                place + "there are " + std::to_string(scores.size()) + " scores of cross-validation; there must be two or more");
  Value::List list;
  for (const double score : scores) {
    if (!std::isfinite(score)) throw Error(ErrorCode::BadValue, place + "a score of cross-validation is not finite");
    list.emplace_back(score);
  }
  study.set_system_attribute(trial, kScoresAttribute, to_json(Value(std::move(list))));
}

const TrialRecord& best_complete(std::span<const TrialRecord> trials, Direction direction) {
  const TrialRecord* best = nullptr;
  for (const TrialRecord& trial : trials) {
    if (trial.state != TrialState::Complete) continue;
    if (best == nullptr || (direction == Direction::Minimize ? trial.values[0] < best->values[0] : trial.values[0] > best->values[0]))
      best = &trial;
  }
  if (best == nullptr) throw Error(ErrorCode::BadValue, "terminator: no trial is complete", "Run more trials.");
  return *best;
}

}  // namespace kolosal
