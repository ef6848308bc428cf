#include "kolosal/tune/importance.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace kolosal {
namespace {

std::vector<double> losses_of(const TrialRecord& trial, const std::vector<Direction>& directions) {
  std::vector<double> losses = trial.values;
  for (size_t i = 0; i < losses.size(); ++i)
    if (directions[i] == Direction::Maximize) losses[i] = -losses[i];
  return losses;
}

ImportanceInput input_of(const Study& study, const ImportanceQuestion& question) {
  ImportanceInput input;
  input.parameters = question.parameters;
  std::unordered_map<int64_t, double> target;
  if (question.target) target.insert(question.target->begin(), question.target->end());
  for (TrialRecord& trial : study.trials()) {
    if (trial.state != TrialState::Complete) continue;
    std::vector<double> losses;
    if (!question.target) losses = losses_of(trial, study.directions());
    else if (const auto at = target.find(trial.number); at != target.end()) losses = {at->second};
    const bool finite = std::all_of(losses.begin(), losses.end(), [](double loss) { return std::isfinite(loss); });
    if (losses.empty() || !finite) continue;
    input.losses.push_back(std::move(losses));
    input.trials.push_back(std::move(trial));
  }
  input.names = study.parameter_names();  // after the trials: a study that runs may have got new ones
  return input;
}

}  // namespace

Importances param_importances(const Study& study, const Importance& importance, const ImportanceQuestion& question, bool normalize) {
  Importances found = importance.evaluate(input_of(study, question));
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  if (!normalize) return found;
  double sum = 0;
  for (const auto& [name, value] : found) sum += value;
  for (auto& [name, value] : found) value = sum > 0 ? value / sum : 1 / static_cast<double>(found.size());
  return found;
}

}  // namespace kolosal
