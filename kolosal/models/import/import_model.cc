#include "kolosal/models/import/imported_model.h"
#include "kolosal/models/import/tree_nodes.h"

namespace kolosal {

ImportedModel import_model(std::string_view bytes) {
  if (bytes.starts_with("tree\n") || bytes.starts_with("tree\r\n")) return import_lightgbm(bytes);
  if (!bytes.starts_with('{'))
    refuse_import("it begins neither as LightGBM's text nor as a JSON or UBJSON document of XGBoost or CatBoost");
  const bool of_catboost = bytes.find("\"features_info\"") != std::string_view::npos;
  return of_catboost ? import_catboost(bytes) : import_xgboost(bytes);
}

}  // namespace kolosal
