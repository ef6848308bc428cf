// Truncated singular value decomposition of a sparse matrix.
#pragma once

#include <cstdint>
#include <vector>

#include "kolosal/base/fit_context.h"

namespace kolosal {

/// Rows of a sparse matrix: entries [begins[i], begins[i + 1]) are row i's, in ascending order of column.
struct TermMatrix {
  size_t n_columns = 0;
  std::vector<size_t> begins{0};
  std::vector<uint32_t> columns;
  std::vector<double> values;

  /// Number of rows.
  size_t n_rows() const noexcept { return begins.size() - 1; }
};

/// Right singular vectors and values.
struct SingularVectors {
  std::vector<std::vector<double>> vectors;  ///< each of n_columns, length 1, the number of largest size positive
  std::vector<double> values;                ///< descending
};

/// The singular vectors of the `n_components` largest singular values, fewer where the matrix has a lower rank. Deterministic under
/// `context.seed` on any number of threads. Throws Error(Cancelled), Error(Timeout) or Error(OutOfMemory).
SingularVectors truncated_svd(const TermMatrix& matrix, size_t n_components, size_t n_iterations, const FitContext& context);

}  // namespace kolosal
