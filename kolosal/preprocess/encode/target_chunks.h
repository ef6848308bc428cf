// Target encoding of rows that come in chunks.
//
// Checked  target_encode_test.cc: equal to the fit of all rows; preprocessor_passes_test.cc.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kolosal/preprocess/encode/target_sums.h"

namespace kolosal {

/// What target_encode is asked for.
struct TargetEncoding {
  std::vector<std::string> columns;
  Smoothing smoothing;
  size_t n_folds = 5;
  UnknownLevel unknown = UnknownLevel::Default;
  bool keep = false;
};

/// The fit. Of rows of a ranking task, those of training are not encoded.
std::unique_ptr<ChunkFit> encode_target_in_chunks(TargetEncoding encoding);

}  // namespace kolosal
