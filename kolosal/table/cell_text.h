// What the text of a cell can mean: numbers, booleans, dates and timestamps, and which of these fits a whole column.
//
// Every parser strips surrounding blanks and takes the whole rest or nothing. Dates are read by an explicit format, and a
// column has one format: the first, in order of DateFormat, that fits all of its values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "kolosal/table/column.h"

namespace kolosal {

/// The order of year, month and day, and what separates them. Month and day may have one digit.
enum class DateFormat : uint8_t { YearMonthDayDash, YearMonthDaySlash, DayMonthYearDot, MonthDayYearSlash, DayMonthYearSlash };

constexpr auto enum_names(DateFormat) {
  return std::to_array<std::pair<DateFormat, std::string_view>>({{DateFormat::YearMonthDayDash, "YYYY-MM-DD"},
                                                                 {DateFormat::YearMonthDaySlash, "YYYY/MM/DD"},
                                                                 {DateFormat::DayMonthYearDot, "DD.MM.YYYY"},
                                                                 {DateFormat::MonthDayYearSlash, "MM/DD/YYYY"},
                                                                 {DateFormat::DayMonthYearSlash, "DD/MM/YYYY"}});
}

/// How a column's texts are to be read.
struct CellFormat {
  ColumnKind kind = ColumnKind::Text;              ///< never Categorical
  char decimal_point = '.';                        ///< Numeric: '.' or ','
  DateFormat date = DateFormat::YearMonthDayDash;  ///< Date, Timestamp
};

/// strip_blanks where there may be some.
std::string_view strip_outer_blanks(std::string_view text) noexcept;
/// Without blanks (space, tab, CR, LF) at either end.
inline std::string_view strip_blanks(std::string_view text) noexcept {
  const auto is_ink = [](char c) { return static_cast<unsigned char>(c) > ' '; };
  return !text.empty() && is_ink(text.front()) && is_ink(text.back()) ? text : strip_outer_blanks(text);
}

/// A whole number in the range of int64, with an optional sign; nothing otherwise.
std::optional<int64_t> parse_integer(std::string_view text) noexcept;
/// A decimal number, with an optional sign and exponent, or inf, infinity, nan in any case; nothing otherwise.
std::optional<double> parse_number(std::string_view text, char decimal_point = '.') noexcept;
/// true or false in any case; nothing otherwise.
std::optional<bool> parse_boolean(std::string_view text) noexcept;
/// Days since 1970-01-01 of a date that exists, years 1 to 9999; nothing otherwise.
std::optional<int64_t> parse_date(std::string_view text, DateFormat format) noexcept;
/// Microseconds since 1970-01-01 UTC of a date, alone (midnight) or with a time after T or a blank: HH:MM[:SS[.fraction]] and
/// an optional Z or offset (+02, +0200, +02:00); nothing otherwise. Digits beyond microseconds are cut off.
std::optional<int64_t> parse_timestamp(std::string_view text, DateFormat format) noexcept;

/// Gathers which formats fit all values seen. Merging is commutative, so the outcome does not depend on the order of rows.
class CellSketch {
 public:
  /// `decimal_points`: the characters that may be a decimal point, most wanted first.
  explicit CellSketch(std::string_view decimal_points = ".") noexcept;

  /// Takes in a value that is there.
  void add(std::string_view text) noexcept;
  void merge(const CellSketch& other) noexcept;
  /// The narrowest format that fits: Integer, Numeric, Boolean, Date, Timestamp, else Text. Numeric where no value was seen.
  CellFormat format() const noexcept;
  /// The format in which values of `kind` (not Categorical) are to be read, going by those seen that fit.
  CellFormat format_as(ColumnKind kind) const noexcept;

 private:
  bool seen_ = false;
  bool integer_ = true, number_ = false, comma_number_ = false, boolean_ = true, with_time_ = false;
  bool comma_first_ = false;
  uint8_t dates_ = 0x1F;  // bit i: DateFormat i fits all values
};

}  // namespace kolosal
