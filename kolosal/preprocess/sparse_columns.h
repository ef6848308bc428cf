// Transformers on compressed sparse columns, of which only the numbers that are not 0 are written.
//
// A column is fitted to the numbers written and one 0 that weighs as much as all that are not written, which teaches what the dense
// column would; it is changed at the numbers written alone, where the transformer leaves 0 as it is.
//
// Shapes   n_columns columns of n_rows rows; column j has the numbers from starts[j] to starts[j + 1].
// Cost     as the transformer's, for the numbers written and one more a column.
// Checked  sparse_columns_test.cc: equal to the dense columns; scikit-learn in tests/parity.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kolosal/preprocess/transformer.h"

namespace kolosal {

/// Columns of float32 or float64; NaN is a missing value.
template <class T>
struct SparseColumns {
  size_t n_rows;
  std::span<const std::string> names;
  std::span<const int64_t> starts;  ///< (n_columns + 1,)
  std::span<const int32_t> rows;    ///< of each number, ascending within a column
  std::span<const T> values;
};

/// The transformer of this name fitted to each column alone. `parameters` are those of a fit to all of them. Throws Error(Unsupported)
/// where it learns from several columns together, and what the transformer throws.
template <class T>
std::unique_ptr<FittedTransformer> fit_sparse(const std::string& transformer, const Value& parameters, const SparseColumns<T>& columns,
                                              std::span<const double> weights, const FitContext& context);

/// What the numbers written become. Throws Error(Unsupported), which tells the column, where 0 would become something else.
template <class T>
std::vector<T> transform_sparse(const FittedTransformer& fitted, const SparseColumns<T>& columns, const Threads& threads);

/// What they were before. Throws as transform_sparse does.
template <class T>
std::vector<T> inverse_transform_sparse(const FittedTransformer& fitted, const SparseColumns<T>& columns, const Threads& threads);

}  // namespace kolosal
