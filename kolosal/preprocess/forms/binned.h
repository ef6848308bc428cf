// The binned form: each number becomes the number of the bin it falls in, or sets that bin's column.
#pragma once

#include "kolosal/preprocess/forms/form.h"

namespace kolosal {

/// One column's bins. Bin i holds edges[i] <= x < edges[i + 1]; the first and last bin reach on without end.
struct BinnedColumn {
  std::string name;
  std::vector<double> edges;         ///< (n_bins + 1), ascending
  std::vector<std::string> outputs;  ///< names of the Boolean columns made, one a bin; none: the column becomes the bin's number
};
void describe(Fields<BinnedColumn>& fields);

/// The fitted form "binned". A missing value stays missing, or sets no column.
std::unique_ptr<FittedTransformer> make_binned(std::vector<BinnedColumn> columns);

}  // namespace kolosal
