// The row norm form: the numbers of each row are divided by their norm.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "kolosal/preprocess/forms/form.h"

namespace kolosal {

/// The length of a row: sum of magnitudes, Euclidean length, or largest magnitude.
enum class RowNorm { L1, L2, Max };
constexpr auto enum_names(RowNorm) {
  return std::to_array<std::pair<RowNorm, std::string_view>>({{RowNorm::L1, "l1"}, {RowNorm::L2, "l2"}, {RowNorm::Max, "max"}});
}

/// The columns that make up a row, and its norm.
struct RowNormColumns {
  std::vector<std::string> columns;
  RowNorm norm = RowNorm::L2;
};
void describe(Fields<RowNormColumns>& fields);

/// The same of rows of which only the numbers that are not 0 are written: row i has those from starts[i] to starts[i + 1].
template <class T>
std::vector<T> norm_sparse_rows(RowNorm norm, std::span<const int64_t> starts, std::span<const T> values, const Threads& threads);

/// The fitted form "row_norm".
std::unique_ptr<FittedTransformer> make_row_norm(RowNormColumns columns);

}  // namespace kolosal
