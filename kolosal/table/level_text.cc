// Levels of categories.
//
// Cost     one hash look-up a row; a categorical column is looked up once a dictionary entry.
// Checked  schema_test.cc.
#include "kolosal/table/level_text.h"

#include <charconv>
#include <cmath>

#include "kolosal/table/cell_text.h"

namespace kolosal {
namespace {

std::string number_text(const Column& column, size_t row) {
  const double number = column.number(row);
  if (std::isnan(number)) return {};
  if (std::abs(number) < 0x1p53 && number == std::trunc(number)) return std::to_string(static_cast<int64_t>(number));
  return column.display(row);
}

std::optional<int64_t> moment_of(std::string_view text) {
  for (const auto& [format, name] : enum_names(DateFormat{}))
    if (const auto moment = parse_timestamp(text, format)) return moment;
  return std::nullopt;
}

}  // namespace

std::string level_text(const Column& column, size_t row) {
  if (column.is_missing(row)) return {};
  switch (column.kind()) {
    case ColumnKind::Numeric: return number_text(column, row);
    case ColumnKind::Text: return std::string(strip_blanks(column.text(row)));
    case ColumnKind::Categorical: return std::string(strip_blanks((*column.dictionary())[static_cast<size_t>(column.codes()[row])]));
    default: return column.display(row);
  }
}

LevelCodes::LevelCodes(const std::vector<std::string>& levels) : n_levels_(levels.size()) {
  for (size_t i = 0; i < levels.size(); ++i) {
    const auto code = static_cast<int32_t>(i);
    by_text_.emplace(levels[i], code);
    if (const auto number = parse_number(levels[i]); number && !std::isnan(*number)) by_number_.emplace(*number, code);
    if (const auto moment = moment_of(levels[i])) by_moment_.emplace(*moment, code);
    if (const auto flag = parse_boolean(levels[i])) {
      int32_t& slot = *flag ? true_ : false_;
      if (slot < 0) slot = code;
    }
  }
}

int32_t LevelCodes::find_text(const std::string& text) const {
  const auto found = by_text_.find(text);
  return found == by_text_.end() ? -1 : found->second;
}

int32_t LevelCodes::find_value(const Column& column, size_t row) const {
  switch (column.kind()) {
    case ColumnKind::Numeric:
    case ColumnKind::Integer: {
      const auto found = by_number_.find(column.number(row));
      return found == by_number_.end() ? -1 : found->second;
    }
    case ColumnKind::Boolean: return column.boolean()[row] != 0 ? true_ : false_;
    case ColumnKind::Date:
    case ColumnKind::Timestamp: {
      const auto found = by_moment_.find(column.int64()[row] * (column.kind() == ColumnKind::Date ? 86'400'000'000 : 1));
      return found == by_moment_.end() ? -1 : found->second;
    }
    default: return -1;
  }
}

int32_t LevelCodes::find(const Column& column, size_t row) const {
  const std::string text = level_text(column, row);
  if (text.empty()) return -1;
  const int32_t code = find_text(text);
  return code >= 0 ? code : find_value(column, row);
}

std::vector<int32_t> LevelCodes::find_all(const Column& column, std::vector<std::string>* unknown) const {
  std::unordered_map<std::string, int32_t> added;
  const auto code_of = [&](const Column& values, size_t row) {
    const int32_t code = find(values, row);
    if (code >= 0 || unknown == nullptr) return code;
    std::string text = level_text(values, row);
    if (text.empty()) return -1;
    const auto [place, is_new] = added.emplace(text, static_cast<int32_t>(n_levels_ + added.size()));
    if (is_new) unknown->push_back(std::move(text));
    return place->second;
  };
  std::vector<int32_t> codes(column.size());
  if (column.kind() == ColumnKind::Categorical) {
    const Column dictionary = Column::text(column.name(), *column.dictionary());
    constexpr int32_t kNotLookedUp = -2;
    std::vector<int32_t> translated(dictionary.size(), kNotLookedUp);
    for (size_t row = 0; row < codes.size(); ++row) {
      const int32_t code = column.codes()[row];
      if (code < 0) {
        codes[row] = -1;
        continue;
      }
      int32_t& slot = translated[static_cast<size_t>(code)];
      if (slot == kNotLookedUp) slot = code_of(dictionary, static_cast<size_t>(code));
      codes[row] = slot;
    }
    return codes;
  }
  for (size_t row = 0; row < codes.size(); ++row) codes[row] = code_of(column, row);
  return codes;
}

}  // namespace kolosal
