// Reading tables for a model that is already there: columns are read as the model's schema knows them.
#pragma once

#include "kolosal/inference/predictor.h"
#include "kolosal/table/io/table_io.h"

namespace kolosal::cli {

/// `options` with every column that the schema knows as category or text kept as text, so that "007" stays "007".
ReadOptions reading_for(const Schema& schema, ReadOptions options);

}  // namespace kolosal::cli
