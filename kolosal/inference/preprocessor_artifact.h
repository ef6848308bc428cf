// The artifact of a fitted preprocessor: one file, as that of a model.
//
// Checked  tests/scenarios, python/tests.
#pragma once

#include <string>

#include "kolosal/preprocess/data_preprocessor.h"

namespace kolosal {

/// Writes the preprocessor; its configuration, the columns in and the names of those that come out are in the summary. Throws as
/// write_artifact does.
void save_preprocessor(const FittedPreprocessor& fitted, const std::string& path);

/// Reads it back. Throws as read_artifact does, and Error(BadValue) where the file holds something else.
FittedPreprocessor load_preprocessor(const std::string& path);

}  // namespace kolosal
