// Cost     cell_codes is one hash look-up a row.
// Checked  select_test.cc.
#include "kolosal/preprocess/select/selection.h"

#include <bit>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <unordered_map>

#include "kolosal/preprocess/forms/select.h"

namespace kolosal {
namespace {

/// Numbers the keys that `key_of` gives for rows that are there; a row is missing where it gives none.
template <class Key, class KeyOf>
CellCodes number_keys(std::span<const uint32_t> rows, const KeyOf& key_of) {
  CellCodes cells;
  cells.codes.reserve(rows.size());
  std::unordered_map<Key, int32_t> codes;
  for (const uint32_t row : rows) {
    const std::optional<Key> key = key_of(row);
    if (!key) {
      cells.codes.push_back(-1);
      continue;
    }
    const auto [found, is_new] = codes.try_emplace(*key, static_cast<int32_t>(codes.size()));
    if (is_new) cells.first_rows.push_back(row);
    cells.codes.push_back(found->second);
  }
  return cells;
}

}  // namespace

std::vector<uint32_t> weighted_rows(size_t n_rows, std::span<const double> weights) {
  std::vector<uint32_t> rows;
  rows.reserve(n_rows);
  for (size_t row = 0; row < n_rows; ++row)
    if (weights.empty() || weights[row] > 0) rows.push_back(static_cast<uint32_t>(row));
  return rows;
}

CellCodes cell_codes(const Column& column, std::span<const uint32_t> rows) {
  switch (column.kind()) {
    case ColumnKind::Text:
      return number_keys<std::string_view>(rows, [&](uint32_t row) -> std::optional<std::string_view> {
        if (column.is_missing(row)) return std::nullopt;
        return column.text(row);
      });
    case ColumnKind::Categorical:
      return number_keys<std::string_view>(rows, [&](uint32_t row) -> std::optional<std::string_view> {
        if (column.is_missing(row)) return std::nullopt;
        return (*column.dictionary())[static_cast<size_t>(column.codes()[row])];
      });
    case ColumnKind::Integer:
    case ColumnKind::Timestamp:
    case ColumnKind::Date:
      return number_keys<int64_t>(rows, [&](uint32_t row) -> std::optional<int64_t> {
        if (column.is_missing(row)) return std::nullopt;
        return column.int64()[row];
      });
    default:
      return number_keys<uint64_t>(rows, [&](uint32_t row) -> std::optional<uint64_t> {
        const double value = column.number(row);
        if (std::isnan(value)) return std::nullopt;
        return std::bit_cast<uint64_t>(value == 0 ? 0.0 : value);
      });
  }
}

std::string short_number(double value) {
  char text[32];
  (void)std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

std::unique_ptr<FittedTransformer> drop_columns(const Table& table, std::span<const Column* const> columns,
                                                std::vector<std::optional<std::string>> reasons) {
  size_t n_dropped = 0;
  for (const auto& reason : reasons) n_dropped += reason.has_value();
  if (n_dropped == table.n_columns() && !reasons.empty()) reasons.front().reset();
  std::unordered_map<const Column*, const std::string*> reason_of;
  for (size_t i = 0; i < columns.size(); ++i)
    if (reasons[i]) reason_of.emplace(columns[i], &*reasons[i]);
  std::vector<SelectColumn> kept;
  std::vector<DroppedColumn> dropped;
  for (const Column& column : table.columns()) {
    const auto found = reason_of.find(&column);
    if (found == reason_of.end()) kept.push_back({column.name(), column.kind()});
    else dropped.push_back({column.name(), *found->second});
  }
  return make_drop(std::move(kept), std::move(dropped));
}

}  // namespace kolosal
