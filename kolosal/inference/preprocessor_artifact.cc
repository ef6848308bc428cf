#include "kolosal/inference/preprocessor_artifact.h"

#include "kolosal/base/version.h"
#include "kolosal/inference/artifact.h"

namespace kolosal {

void save_preprocessor(const FittedPreprocessor& fitted, const std::string& path) {
  Value::List made;
  for (const std::string& name : fitted.feature_names_out()) made.emplace_back(name);
  write_artifact(path,
                 Value(Value::Object{{"kind", Value("preprocessor")},
                                     {"kolosal_version", Value(version())},
                                     {"config", to_value(fitted.config())},
                                     {"schema", to_value(fitted.schema())},
                                     {"feature_names_out", Value(std::move(made))}}),
                 Value(Value::Object{{"preprocessor", fitted.to_value()}}));
}

FittedPreprocessor load_preprocessor(const std::string& path) {
  const Value content = read_artifact(path);
  const Value* fitted = content.find("preprocessor");
  if (fitted == nullptr)
    throw Error(ErrorCode::BadValue, "'" + path + "' is not a preprocessor",
                "Name a file that kolosal preprocess --save or DataPreprocessor.save wrote.");
  return FittedPreprocessor::from_value(*fitted);
}

}  // namespace kolosal
