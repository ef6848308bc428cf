#include "kolosal/models/learner.h"

#include <algorithm>
#include <cmath>

#include "kolosal/models/validation_set.h"

namespace kolosal {

std::unique_ptr<Model> Learner::fit_more(const Model&, const TrainingSet&, const TrainingSet*, const FitContext&) const {
  throw Error(ErrorCode::Unsupported, "this learner does not go on from a model that was fitted before", "Fit anew on all rows.");
}

std::vector<double> Learner::out_of_bag(const Model&, const TrainingSet&, const FitContext&) const {
  throw Error(ErrorCode::Unsupported, "this learner does not leave rows out of its trees", "Use random_forest, or hold rows out.");
}

namespace {

// Sums of weights times squares of what rows are about are float64, too: their largest weight may be this, or one over this.
constexpr double kMostWeight = 1e100;

// Throws Error(BadValue) where a weight is none, or all are of a size at which sums overflow or vanish.
void check_weights(std::span<const double> weights) {
  double most = 0;
  for (const double weight : weights) {
    if (!(weight >= 0) || !std::isfinite(weight)) throw Error(ErrorCode::BadValue, "a weight is negative or not finite");
    most = std::max(most, weight);
  }
  if (most > 0 && (most > kMostWeight || most < 1 / kMostWeight))
    throw Error(ErrorCode::BadValue, "the largest weight is not from 1e-100 to 1e100",
                "Divide the weights by their mean: what they are in proportion to one another stays.");
}

// Throws Error(BadValue) where the target of rows, or their weights, cannot be.
void check_rows(const TrainingSet& set) {
  const size_t n_rows = set.x.n_rows();
  const Target& target = set.target;
  if (target.n_rows != n_rows || target.values.size() != n_rows * target.n_targets)
    throw Error(ErrorCode::BadValue,
                "the target has " + std::to_string(target.n_rows) + " rows where the features have " + std::to_string(n_rows));
  if (target.task == Task::Ranking && target.group.size() != n_rows)
    throw Error(ErrorCode::BadValue,
                "there are " + std::to_string(target.group.size()) + " numbers of groups for " + std::to_string(n_rows) + " rows to rank",
                "Give the group of each row.");
  for (const double value : target.values)
    if (!std::isfinite(value)) throw Error(ErrorCode::BadValue, "the target has a value that is missing or not finite");
  if (is_classification(target.task))
    for (const double value : target.values)
      if (value < 0 || value >= static_cast<double>(target.n_classes()) || value != std::floor(value))
        throw Error(ErrorCode::BadValue, "a target is not one of the " + std::to_string(target.n_classes()) + " class numbers");
  if (set.weights.empty()) return;
  if (set.weights.size() != n_rows) throw Error(ErrorCode::BadValue, "there are not as many weights as rows");
  check_weights(set.weights);
}

}  // namespace

void check_training_set(const TrainingSet& train, SparseInput sparse) {
  if (train.x.is_sparse() && sparse == SparseInput::Refused)
    throw Error(ErrorCode::Unsupported, "the rows are sparse, and this learner looks at whole columns",
                "Pass dense rows, or take a linear learner.");
  if (train.x.n_rows() == 0) throw Error(ErrorCode::EmptyInput, "there are no rows to learn from (empty input)");
  check_rows(train);
  if (!train.weights.empty() && std::ranges::none_of(train.weights, [](double weight) { return weight > 0; }))
    throw Error(ErrorCode::BadValue, "all weights are zero");
}

namespace {

void check_validation_set(const TrainingSet& validation, const TrainingSet& train) {
  if (validation.x.n_features() != train.x.n_features())
    throw Error(ErrorCode::FeatureMismatch,
                "the validation rows have " + std::to_string(validation.x.n_features()) + " features where those learnt from have " +
                    std::to_string(train.x.n_features()),
                "Give them the same columns.");
  if (validation.x.is_sparse() != train.x.is_sparse())
    throw Error(ErrorCode::BadValue, "of the rows learnt from and the validation rows one are sparse and the others not",
                "Make both alike.");
  const Target &held_out = validation.target, &learnt = train.target;
  if (held_out.task != learnt.task || held_out.n_targets != learnt.n_targets || held_out.n_classes() != learnt.n_classes())
    throw Error(ErrorCode::BadValue,
                "the validation target (" + std::string(enum_name(held_out.task)) + ", " + std::to_string(held_out.n_outputs()) +
                    " outputs) is not like that of the rows learnt from (" + std::string(enum_name(learnt.task)) + ", " +
                    std::to_string(learnt.n_outputs()) + " outputs)",
                "Give both the same targets and classes.");
  check_rows(validation);
}

}  // namespace

const TrainingSet* checked_validation_set(const TrainingSet* validation, const TrainingSet& train) {
  if (validation == nullptr) return nullptr;
  check_validation_set(*validation, train);
  const bool any = validation->weights.empty() ? validation->x.n_rows() > 0
                                               : std::ranges::any_of(validation->weights, [](double weight) { return weight > 0; });
  return any ? validation : nullptr;
}

}  // namespace kolosal
