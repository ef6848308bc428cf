// Any table to the kinds of a schema.
//
// A column is converted from whatever kind it comes in, since the same file can be read differently when its values differ: a
// text column in training may be all numbers in the next file. What cannot be converted is an error that names the cell.
//
// Cost     O(n_rows) a column; columns that are of their kind already are shared, not copied.
// Checked  schema_test.cc.
#include <algorithm>
#include <cmath>
#include <optional>

#include "kolosal/table/cell_text.h"
#include "kolosal/table/level_text.h"
#include "kolosal/table/schema.h"

namespace kolosal {
namespace {

constexpr int64_t kMicrosecondsADay = 86'400'000'000;
constexpr size_t kFewRows = 1024;  // for so many, one dictionary of all levels serves all chunks as well

[[noreturn]] void mismatch(const Column& column, size_t row, ColumnKind kind) {
  std::string value = column.display(row);
  if (value.size() > 60) value = value.substr(0, 57) + "...";
  throw Error(ErrorCode::FeatureMismatch,
              "feature mismatch: column '" + column.name() + "', row " + std::to_string(row + 1) + ": '" + value + "' cannot be read as " +
                  std::string(enum_name(kind)) + ", which the column was in training",
              "Correct the value or leave it missing.");
}

bool is_marker(const ColumnSchema& schema, std::string_view text) {
  return std::ranges::find(schema.missing_texts, text) != schema.missing_texts.end();
}

/// The text of a Text or Categorical cell without blanks; nothing where it is missing, blank, or a marker of the schema.
std::optional<std::string> text_of(const Column& column, const ColumnSchema& schema, size_t row) {
  std::string text = level_text(column, row);
  if (text.empty() || is_marker(schema, text)) return std::nullopt;
  return text;
}

bool is_textual(const Column& column) { return column.kind() == ColumnKind::Text || column.kind() == ColumnKind::Categorical; }
bool is_temporal(ColumnKind kind) { return kind == ColumnKind::Date || kind == ColumnKind::Timestamp; }

/// The cells as numbers, NaN where missing. Dates are no numbers.
std::vector<double> to_numbers(const Column& column, const ColumnSchema& schema, std::vector<uint8_t>& there) {
  std::vector<double> numbers(column.size());
  there.assign(column.size(), 0);
  for (size_t row = 0; row < column.size(); ++row) {
    if (is_textual(column)) {
      const auto text = text_of(column, schema, row);
      if (!text) continue;
      auto number = parse_number(*text);
      if (!number)
        if (const auto flag = parse_boolean(*text)) number = *flag ? 1.0 : 0.0;
      if (!number) mismatch(column, row, schema.kind);
      numbers[row] = *number;
    } else {
      if (column.is_missing(row)) continue;
      if (is_temporal(column.kind())) mismatch(column, row, schema.kind);
      numbers[row] = column.number(row);
    }
    there[row] = 1;
  }
  return numbers;
}

Column to_numeric(const Column& column, const ColumnSchema& schema) {
  std::vector<uint8_t> there;
  std::vector<double> numbers = to_numbers(column, schema, there);
  return Column::numeric(column.name(), std::move(numbers), Validity::from_bytes(there));
}

Column to_integer(const Column& column, const ColumnSchema& schema) {
  std::vector<uint8_t> there;
  const std::vector<double> numbers = to_numbers(column, schema, there);
  std::vector<int64_t> whole(numbers.size());
  for (size_t row = 0; row < numbers.size(); ++row) {
    if (there[row] == 0) continue;
    if (std::isnan(numbers[row])) {
      there[row] = 0;
      continue;
    }
    // A text keeps its digits beyond 2^53.
    const auto exact = is_textual(column) ? parse_integer(level_text(column, row)) : std::nullopt;
    if (exact) whole[row] = *exact;
    else if (numbers[row] == std::floor(numbers[row]) && std::abs(numbers[row]) < 0x1p63) whole[row] = static_cast<int64_t>(numbers[row]);
    else return to_numeric(column, schema);
  }
  return Column::integer(column.name(), std::move(whole), Validity::from_bytes(there));
}

Column to_boolean(const Column& column, const ColumnSchema& schema) {
  std::vector<uint8_t> there;
  const std::vector<double> numbers = to_numbers(column, schema, there);
  std::vector<uint8_t> flags(numbers.size());
  for (size_t row = 0; row < numbers.size(); ++row) {
    if (there[row] != 0 && std::isnan(numbers[row])) there[row] = 0;
    if (there[row] == 0) continue;
    if (numbers[row] != 0 && numbers[row] != 1) mismatch(column, row, schema.kind);
    flags[row] = numbers[row] == 1;
  }
  return Column::boolean(column.name(), std::move(flags), Validity::from_bytes(there));
}

Column to_moment(const Column& column, const ColumnSchema& schema) {
  const bool date = schema.kind == ColumnKind::Date;
  std::vector<int64_t> moments(column.size());
  std::vector<uint8_t> there(column.size());
  CellSketch sketch;
  if (is_textual(column))
    for (size_t row = 0; row < column.size(); ++row)
      if (const auto text = text_of(column, schema, row)) sketch.add(*text);
  const DateFormat format = sketch.format_as(schema.kind).date;
  for (size_t row = 0; row < column.size(); ++row) {
    std::optional<int64_t> microseconds;
    if (is_textual(column)) {
      const auto text = text_of(column, schema, row);
      if (!text) continue;
      microseconds = parse_timestamp(*text, format);
    } else {
      if (column.is_missing(row)) continue;
      if (is_temporal(column.kind())) microseconds = column.int64()[row] * (column.kind() == ColumnKind::Date ? kMicrosecondsADay : 1);
    }
    if (!microseconds) mismatch(column, row, schema.kind);
    there[row] = 1;
    moments[row] = date ? (*microseconds - (*microseconds < 0 ? kMicrosecondsADay - 1 : 0)) / kMicrosecondsADay : *microseconds;
  }
  Validity validity = Validity::from_bytes(there);
  return date ? Column::date(column.name(), std::move(moments), std::move(validity))
              : Column::timestamp(column.name(), std::move(moments), std::move(validity));
}

Column to_text(const Column& column) {
  std::vector<std::string> texts(column.size());
  std::vector<uint8_t> there(column.size());
  for (size_t row = 0; row < column.size(); ++row) {
    there[row] = !column.is_missing(row);
    texts[row] = column.kind() == ColumnKind::Categorical ? column.display(row) : level_text(column, row);
  }
  return Column::text(column.name(), texts, Validity::from_bytes(there));
}

/// Where unknown levels stay, and there are fewer rows than levels, the dictionary of texts is that of the rows alone.
Column to_categorical(const Column& column, const ColumnSchema& schema, bool open) {
  const bool is_part = open && is_textual(column) && schema.categories.size() > std::max(column.size(), kFewRows);
  std::vector<std::string> levels = is_part ? std::vector<std::string>() : schema.categories;
  std::vector<std::string> further;
  std::vector<int32_t> codes = LevelCodes(levels).find_all(column, open ? &further : nullptr);
  levels.insert(levels.end(), further.begin(), further.end());
  return Column::categorical(column.name(), std::move(codes), std::make_shared<const std::vector<std::string>>(std::move(levels)));
}

// `open`: whether a level that the schema does not know stays.
Column conform_column(const Column& column, const ColumnSchema& schema, bool open) {
  if (schema.kind == ColumnKind::Categorical) return to_categorical(column, schema, open);
  if (column.kind() == schema.kind) return column;
  switch (schema.kind) {
    case ColumnKind::Numeric: return to_numeric(column, schema);
    case ColumnKind::Integer: return to_integer(column, schema);
    case ColumnKind::Boolean: return to_boolean(column, schema);
    case ColumnKind::Text: return to_text(column);
    default: return to_moment(column, schema);
  }
}

/// Throws with the names of all columns that are needed and not there.
void check_columns(const Table& table, const Schema& schema, Conform which) {
  std::string listed, suggestion;
  size_t n_missing = 0, n_features = 0;
  for (const ColumnSchema& column : schema.columns) {
    n_features += column.role == ColumnRole::Feature;
    const bool needed = column.role == ColumnRole::Feature || (which == Conform::Training && column.role == ColumnRole::Target);
    if (!needed || table.find(column.name) != nullptr) continue;
    if (++n_missing <= 5) listed += (listed.empty() ? "'" : ", '") + column.name + "'";
    if (suggestion.empty()) suggestion = did_you_mean(column.name, table.names());
  }
  if (n_missing == 0) return;
  if (n_missing > 5) listed += " and " + std::to_string(n_missing - 5) + " more";
  throw Error(ErrorCode::FeatureMismatch,
              "feature mismatch: column " + listed + (n_missing == 1 ? " is" : " are") + " missing; the model was trained on " +
                  std::to_string(n_features) + " features and the table has " + std::to_string(table.n_columns()) + " columns" + suggestion,
              "Give a table with the columns of the training table.");
}

Column empty_column(const ColumnSchema& schema) {
  if (schema.role == ColumnRole::Ignored || !schema.missing_texts.empty()) return Column::text(schema.name, {});
  switch (schema.kind) {
    case ColumnKind::Integer:
    case ColumnKind::Numeric: return Column::numeric(schema.name, std::vector<double>{});
    case ColumnKind::Boolean: return Column::boolean(schema.name, {});
    case ColumnKind::Date: return Column::timestamp(schema.name, {});
    case ColumnKind::Timestamp: return Column::timestamp(schema.name, {});
    default: return Column::text(schema.name, {});
  }
}

}  // namespace

Table conform(const Table& table, const Schema& schema, Conform which) {
  check_columns(table, schema, which);
  std::vector<Column> columns;
  for (const ColumnSchema& wanted : schema.columns) {
    if (wanted.role == ColumnRole::Ignored || (which != Conform::Training && wanted.role != ColumnRole::Feature)) continue;
    const bool open = wanted.role == ColumnRole::Target || which == Conform::OpenFeatures;
    if (const Column* column = table.find(wanted.name)) columns.push_back(conform_column(*column, wanted, open));
  }
  return Table(std::move(columns));
}

Table reading_kinds(const Schema& schema) {
  std::vector<Column> columns;
  for (const ColumnSchema& column : schema.columns) columns.push_back(empty_column(column));
  return Table(std::move(columns));
}

std::vector<uint32_t> rows_with_target(const Table& table, const Schema& schema) {
  std::vector<uint8_t> there(table.n_rows(), 1);
  for (const ColumnSchema* target : schema.with_role(ColumnRole::Target)) {
    const Column column = conform_column(table.column(target->name), *target, true);
    for (size_t row = 0; row < there.size(); ++row)
      if (column.is_missing(row) || (column.kind() == ColumnKind::Numeric && std::isnan(column.number(row)))) there[row] = 0;
  }
  std::vector<uint32_t> rows;
  for (size_t row = 0; row < there.size(); ++row)
    if (there[row] != 0) rows.push_back(static_cast<uint32_t>(row));
  return rows;
}

}  // namespace kolosal
