// Constant: predicts what the training target is on average. The baseline that every model must beat.
//
// Shapes   classes: weighted frequencies (n_classes,); numbers: weighted means (n_targets,); ranking: the mean relevance.
// Checked  by hand in linear_test.cc.

#include "kolosal/models/forms/constant.h"

#include "kolosal/models/learner.h"

namespace kolosal {
namespace {

class Constant : public Learner {
 public:
  bool supports(Task) const override { return true; }
  FeatureNeeds needs() const override { return {true, true, false}; }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet*, const FitContext&) const override {
    check_training_set(train);
    const Target& target = train.target;
    std::vector<double> sums(target.n_outputs());
    double total = 0;
    for (size_t row = 0; row < target.n_rows; ++row) {
      const double weight = train.weights.empty() ? 1.0 : train.weights[row];
      total += weight;
      if (is_classification(target.task)) sums[static_cast<size_t>(target.values[row])] += weight;
      else
        for (size_t k = 0; k < target.n_targets; ++k) sums[k] += weight * target.values[row * target.n_targets + k];
    }
    for (double& sum : sums) sum /= total;
    return std::make_unique<ConstantModel>(ConstantForm{static_cast<int64_t>(train.x.n_features()), std::move(sums)});
  }
};

}  // namespace

void register_constant(Catalog<Learner>& catalog) {
  catalog.add<Constant>("constant", "The mean of the target, or the frequencies of its classes: the baseline.");
}

}  // namespace kolosal
