// What the selections of columns share: the cells of a column as comparable keys, and the fitted form made of what is to go.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kolosal/preprocess/fitting.h"

namespace kolosal {

/// Rows of weight above 0, in order; `weights` may be empty (all rows).
std::vector<uint32_t> weighted_rows(size_t n_rows, std::span<const double> weights);

/// The values of a column, numbered in the order in which they first occur among `rows`: for each of `rows` the number of its value,
/// -1 where it is missing or NaN. Equal numbers (-0 and 0 too) and equal texts have the same number.
struct CellCodes {
  std::vector<int32_t> codes;
  std::vector<uint32_t> first_rows;  ///< a row of each value
};
/// Numbers the values of a column.
CellCodes cell_codes(const Column& column, std::span<const uint32_t> rows);

/// The number as reasons show it: six digits.
std::string short_number(double value);

/// The form that drops each column of `columns` that has a reason in `reasons` (as long as `columns`) and lets all others pass. Where
/// every column of the table would go, the first of them stays, since a table without columns has no rows.
std::unique_ptr<FittedTransformer> drop_columns(const Table& table, std::span<const Column* const> columns,
                                                std::vector<std::optional<std::string>> reasons);

}  // namespace kolosal
