#include "kolosal/inference/model_artifact.h"

#include "kolosal/base/json.h"
#include "kolosal/base/version.h"
#include "kolosal/inference/artifact.h"

namespace kolosal {
namespace {

Value summary_of(const Model& model, const Value& about) {
  return Value(
      Value::Object{{"kind", Value("model")}, {"kolosal_version", Value(version())}, {"form", Value(model.form())}, {"about", about}});
}

Value content_of(const Model& model, const Value& about) {
  return Value(Value::Object{{"model", model_to_value(model)}, {"about", about}});
}

SavedModel read(const Value& content, const std::string& where) {
  const Value* model = content.find("model");
  if (model == nullptr || content.find("about") == nullptr)
    throw Error(ErrorCode::BadValue, where + " is not a single model", "Name a file that the save of a model of kolosal.models wrote.");
  return {model_from_value(*model), content.at("about")};
}

}  // namespace

void save_model(const Model& model, const Value& about, const std::string& path) {
  write_artifact(path, summary_of(model, about), content_of(model, about));
}

std::string saved_model_bytes(const Model& model, const Value& about) {
  return artifact_bytes(summary_of(model, about), content_of(model, about));
}

namespace {

// A label or level as it stands in tables.
std::string text_of(const Value& value) { return value.is_text() ? value.as_text() : to_json(value); }

std::vector<std::string> texts_of(const Value& list) {
  std::vector<std::string> texts;
  for (const Value& each : list.as_list()) texts.push_back(text_of(each));
  return texts;
}

}  // namespace

ModelInputs inputs_of(const Value& about, size_t n_features) {
  const Value* features = about.is_object() ? about.find("features") : nullptr;
  const Value* names = features != nullptr && features->is_object() ? features->find("names") : nullptr;
  if (names == nullptr || !names->is_list() || names->as_list().size() != n_features)
    throw Error(ErrorCode::BadValue, "the file does not tell the names of the model's " + std::to_string(n_features) + " features",
                "Write it with the save of a model of kolosal.models, or with kolosal import.");
  ModelInputs made;
  const Value* levels = features->find("levels");
  for (size_t j = 0; j < n_features; ++j) {
    ColumnSchema column;
    column.name = names->as_list()[j].as_text();
    const Value* of_column = levels != nullptr ? levels->find(std::to_string(j)) : nullptr;
    if (of_column != nullptr) {
      column.kind = ColumnKind::Categorical;
      column.categories = texts_of(*of_column);
    }
    made.schema.columns.push_back(std::move(column));
  }
  if (const Value* classes = about.find("classes")) made.class_names = texts_of(classes->at("labels"));
  return made;
}

Predictor predictor_of(SavedModel saved) {
  const size_t n_outputs = saved.model->n_outputs();
  ModelInputs inputs = inputs_of(saved.about, saved.model->n_features());
  Task task = n_outputs == 1 ? Task::Regression : Task::MultiRegression;
  if (!inputs.class_names.empty()) task = inputs.class_names.size() == 2 ? Task::Binary : Task::Multiclass;
  std::vector<Feature> features;
  for (const ColumnSchema& column : inputs.schema.columns)
    features.push_back({column.name, static_cast<int32_t>(column.categories.size())});
  if (task == Task::MultiRegression)
    for (size_t k = 0; k < n_outputs; ++k) {
      ColumnSchema target;
      target.name = "output_" + std::to_string(k + 1);
      target.role = ColumnRole::Target;
      inputs.schema.columns.push_back(std::move(target));
    }
  auto pipeline = std::make_shared<const FittedPipeline>(std::vector<std::unique_ptr<FittedTransformer>>(), std::move(features),
                                                         std::vector<int64_t>());
  std::vector<PredictorMember> members(1);
  members[0].name = saved.model->form();
  members[0].members.push_back({std::move(pipeline), std::move(saved.model)});
  return Predictor(std::move(inputs.schema), task, std::move(inputs.class_names), std::move(members));
}

SavedModel load_model(const std::string& path) { return read(read_artifact(path), "'" + path + "'"); }

SavedModel load_model_bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> owner) {
  return read(read_artifact_bytes(bytes, std::move(owner)), "what was given");
}

}  // namespace kolosal
