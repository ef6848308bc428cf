// Reading tables for a model that is already there: columns are read as the model's schema knows them.
#pragma once

#include <memory>
#include <string>

#include "kolosal/inference/predictor.h"
#include "kolosal/table/io/table_io.h"

namespace kolosal::cli {

/// The predictor of a model file: of a training, or of a single model with the names of its features. Throws as TrainResult::load and
/// predictor_of do.
std::shared_ptr<const Predictor> load_predictor(const std::string& path);

/// `options` with every column that the schema knows as category or text kept as text, so that "007" stays "007".
ReadOptions reading_for(const Schema& schema, ReadOptions options);

}  // namespace kolosal::cli
