// The artifact of a single model: one file, with what a program has to say of it.
//
// Checked  model_artifact_test.cc, python/tests/test_model_files.py.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "kolosal/inference/predictor.h"
#include "kolosal/models/model.h"

namespace kolosal {

/// A model and what was written beside it.
struct SavedModel {
  std::unique_ptr<Model> model;
  Value about;  ///< of the program that wrote it: classes, names of features, parameters
};

/// Writes the model; `about`, which may hold no NumberArray, can be read from the summary, too. Throws as write_artifact does.
void save_model(const Model& model, const Value& about, const std::string& path);
/// The bytes that save_model would write.
std::string saved_model_bytes(const Model& model, const Value& about);

/// Reads it back. Throws as read_artifact does, and Error(BadValue) where the file holds something else.
SavedModel load_model(const std::string& path);
SavedModel load_model_bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> owner);

/// What was written beside a model of kolosal.models, and by `kolosal import`, as a schema of its features, and the labels of its classes.
struct ModelInputs {
  Schema schema;
  std::vector<std::string> class_names;
};
/// Throws Error(BadValue) where `about` does not tell the names of `n_features` features.
ModelInputs inputs_of(const Value& about, size_t n_features);

/// The model as a predictor of tables, whose columns go to its features by name, categories by their levels. A model of several numbers
/// gives them the names output_1, output_2, ... Throws as inputs_of.
Predictor predictor_of(SavedModel saved);

}  // namespace kolosal
