// Models of other libraries, read from what those write into the neutral forms: they predict as they did there, to 1e-6 on features that
// float32 holds. Whatever is damaged or not supported is an Error that says so.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "kolosal/models/model.h"
#include "kolosal/table/target.h"

namespace kolosal {

/// A model of another library.
struct ImportedModel {
  std::unique_ptr<Model> model;
  Task task = Task::Regression;
  std::vector<Feature> features;
  /// (n_features,) levels of a categorical feature in the order of their codes, a list; null for numbers, and where the file does not tell.
  std::vector<Value> levels;
};

/// A text model of LightGBM (`save_model`, `model_to_string`).
ImportedModel import_lightgbm(std::string_view text);

/// A model of XGBoost (`save_model`, `save_raw`) as JSON or UBJSON. Codes that occur in no split beyond the largest that does count as
/// missing.
ImportedModel import_xgboost(std::string_view bytes);

/// A model of CatBoost as JSON (`save_model(..., format="json")`), of numeric features.
ImportedModel import_catboost(std::string_view text);

/// Any of these, told apart by how it begins. Throws Error(BadFile) where it is none of them.
ImportedModel import_model(std::string_view bytes);

}  // namespace kolosal
