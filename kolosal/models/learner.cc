#include "kolosal/models/learner.h"

#include <cmath>

namespace kolosal {

std::unique_ptr<Model> Learner::fit_more(const Model&, const TrainingSet&, const TrainingSet*, const FitContext&) const {
  throw Error(ErrorCode::Unsupported, "this learner does not go on from a model that was fitted before", "Fit anew on all rows.");
}

std::vector<double> Learner::out_of_bag(const Model&, const TrainingSet&, const FitContext&) const {
  throw Error(ErrorCode::Unsupported, "this learner does not leave rows out of its trees", "Use random_forest, or hold rows out.");
}

void check_training_set(const TrainingSet& train, SparseInput sparse) {
  const size_t n_rows = train.x.n_rows();
  if (train.x.is_sparse() && sparse == SparseInput::Refused)
    throw Error(ErrorCode::Unsupported, "the rows are sparse, and this learner looks at whole columns",
                "Pass dense rows, or take a linear learner.");
  if (n_rows == 0) throw Error(ErrorCode::EmptyInput, "there are no rows to learn from (empty input)");
  if (train.target.n_rows != n_rows || train.target.values.size() != n_rows * train.target.n_targets)
    throw Error(ErrorCode::BadValue,
                "the target has " + std::to_string(train.target.n_rows) + " rows where the features have " + std::to_string(n_rows));
  for (const double value : train.target.values)
    if (!std::isfinite(value)) throw Error(ErrorCode::BadValue, "the target has a value that is missing or not finite");
  if (is_classification(train.target.task))
    for (const double value : train.target.values)
      if (value < 0 || value >= static_cast<double>(train.target.n_classes()) || value != std::floor(value))
        throw Error(ErrorCode::BadValue, "a target is not one of the " + std::to_string(train.target.n_classes()) + " class numbers");
  if (train.weights.empty()) return;
  if (train.weights.size() != n_rows) throw Error(ErrorCode::BadValue, "there are not as many weights as rows");
  double total = 0;
  for (const double weight : train.weights) {
    if (!(weight >= 0) || !std::isfinite(weight)) throw Error(ErrorCode::BadValue, "a weight is negative or not finite");
    total += weight;
  }
  if (!(total > 0)) throw Error(ErrorCode::BadValue, "all weights are zero");
}

}  // namespace kolosal
