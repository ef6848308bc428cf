// The levels of a category: how a value of any kind is written as one, and which known level a value means.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kolosal/table/column.h"

namespace kolosal {

/// The value as the name of a level, the same for a number however it is stored: 1, 1.0 and int64 1 are "1"; texts without the
/// blanks around them; "" where missing, NaN or blank.
std::string level_text(const Column& column, size_t row);

/// Finds the code of values among known levels. A value of a text column means the level of that text. A number, boolean or
/// date means the level written like it or, where there is none, the first that reads as the same value ("01", "True",
/// "31.01.2024"), since a file in which a column holds nothing else is read as numbers, booleans or dates.
class LevelCodes {
 public:
  explicit LevelCodes(const std::vector<std::string>& levels);
  /// The code, -1 where the value is missing or unknown.
  int32_t find(const Column& column, size_t row) const;
  /// Codes of all rows. Where `unknown` is given, unknown levels are added to it and get the codes from levels.size() on.
  std::vector<int32_t> find_all(const Column& column, std::vector<std::string>* unknown = nullptr) const;

 private:
  int32_t find_text(const std::string& text) const;
  int32_t find_value(const Column& column, size_t row) const;

  size_t n_levels_;
  std::unordered_map<std::string, int32_t> by_text_;
  std::unordered_map<double, int32_t> by_number_;
  std::unordered_map<int64_t, int32_t> by_moment_;
  int32_t false_ = -1, true_ = -1;
};

}  // namespace kolosal
