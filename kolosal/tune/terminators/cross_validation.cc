// The error of a mean over folds: the spread of the best trial's scores, scaled for how few the folds are and how much they share.
//
// Source   Nadeau and Bengio, "Inference for the generalization error", Machine Learning 52, 2003: variance times 1 / k + 1 / (k - 1).
#include <cmath>

#include "kolosal/tune/storages/optuna_text.h"
#include "kolosal/tune/terminator.h"

namespace kolosal {
namespace {

class CrossValidationError final : public ErrorEstimate {
 public:
  double evaluate(std::span<const TrialRecord> trials, Direction direction) const override {
    const TrialRecord& best = best_complete(trials, direction);
    std::vector<double> scores;
    for (const auto& [name, json] : best.system_attributes) {
      if (name != kScoresAttribute) continue;
      const Value list = value_from_python_json(json);
      for (const Value& score : list.as_list()) scores.push_back(number_from(score));
    }
    if (scores.size() < 2)
      throw Error(ErrorCode::BadValue, "terminator: the best trial, " + std::to_string(best.number) + ", has no scores of cross-validation",
                  "Let the objective call report_cross_validation_scores(trial, scores), or use another error.");
    const auto k = static_cast<double>(scores.size());
    double mean = 0, variance = 0;
    for (const double score : scores) mean += score / k;
    for (const double score : scores) variance += (score - mean) * (score - mean) / k;
    return std::sqrt((1 / k + 1 / (k - 1)) * variance);
  }
};

}  // namespace

void register_cross_validation(Catalog<ErrorEstimate>& catalog) {
  catalog.add<CrossValidationError>("cross_validation", "By the scores that the best trial reported, one a fold.");
}

}  // namespace kolosal
