#include "kolosal/models/forms/constant.h"

#include <algorithm>

namespace kolosal {

void describe(Fields<ConstantForm>& f) {
  f.add("n_features", &ConstantForm::n_features, "Columns seen in training.");
  f.add("prediction", &ConstantForm::prediction, "The prediction of every row.");
}

void ConstantModel::predict(const FeatureMatrix& x, std::span<double> out) const {
  check_input(x, out);
  for (size_t row = 0; row < x.n_rows(); ++row)
    std::ranges::copy(form_.prediction, out.begin() + static_cast<ptrdiff_t>(row * n_outputs()));
}

namespace {

class ConstantReader : public ModelForm {
 public:
  std::unique_ptr<Model> from_value(const Value& value) const override {
    auto form = kolosal::from_value<ConstantForm>(value);
    if (form.n_features < 0 || form.prediction.empty()) throw Error(ErrorCode::CorruptArtifact, "a constant model has no prediction");
    return std::make_unique<ConstantModel>(std::move(form));
  }
};

}  // namespace

void register_constant_form(Catalog<ModelForm>& catalog) { catalog.add<ConstantReader>("constant", "The same prediction for every row."); }

}  // namespace kolosal
