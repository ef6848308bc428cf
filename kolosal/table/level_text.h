// The levels of a category: how a value of any kind is written as one, and which known level a value means.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kolosal/base/array.h"
#include "kolosal/table/column.h"

namespace kolosal {

class Threads;

/// The value as the name of a level, the same for a number however it is stored: 1, 1.0 and int64 1 are "1"; texts without the
/// blanks around them; "" where missing, NaN or blank.
std::string level_text(const Column& column, size_t row);

/// The levels that the values of a column are written as, and which of them each row has. Codes of a dictionary are used as
/// they lie. The views are good as long as the column and this are.
class WrittenLevels {
 public:
  /// Rows are told apart by value, on `threads` where given; a text is written once a level.
  explicit WrittenLevels(const Column& column, const Threads* threads = nullptr);
  WrittenLevels(const WrittenLevels&) = delete;
  WrittenLevels& operator=(const WrittenLevels&) = delete;

  /// As level_text gives them; "" means missing. Those of a dictionary may repeat or be of no row; others stand in order of first row.
  const std::vector<std::string_view>& texts() const noexcept { return texts_; }
  /// For each row the number of its text, -1 where missing.
  std::span<const int32_t> codes() const noexcept { return codes_; }
  /// What owns the codes; null for those of a dictionary, which the column owns.
  const std::shared_ptr<int32_t>& own_codes() const noexcept { return own_codes_; }
  /// A row that has the text; only for columns that hold neither texts nor a dictionary.
  size_t first_row(size_t text) const noexcept { return first_rows_[text]; }

 private:
  void read_texts(const Column& column, const Threads* threads);
  void read_values(const Column& column, const Threads* threads);

  std::vector<std::string_view> texts_;
  std::span<const int32_t> codes_;
  std::shared_ptr<int32_t> own_codes_;
  std::vector<std::string> own_texts_;
  std::vector<size_t> first_rows_;
};

/// A column of texts as the categorical column of its levels; any other as it is. What is fitted on either is the same, but levels are
/// told apart only once.
Column with_levels(const Column& column, const Threads* threads = nullptr);

/// Finds the code of values among known levels. A value of a text column means the level of that text. A number, boolean or
/// date means the level written like it or, where there is none, the first that reads as the same value ("01", "True",
/// "31.01.2024"), since a file in which a column holds nothing else is read as numbers, booleans or dates.
class LevelCodes {
 public:
  explicit LevelCodes(const std::vector<std::string>& levels);
  /// The same without a copy of the levels, which must outlive it.
  static LevelCodes over(const std::vector<std::string>& levels);
  LevelCodes(LevelCodes&&) noexcept;
  LevelCodes& operator=(LevelCodes&&) noexcept;
  ~LevelCodes();

  /// Codes of all rows, -1 where the value is missing or unknown. Where `unknown` is given, unknown levels are added to it and get the
  /// codes from levels.size() on.
  std::vector<int32_t> find_all(const Column& column, std::vector<std::string>* unknown = nullptr) const;
  /// Codes of all rows; levels.size() for an unknown level, levels.size() + 1 for a missing value.
  Array<uint32_t> find_slots(const Column& column, const Threads* threads = nullptr) const;

 private:
  struct Known;
  explicit LevelCodes(std::unique_ptr<const Known> known);

  std::unique_ptr<const Known> known_;
};

}  // namespace kolosal
