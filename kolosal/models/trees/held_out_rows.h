// Held-out rows: part of the rows of a fit, set aside to find how many rounds are best.
//
// Drawn evenly over the sorted targets, so that either part has the same shares of classes, or spread of numbers; rankings are split by
// whole groups. A class of one row is learnt from. Checked  held_out_rows_test.cc.
#pragma once

#include <optional>
#include <vector>

#include "kolosal/models/learner.h"

namespace kolosal {

/// The weights of all rows (n_rows,) in either part; 0 for those in the other one.
struct HeldOutRows {
  std::vector<double> learnt, held_out;
};

/// Holds out about `fraction` of the rows of weight above 0; none where these would be fewer than 20 rows, or 2 groups. The same of a seed.
std::optional<HeldOutRows> hold_out_rows(const TrainingSet& set, double fraction, uint64_t seed);

}  // namespace kolosal
