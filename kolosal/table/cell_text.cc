// Parsers of cell texts and the sketch that finds a column's format.
//
// Cost     O(length) a cell, without allocation; a sketch that is down to Text costs one comparison a cell.
// Source   the digits that decide a rounding: Hanson, Bug in strtod, "Halfway cases", 2011: at most 767 of a float64.
// Checked  cell_text_test.cc.
#include "kolosal/table/cell_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <system_error>

#include "kolosal/table/decimal.h"

namespace kolosal {
namespace {

constexpr size_t kMostDigits = 780;         // of a number, that are looked at; of further ones, whether all are 0
constexpr int64_t kMostExponent = 100'000;  // beyond, exponents are all alike

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool equals_ignoring_case(std::string_view text, std::string_view word) noexcept {
  return text.size() == word.size() && std::equal(text.begin(), text.end(), word.begin(), [](char a, char b) { return lower(a) == b; });
}

/// Takes `least` to `most` digits off the front; false where there are fewer.
bool take_digits(std::string_view& text, size_t least, size_t most, int& number) noexcept {
  size_t n = 0;
  number = 0;
  while (n < most && n < text.size() && is_digit(text[n])) number = number * 10 + (text[n++] - '0');
  text.remove_prefix(n);
  return n >= least;
}

bool take(std::string_view& text, char c) noexcept {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

/// Takes an exponent such as e-7 to the end of the text; 0 of an empty one.
std::optional<int64_t> take_exponent(std::string_view text) noexcept {
  if (text.empty()) return 0;
  if (!take(text, 'e') && !take(text, 'E')) return std::nullopt;
  const bool negative = take(text, '-');
  if (!negative) take(text, '+');
  if (text.empty()) return std::nullopt;
  int64_t exponent = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    exponent = std::min(exponent * 10 + (c - '0'), kMostExponent * kMostExponent);
  }
  return negative ? -exponent : exponent;
}

/// An unsigned decimal number of any length and exponent, correctly rounded: its first digits as a whole number, and the exponent that
/// belongs to them.
std::optional<double> parse_any_decimal(std::string_view text, char decimal_point) noexcept {
  std::array<char, kMostDigits + 32> digits;
  size_t n = 0, at = 0;
  int64_t exponent = 0;  // of the last digit kept
  bool any = false, after_point = false, more = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == decimal_point && !after_point) {
      after_point = true;
      continue;
    }
    if (!is_digit(c)) break;
    any = true;
    const bool kept = n < kMostDigits && (n > 0 || c != '0');
    if (kept) digits[n++] = c;
    else more |= n > 0 && c != '0';
    exponent += static_cast<int64_t>(!kept && n > 0) - static_cast<int64_t>(after_point);
  }
  const auto given = take_exponent(text.substr(at));
  if (!any || !given) return std::nullopt;
  if (n == 0) return 0.0;
  if (more) {  // a digit behind the last: more than what was kept, and less than the next number of so many digits
    digits[n++] = '1';
    --exponent;
  }
  exponent += *given;
  const int64_t magnitude = exponent + static_cast<int64_t>(n);
  if (std::abs(magnitude) > kMostExponent) return magnitude > 0 ? std::numeric_limits<double>::infinity() : 0.0;
  digits[n++] = 'e';
  char* const end = std::to_chars(digits.data() + n, digits.data() + digits.size(), exponent).ptr;
  double number = 0;
  if (std::from_chars(digits.data(), end, number).ec == std::errc::result_out_of_range)
    return magnitude > 0 ? std::numeric_limits<double>::infinity() : 0.0;
  return number;
}

/// Takes a date off the front and gives its days.
std::optional<int64_t> take_date(std::string_view& text, DateFormat format) noexcept {
  int year = 0, month = 0, day = 0;
  bool fits = false;
  switch (format) {
    case DateFormat::YearMonthDayDash:
    case DateFormat::YearMonthDaySlash: {
      const char between = format == DateFormat::YearMonthDayDash ? '-' : '/';
      fits = take_digits(text, 4, 4, year) && take(text, between) && take_digits(text, 1, 2, month) && take(text, between) &&
             take_digits(text, 1, 2, day);
      break;
    }
    case DateFormat::DayMonthYearDot:
    case DateFormat::DayMonthYearSlash: {
      const char between = format == DateFormat::DayMonthYearDot ? '.' : '/';
      fits = take_digits(text, 1, 2, day) && take(text, between) && take_digits(text, 1, 2, month) && take(text, between) &&
             take_digits(text, 4, 4, year);
      break;
    }
    case DateFormat::MonthDayYearSlash:
      fits = take_digits(text, 1, 2, month) && take(text, '/') && take_digits(text, 1, 2, day) && take(text, '/') &&
             take_digits(text, 4, 4, year);
      break;
  }
  if (!fits || year < 1) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

constexpr int64_t kSecond = 1'000'000;

/// Takes Z, +HH, +HHMM or +HH:MM; the offset in microseconds, 0 where the text is at its end.
std::optional<int64_t> take_offset(std::string_view& text) noexcept {
  if (text.empty() || take(text, 'Z')) return 0;
  const bool negative = text.front() == '-';
  if (!negative && text.front() != '+') return std::nullopt;
  text.remove_prefix(1);
  int hours = 0, minutes = 0;
  if (!take_digits(text, 2, 2, hours) || hours > 23) return std::nullopt;
  const bool colon = take(text, ':');
  if ((colon || !text.empty()) && (!take_digits(text, 2, 2, minutes) || minutes > 59)) return std::nullopt;
  const int64_t offset = (hours * 60 + minutes) * 60 * kSecond;
  return negative ? -offset : offset;
}

/// Takes HH:MM[:SS[.fraction]][offset] to the end of the text; microseconds after UTC midnight.
std::optional<int64_t> take_time(std::string_view text) noexcept {
  int hours = 0, minutes = 0, seconds = 0;
  int64_t fraction = 0;
  if (!take_digits(text, 1, 2, hours) || !take(text, ':') || !take_digits(text, 2, 2, minutes)) return std::nullopt;
  if (take(text, ':')) {
    if (!take_digits(text, 2, 2, seconds)) return std::nullopt;
    if (take(text, '.')) {
      size_t n = 0;
      for (int64_t unit = kSecond / 10; n < text.size() && is_digit(text[n]); ++n, unit /= 10) fraction += unit * (text[n] - '0');
      if (n == 0) return std::nullopt;
      text.remove_prefix(n);
    }
  }
  if (hours > 23 || minutes > 59 || seconds > 59) return std::nullopt;
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  return ((hours * 60 + minutes) * 60 + seconds) * kSecond + fraction - *offset;
}

/// Days or microseconds and whether a time was there.
std::optional<int64_t> parse_moment(std::string_view text, DateFormat format, bool& with_time) noexcept {
  text = strip_blanks(text);
  const auto days = take_date(text, format);
  if (!days) return std::nullopt;
  const int64_t midnight = *days * 86'400 * kSecond;
  with_time = !text.empty();
  if (!with_time) return midnight;
  if (text.front() != 'T' && text.front() != ' ') return std::nullopt;
  text.remove_prefix(1);
  const auto time = take_time(text);
  if (!time) return std::nullopt;
  return midnight + *time;
}

}  // namespace

std::string_view strip_outer_blanks(std::string_view text) noexcept {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<int64_t> parse_integer(std::string_view text) noexcept {
  text = strip_blanks(text);
  if (text.size() > 1 && text.front() == '+' && is_digit(text[1])) text.remove_prefix(1);
  int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<double> parse_number(std::string_view text, char decimal_point) noexcept {
  text = strip_blanks(text);
  if (text.empty()) return std::nullopt;
  bool negative = false;
  if (text.front() == '+' || text.front() == '-') {
    negative = text.front() == '-';
    text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
  }
  const double sign = negative ? -1.0 : 1.0;
  if (!is_digit(text.front()) && text.front() != decimal_point) {
    if (equals_ignoring_case(text, "inf") || equals_ignoring_case(text, "infinity")) return sign * std::numeric_limits<double>::infinity();
    if (equals_ignoring_case(text, "nan")) return std::numeric_limits<double>::quiet_NaN();
    return std::nullopt;
  }
  if (const auto number = parse_decimal(text, decimal_point)) return sign * *number;
  if (decimal_point == '.' && text.size() <= kMostDigits) {
    double number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (end != text.data() + text.size()) return std::nullopt;
    if (failure == std::errc()) return sign * number;
  }
  const auto number = parse_any_decimal(text, decimal_point);
  if (!number) return std::nullopt;
  return sign * *number;
}

std::optional<bool> parse_boolean(std::string_view text) noexcept {
  text = strip_blanks(text);
  if (equals_ignoring_case(text, "true")) return true;
  if (equals_ignoring_case(text, "false")) return false;
  return std::nullopt;
}

std::optional<int64_t> parse_date(std::string_view text, DateFormat format) noexcept {
  text = strip_blanks(text);
  const auto days = take_date(text, format);
  return text.empty() ? days : std::nullopt;
}

std::optional<int64_t> parse_timestamp(std::string_view text, DateFormat format) noexcept {
  bool with_time = false;
  return parse_moment(text, format, with_time);
}

CellSketch::CellSketch(std::string_view decimal_points) noexcept
    : number_(decimal_points.find('.') != std::string_view::npos),
      comma_number_(decimal_points.find(',') != std::string_view::npos),
      comma_first_(decimal_points.starts_with(',')) {}

void CellSketch::add(std::string_view text) noexcept {
  seen_ = true;
  if (!integer_ && !number_ && !comma_number_ && !boolean_ && dates_ == 0) return;
  text = strip_blanks(text);
  if (integer_ && !parse_integer(text)) integer_ = false;
  if (!integer_) {
    if (number_ && !parse_number(text, '.')) number_ = false;
    if (comma_number_ && !parse_number(text, ',')) comma_number_ = false;
  }
  if (boolean_ && !parse_boolean(text)) boolean_ = false;
  for (uint8_t format = 0; dates_ >> format != 0; ++format) {
    if (((dates_ >> format) & 1) == 0) continue;
    bool with_time = false;
    if (!parse_moment(text, static_cast<DateFormat>(format), with_time)) dates_ &= static_cast<uint8_t>(~(1U << format));
    else with_time_ |= with_time;
  }
}

void CellSketch::merge(const CellSketch& other) noexcept {
  if (!other.seen_) return;
  seen_ = true;
  integer_ &= other.integer_;
  number_ &= other.number_;
  comma_number_ &= other.comma_number_;
  boolean_ &= other.boolean_;
  dates_ &= other.dates_;
  with_time_ |= other.with_time_;
}

CellFormat CellSketch::format_as(ColumnKind kind) const noexcept {
  CellFormat format{kind};
  if (comma_number_ && (comma_first_ || !number_)) format.decimal_point = ',';
  for (uint8_t date = 0; dates_ >> date != 0; ++date)
    if (((dates_ >> date) & 1) != 0) {
      format.date = static_cast<DateFormat>(date);
      break;
    }
  return format;
}

CellFormat CellSketch::format() const noexcept {
  if (!seen_) return {ColumnKind::Numeric};
  if (integer_) return {ColumnKind::Integer};
  if (number_ || comma_number_) return format_as(ColumnKind::Numeric);
  if (boolean_) return {ColumnKind::Boolean};
  if (dates_ != 0) return format_as(with_time_ ? ColumnKind::Timestamp : ColumnKind::Date);
  return {};
}

}  // namespace kolosal
