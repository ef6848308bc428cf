#include "kolosal/table/table.h"

#include <algorithm>
#include <unordered_set>

namespace kolosal {

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)), n_rows_(columns_.empty() ? 0 : columns_.front().size()) {
  std::unordered_set<std::string_view> seen;
  for (const Column& column : columns_) {
    if (column.name().empty()) throw Error(ErrorCode::BadValue, "a column has no name", "Give each column a name.");
    if (!seen.insert(column.name()).second)
      throw Error(ErrorCode::BadValue, "two columns are named '" + column.name() + "'", "Rename or drop one of them.");
    if (column.size() != n_rows_)
      throw Error(ErrorCode::BadValue, "column '" + column.name() + "' has " + std::to_string(column.size()) + " rows where '" +
                                           columns_.front().name() + "' has " + std::to_string(n_rows_));
  }
}

const Column* Table::find(std::string_view name) const noexcept {
  const auto found = std::ranges::find(columns_, name, &Column::name);
  return found == columns_.end() ? nullptr : &*found;
}

const Column& Table::column(std::string_view name) const {
  if (const Column* column = find(name)) return *column;
  throw Error(ErrorCode::UnknownColumn, "'" + std::string(name) + "' is not a column of the table (" + std::to_string(n_columns()) +
                                            " columns)" + did_you_mean(name, names()));
}

std::vector<std::string> Table::names() const {
  std::vector<std::string> names;
  names.reserve(columns_.size());
  for (const Column& column : columns_) names.push_back(column.name());
  return names;
}

Table Table::select(std::span<const std::string> names) const {
  std::vector<Column> chosen;
  chosen.reserve(names.size());
  for (const std::string& name : names) chosen.push_back(column(name));
  Table table(std::move(chosen));
  table.n_rows_ = n_rows_;
  return table;
}

Table Table::drop(std::span<const std::string> names) const {
  for (const std::string& name : names) (void)column(name);
  std::vector<Column> kept;
  for (const Column& column : columns_)
    if (std::ranges::find(names, column.name()) == names.end()) kept.push_back(column);
  Table table(std::move(kept));
  table.n_rows_ = n_rows_;
  return table;
}

Table Table::with_column(Column column) const {
  std::vector<Column> columns = columns_;
  const auto found = std::ranges::find(columns, column.name(), &Column::name);
  if (found == columns.end()) columns.push_back(std::move(column));
  else *found = std::move(column);
  return Table(std::move(columns));
}

Table Table::take(std::span<const uint32_t> rows) const {
  std::vector<Column> taken;
  taken.reserve(columns_.size());
  for (const Column& column : columns_) taken.push_back(column.take(rows));
  Table table(std::move(taken));
  table.n_rows_ = rows.size();
  return table;
}

Table Table::slice(size_t begin, size_t n_rows) const {
  std::vector<Column> sliced;
  sliced.reserve(columns_.size());
  for (const Column& column : columns_) sliced.push_back(column.slice(begin, n_rows));
  Table table(std::move(sliced));
  table.n_rows_ = n_rows;
  return table;
}

}  // namespace kolosal
