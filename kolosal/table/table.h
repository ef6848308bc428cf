// Table: named columns of equal length. Immutable; copies share the columns.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kolosal/table/column.h"

namespace kolosal {

class Table {
 public:
  Table() = default;
  /// Throws Error(BadValue) where lengths differ, or names are empty or repeat.
  explicit Table(std::vector<Column> columns);

  /// Shape and columns, in order.
  size_t n_rows() const noexcept { return n_rows_; }
  size_t n_columns() const noexcept { return columns_.size(); }
  const std::vector<Column>& columns() const noexcept { return columns_; }
  const Column& column(size_t i) const { return columns_[i]; }
  /// Throws Error(UnknownColumn) that suggests the nearest name.
  const Column& column(std::string_view name) const;
  /// nullptr where there is no such column.
  const Column* find(std::string_view name) const noexcept;
  std::vector<std::string> names() const;

  /// The columns named, in that order. Throws Error(UnknownColumn).
  Table select(std::span<const std::string> names) const;
  /// All columns but those named. Throws Error(UnknownColumn).
  Table drop(std::span<const std::string> names) const;
  /// With `column` added at the end, or in place of the one of its name.
  Table with_column(Column column) const;
  /// The rows listed, in that order (a row may repeat).
  Table take(std::span<const uint32_t> rows) const;
  /// Rows [begin, begin + n_rows).
  Table slice(size_t begin, size_t n_rows) const;

 private:
  std::vector<Column> columns_;
  size_t n_rows_ = 0;
};

}  // namespace kolosal
