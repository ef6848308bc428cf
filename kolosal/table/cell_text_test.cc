#include "kolosal/table/cell_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

CellFormat format_of(const std::vector<std::string_view>& cells, std::string_view points = ".,") {
  CellSketch whole(points);
  std::vector<CellSketch> parts;
  for (const auto cell : cells) {
    whole.add(cell);
    parts.emplace_back(points).add(cell);
  }
  CellSketch merged(points);
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) merged.merge(*part);
  EXPECT_EQ(whole.format().kind, merged.format().kind) << "the order of values matters";
  EXPECT_EQ(whole.format().date, merged.format().date);
  return whole.format();
}

TEST(CellText, IntegersKeepTheirLastDigitUpToInt64) {
  EXPECT_EQ(parse_integer("9007199254740993"), 9007199254740993);
  EXPECT_EQ(parse_integer("-9223372036854775808"), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(parse_integer(" +7 "), 7);
  for (const auto wrong : {"9223372036854775808", "", "-", "+", "+-1", "1.0", "1e3", "0x10", "1 2"})
    EXPECT_FALSE(parse_integer(wrong)) << wrong;
}

TEST(CellText, NumbersAreReadInAnyUsualSpelling) {
  EXPECT_EQ(parse_number("-1.5e3"), -1500.0);
  EXPECT_EQ(parse_number(".5"), 0.5);
  EXPECT_EQ(parse_number("5."), 5.0);
  EXPECT_EQ(parse_number("1,5", ','), 1.5);
  EXPECT_EQ(parse_number("-Infinity"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_number("1e999"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_number("-1e-999"), 0.0);
  EXPECT_TRUE(std::isnan(*parse_number("NaN")));
  for (const auto wrong : {"", "+", "1,5", "1.2.3", "--1", "1e", "e5", "nano", "0x1p3", "1 000"})
    EXPECT_FALSE(parse_number(wrong)) << wrong;
  EXPECT_FALSE(parse_number("1.5", ','));
}

TEST(CellText, OnlyDatesThatExistAreDates) {
  EXPECT_EQ(parse_date("1970-01-02", DateFormat::YearMonthDayDash), 1);
  EXPECT_EQ(date_text(*parse_date("29.2.2024", DateFormat::DayMonthYearDot)), "2024-02-29");
  EXPECT_FALSE(parse_date("2023-02-29", DateFormat::YearMonthDayDash));
  EXPECT_FALSE(parse_date("13/01/2024", DateFormat::MonthDayYearSlash));
  EXPECT_FALSE(parse_date("2024-01-01x", DateFormat::YearMonthDayDash));
}

TEST(CellText, TimestampsAreBroughtToUtc) {
  const auto text = [](std::string_view cell) { return timestamp_text(parse_timestamp(cell, DateFormat::YearMonthDayDash).value()); };
  EXPECT_EQ(text("2024-02-29T12:30:00Z"), "2024-02-29T12:30:00");
  EXPECT_EQ(text("2024-02-29 23:30:00.25-01:30"), "2024-03-01T01:00:00.250000");
  EXPECT_EQ(text("1969-12-31 23:59:59.1234567+0000"), "1969-12-31T23:59:59.123456");
  EXPECT_EQ(text("2024-01-01"), "2024-01-01T00:00:00");
  for (const auto wrong :
       {"2024-01-01T25:00", "2024-01-01T", "2024-01-01T10", "2024-01-01 10:00 ", "2024-01-01T10:00+2", "2024-01-01x10:00"})
    EXPECT_EQ(parse_timestamp(wrong, DateFormat::YearMonthDayDash).has_value(), std::string_view(wrong).ends_with("00 ")) << wrong;
}

TEST(CellText, AColumnHasTheNarrowestKindThatFitsAllItsValues) {
  EXPECT_EQ(format_of({"1", "-2", "3"}).kind, ColumnKind::Integer);
  EXPECT_EQ(format_of({"1", "2.5"}).kind, ColumnKind::Numeric);
  EXPECT_EQ(format_of({"1", "9223372036854775808"}).kind, ColumnKind::Numeric);
  EXPECT_EQ(format_of({"TRUE", "false", "True"}).kind, ColumnKind::Boolean);
  EXPECT_EQ(format_of({"true", "1"}).kind, ColumnKind::Text);
  EXPECT_EQ(format_of({"2024-01-01", "2024-1-2"}).kind, ColumnKind::Date);
  EXPECT_EQ(format_of({"2024-01-01", "2024-01-02 10:00"}).kind, ColumnKind::Timestamp);
  EXPECT_EQ(format_of({"2024-01-01", "01.02.2024"}).kind, ColumnKind::Text);
  EXPECT_EQ(format_of({}).kind, ColumnKind::Numeric);
}

TEST(CellText, AnyValueAboveTwelveSettlesWhichOfDayAndMonthIsFirst) {
  EXPECT_EQ(format_of({"01/02/2024", "02/13/2024"}).date, DateFormat::MonthDayYearSlash);
  EXPECT_EQ(format_of({"01/02/2024", "13/02/2024"}).date, DateFormat::DayMonthYearSlash);
  EXPECT_EQ(format_of({"01/02/2024"}).date, DateFormat::MonthDayYearSlash);
  EXPECT_EQ(format_of({"13/02/2024", "02/13/2024"}).kind, ColumnKind::Text);
}

TEST(CellText, ADecimalCommaIsFoundOnlyWhereNoPointFits) {
  EXPECT_EQ(format_of({"1,5", "2"}).decimal_point, ',');
  EXPECT_EQ(format_of({"1.5", "2"}).decimal_point, '.');
  EXPECT_EQ(format_of({"1.5", "2,5"}).kind, ColumnKind::Text);
  EXPECT_EQ(format_of({"1,5"}, ".").kind, ColumnKind::Text);
}

TEST(ParseNumber, RoundsEveryDecimalAsTheStandardLibraryDoes) {
  RandomStream random(1, "decimals");
  for (int i = 0; i < 200'000; ++i) {
    std::string text = std::to_string(random.below(uint64_t{1} << (1 + random.below(63))));
    if (random.below(3) > 0) text.insert(random.below(text.size() + 1), ".");
    if (random.below(5) == 0) text += "e" + std::to_string(static_cast<int>(random.below(40)) - 20);
    const auto found = parse_number(text);
    ASSERT_TRUE(found.has_value()) << text;
    ASSERT_EQ(*found, std::strtod(text.c_str(), nullptr)) << text;
  }
  EXPECT_FALSE(parse_number(".").has_value());
  EXPECT_FALSE(parse_number("1.2.3").has_value());
  EXPECT_EQ(parse_number("1,25", ','), 1.25);
  EXPECT_FALSE(parse_number("1.25", ',').has_value());
}

// One digit far behind the others decides between the two floats that 2^53 + 1 lies half-way between.
TEST(ParseNumber, ReadsNumbersOfAnyLengthAndRoundsByTheirLastDigit) {
  const std::string zeros(5000, '0');
  EXPECT_EQ(parse_number("9007199254740993." + zeros + "1"), 9007199254740994.0);
  EXPECT_EQ(parse_number("9007199254740993." + zeros), 9007199254740992.0);
  EXPECT_EQ(parse_number("-9007199254740993," + zeros + "1", ','), -9007199254740994.0);
  EXPECT_EQ(parse_number("0." + zeros + "25e5001"), 2.5);
  EXPECT_EQ(parse_number("25" + zeros + "e-5001"), 2.5);
  EXPECT_EQ(parse_number("1" + zeros), std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_number("1" + std::string(350, '0') + "e-10"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_number("0." + zeros + "1"), 0.0);
  EXPECT_EQ(parse_number("0." + std::string(350, '0') + "1e10"), 0.0);
  EXPECT_EQ(parse_number("1e99999999999999999999"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_number("0e99999999999999999999"), 0.0);
  for (const std::string& wrong : {"1" + zeros + "x", "1" + zeros + "e", "1." + zeros + ".", zeros + "e+", "1" + zeros + "e1.5"})
    EXPECT_FALSE(parse_number(wrong)) << wrong.size();
  EXPECT_EQ(format_of({"1." + zeros + "1", "2"}).kind, ColumnKind::Numeric);
}

TEST(ParseNumber, RoundsLongDecimalsAsTheStandardLibraryDoes) {
  RandomStream random(2, "decimals");
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    const size_t n_digits = 1 + random.below(1500);
    for (size_t k = 0; k < n_digits; ++k) text += random.below(3) > 0 ? '0' : static_cast<char>('0' + random.below(10));
    const size_t point = random.below(text.size() + 1);
    const int exponent = static_cast<int>(random.below(1500)) - 750;
    const std::string tail = random.below(2) > 0 ? "e" + std::to_string(exponent) : std::string();
    std::string pointed = text, with_comma = text;
    pointed.insert(point, ".");
    with_comma.insert(point, ",");
    const double expected = std::strtod((pointed + tail).c_str(), nullptr);
    ASSERT_EQ(parse_number(pointed + tail), expected) << pointed << tail;
    ASSERT_EQ(parse_number(with_comma + tail, ','), expected) << pointed << tail;
  }
}

}  // namespace
}  // namespace kolosal
