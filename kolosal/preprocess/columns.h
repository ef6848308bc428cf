// What transformers share: which columns they apply to, and columns of numbers in and out.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "kolosal/preprocess/transformer.h"
#include "kolosal/table/table.h"

namespace kolosal {

/// Numeric, Integer or Boolean.
bool holds_numbers(ColumnKind kind) noexcept;
/// Timestamp or Date.
bool holds_dates(ColumnKind kind) noexcept;

/// The columns a transformer is fitted on: those named, which must be of a kind that `applies` (else Error(BadValue)), or
/// every such column where none is named.
std::vector<std::string> chosen_columns(const Table& table, const std::vector<std::string>& named, const std::function<bool(ColumnKind)>& applies,
                                        std::string_view transformer);

/// The column; throws Error(FeatureMismatch) where the table does not have it.
const Column& needed_column(const Table& table, const std::string& name);

/// A Numeric column with the name and the precision of `source`; NaN stand for missing rows.
Column numbers_like(const Column& source, std::vector<double> values);

/// The table with the column in place of the one of its name.
Table replaced(const Table& table, Column column);

/// A number of each row and its weight, missing and weightless rows left out.
struct WeightedNumbers {
  std::vector<double> values;
  std::vector<double> weights;
  double total = 0;
};
WeightedNumbers weighted_numbers(const Column& column, std::span<const double> weights);

/// Weighted quantiles, ascending `shares` of [0, 1], by linear interpolation as NumPy does for equal weights. NaN without rows.
std::vector<double> quantiles(WeightedNumbers numbers, std::span<const double> shares);

}  // namespace kolosal
