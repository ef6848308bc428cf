#include "kolosal/models/trees/gradient_boosting.h"

#include "kolosal/models/trees/boosting.h"

namespace kolosal {
namespace {

class GradientBoosting : public Learner {
 public:
  explicit GradientBoosting(GradientBoostingParams params, std::optional<CustomLoss> custom = {})
      : params_(std::move(params)), custom_(std::move(custom)) {}

  bool supports(Task) const override { return true; }
  FeatureNeeds needs() const override { return {.accepts_missing = true, .accepts_categories = true}; }
  bool uses_validation() const override { return true; }
  bool tells_progress() const override { return true; }
  bool continues() const override { return true; }

  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet* validation, const FitContext& context) const override {
    return boost(params_, custom(), nullptr, train, validation, context);
  }

  std::unique_ptr<Model> fit_more(const Model& start, const TrainingSet& train, const TrainingSet* validation,
                                  const FitContext& context) const override {
    const auto* forest = dynamic_cast<const ForestModel*>(&start);
    if (forest == nullptr)
      throw Error(ErrorCode::BadValue, "the model to go on from is of form '" + std::string(start.form()) + "', not a forest",
                  "Pass a model of gradient boosting.");
    return boost(params_, custom(), forest, train, validation, context);
  }

 private:
  const CustomLoss* custom() const { return custom_ ? &*custom_ : nullptr; }

  GradientBoostingParams params_;
  std::optional<CustomLoss> custom_;
};

}  // namespace

std::unique_ptr<Learner> make_gradient_boosting(const Value& parameters, CustomLoss loss) {
  return std::make_unique<GradientBoosting>(from_value<GradientBoostingParams>(parameters, "gradient_boosting"), std::move(loss));
}

void register_gradient_boosting(Catalog<Learner>& catalog) {
  catalog.add<GradientBoosting, GradientBoostingParams>("gradient_boosting", "Trees that each correct those before, grown from histograms.",
                                                        {"boosting", "gbdt", "hist_gradient_boosting"});
}

}  // namespace kolosal
