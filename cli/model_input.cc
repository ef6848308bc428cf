#include "cli/model_input.h"

#include "kolosal/automl/automl.h"
#include "kolosal/inference/artifact.h"
#include "kolosal/inference/model_artifact.h"

namespace kolosal::cli {

std::shared_ptr<const Predictor> load_predictor(const std::string& path) {
  const Value* kind = nullptr;
  const Value summary = read_artifact_summary(path);
  if (summary.is_object()) kind = summary.find("kind");
  if (kind != nullptr && *kind == Value("model")) return std::make_shared<const Predictor>(predictor_of(load_model(path)));
  return TrainResult::load(path).predictor;
}

ReadOptions reading_for(const Schema& schema, ReadOptions options) {
  for (const ColumnSchema& column : schema.columns)
    if (column.kind == ColumnKind::Categorical || column.kind == ColumnKind::Text) options.text_columns.push_back(column.name);
  return options;
}

}  // namespace kolosal::cli
