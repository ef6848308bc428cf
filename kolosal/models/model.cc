#include "kolosal/models/model.h"

namespace kolosal {

void Model::check_input(const FeatureMatrix& x, std::span<const double> out, size_t width) const {
  if (x.n_features() != n_features())
    throw Error(ErrorCode::FeatureMismatch,
                "the model was trained on " + std::to_string(n_features()) + " features but got " + std::to_string(x.n_features()));
  if (x.is_sparse() && !takes_sparse())
    throw Error(ErrorCode::Unsupported, "a model of form '" + std::string(form()) + "' does not predict sparse rows", "Pass dense rows.");
  if (out.size() != x.n_rows() * width)
    throw Error(ErrorCode::Internal, "room for predictions is " + std::to_string(out.size()) + " numbers where " +
                                         std::to_string(x.n_rows() * width) + " are needed");
}

void Model::predict_scores(const FeatureMatrix&, std::span<double>) const {
  throw Error(ErrorCode::Unsupported, "a model of form '" + std::string(form()) + "' does not make its predictions of scores",
              "Use predict.");
}

Value model_to_value(const Model& model) { return Value(Value::Object{{"form", Value(model.form())}, {"model", model.to_value()}}); }

std::unique_ptr<Model> model_from_value(const Value& value) {
  return model_forms().make(value.at("form").as_text())->from_value(value.at("model"));
}

}  // namespace kolosal
