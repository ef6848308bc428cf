// The indicators form: each level sets one of several Boolean columns. One-hot encoding with rare levels merged.
#pragma once

#include "kolosal/base/array.h"
#include "kolosal/preprocess/forms/form.h"
#include "kolosal/preprocess/forms/unknown_level.h"

namespace kolosal {

/// One column's levels and which of the columns made each sets.
struct IndicatorsColumn {
  std::string name;
  std::vector<std::string> levels;
  std::vector<std::string> outputs;  ///< names of the columns made
  std::vector<int32_t> output_of;    ///< (n_levels + 2) column set by each level, by all rare levels, by missing values; -1: none
  UnknownLevel unknown = UnknownLevel::Infrequent;  ///< Error, Ignore, or Infrequent: the column of the rare levels
  bool missing_is_unknown = false;                  ///< a missing value is a level that fitting did not see: refused under Error
};
void describe(Fields<IndicatorsColumn>& fields);

/// The fitted form "indicators". Invertible where no two levels of a column set the same column, and at most one sets none.
std::unique_ptr<FittedTransformer> make_indicators(std::vector<IndicatorsColumn> columns);

// Of an "indicators" form; Error(Unsupported) where it is another.

/// How many columns it makes.
size_t n_indicators(const FittedTransformer& fitted);

/// Which columns each row sets, in compressed sparse rows: row i sets columns [starts[i], starts[i + 1]).
struct SparseIndicators {
  std::vector<int64_t> starts;
  std::vector<int32_t> columns;
  size_t n_columns = 0;
};
/// What it makes of its columns, spec by spec, without the zeros.
SparseIndicators sparse_indicators(const FittedTransformer& fitted, const Table& table, const Threads& threads);
/// The same with the zeros: (n_rows, n_indicators) zeros and ones by rows or by columns; T is uint8_t, float or double.
template <class T>
Array<T> dense_indicators(const FittedTransformer& fitted, const Table& table, bool by_columns, const Threads& threads);

}  // namespace kolosal
