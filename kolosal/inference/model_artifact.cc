#include "kolosal/inference/model_artifact.h"

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

SavedModel load_model(const std::string& path) { return read(read_artifact(path), "'" + path + "'"); }

SavedModel load_model_bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> owner) {
  return read(read_artifact_bytes(bytes, std::move(owner)), "what was given");
}

}  // namespace kolosal
