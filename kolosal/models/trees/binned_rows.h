// BinnedRows: rows with their bins, which fits on the same rows share.
//
// Trials of a search that learn from the same rows cut them alike: with a FitCache they are cut once. What rows are the same is told by
// their numbers, weights and number of bins, and their targets where categories are more than bins, not by where they lie; reading them for
// that takes a tenth of the time of binning them.
//
// Cost     as binning.h.
// Checked  binned_rows_test.cc.
#pragma once

#include <memory>
#include <vector>

#include "kolosal/models/trees/binning.h"
#include "kolosal/models/trees/training_rows.h"

namespace kolosal {

/// Immutable once made; holds its bytes from the budget of the fit that made it.
struct BinnedRows {
  std::shared_ptr<const std::vector<FeatureBins>> bins;  ///< how the features are cut
  BinnedMatrix matrix;                                   ///< of the rows in their order
  Digest digest;                                         ///< of what it was made of, where there is a cache
  MemoryLease lease;
};

/// The rows cut into at most `max_bins` bins a feature by their quantiles, `with_columns` as BinnedMatrix. Throws Error(OutOfMemory),
/// Error(Timeout) or Error(Cancelled).
std::shared_ptr<const BinnedRows> bin_rows(const TrainingRows& rows, int max_bins, bool with_columns, const FitContext& context);

/// Rows held out, cut where those learnt from are. Errors as above.
std::shared_ptr<const BinnedRows> bin_rows_like(const BinnedRows& learnt, const TrainingRows& rows, const FitContext& context);

}  // namespace kolosal
