#include <gtest/gtest.h>

#include <cmath>

#include "kolosal/preprocess/preprocess_test_rows.h"

namespace kolosal {
namespace {

using namespace preprocess_test;

constexpr int64_t kDay = 86'400'000'000;

TEST(DateParts, ReadsTheCalendar) {
  // 2024-02-29 13:30 UTC, a Thursday, is day 19782; the second row is missing; 1969-12-31 23:00 a Wednesday.
  const Table table({Column::timestamp("t", {19782 * kDay + 13 * kDay / 24 + kDay / 48, 0, -kDay / 24},
                                       Validity::from_bytes(std::vector<uint8_t>{1, 0, 1}))});
  const Table out = transformed("date_parts", {}, {table});
  const std::vector<std::pair<std::string, std::vector<double>>> expected{{"t__year", {2024, 1969}},
                                                                          {"t__month", {2, 12}},
                                                                          {"t__day", {29, 31}},
                                                                          {"t__weekday", {3, 2}},
                                                                          {"t__day_of_year", {60, 365}},
                                                                          {"t__hour", {13, 23}},
                                                                          {"t__elapsed", {19782 + 14.5 / 24, 0}}};
  ASSERT_EQ(out.n_columns(), expected.size());
  for (const auto& [name, values] : expected) {
    EXPECT_FLOAT_EQ(static_cast<float>(out.column(name).number(0)), static_cast<float>(values[0])) << name;
    EXPECT_TRUE(out.column(name).is_missing(1)) << name;
    EXPECT_FLOAT_EQ(static_cast<float>(out.column(name).number(2)), static_cast<float>(values[1])) << name;
  }
}

TEST(DateParts, CountsElapsedDaysFromTheEarliestTrainingRowInFloat64) {
  const Table table({Column::date("d", {20001, 20000, 30000})});
  const auto parts = fitted("date_parts", object({{"parts", list({"elapsed", "year"})}}), {table});
  EXPECT_EQ(parts->transform(table).column(0).numbers(), (std::vector<double>{1, 0, 10000}));
  EXPECT_FALSE(parts->transform(table).column(0).is_float32());
  EXPECT_TRUE(parts->transform(table).column(1).is_float32());
  EXPECT_EQ(parts->transform(Table({Column::date("d", {19990})})).column(0).number(0), -10);
}

TEST(DateParts, GivesDatesNoHourAndCyclesWhereAsked) {
  const Table table({Column::date("d", {19782, 19783})});
  const Table out = transformed("date_parts", object({{"cyclic", true}}), {table});
  EXPECT_EQ(out.find("d__hour"), nullptr);
  EXPECT_FLOAT_EQ(static_cast<float>(out.column("d__month_sin").number(0)), 0.5F);
  EXPECT_NEAR(out.column("d__weekday_cos").number(0), std::cos(2 * 3.14159265358979 * 3 / 7), 1e-6);
}

TEST(DateParts, KnowsQuarterWeekWeekendMonthEndAndTheClock) {
  // 2024-02-29 13:45:30, a Thursday in week 9; 2021-01-03, a Sunday in week 53 of 2020; 2024-12-30 is in week 1 of 2025.
  const Table table({Column::timestamp("t", {19782 * kDay + 49'530'000'000, 18630 * kDay, 20087 * kDay - 1})});
  const Value parts = object({{"parts", list({"quarter", "week", "minute", "second", "is_weekend", "is_month_start", "is_month_end"})}});
  const Table out = transformed("date_parts", parts, {table});
  EXPECT_EQ(out.column("t__quarter").numbers(), (std::vector<double>{1, 1, 4}));
  EXPECT_EQ(out.column("t__week").numbers(), (std::vector<double>{9, 53, 52}));
  EXPECT_EQ(out.column("t__minute").numbers(), (std::vector<double>{45, 0, 59}));
  EXPECT_EQ(out.column("t__second").numbers(), (std::vector<double>{30, 0, 59}));
  EXPECT_EQ(out.column("t__is_weekend").numbers(), (std::vector<double>{0, 1, 1}));
  EXPECT_EQ(out.column("t__is_month_start").numbers(), (std::vector<double>{0, 0, 0}));
  EXPECT_EQ(out.column("t__is_month_end").numbers(), (std::vector<double>{1, 0, 0}));
  // 2024-12-30 and 31 are in week 1 of 2025, and 2025-12-29, three days before a Thursday that is 1 January, in week 1 of 2026.
  const Table monday({Column::date("d", {20087, 20088, 20451})});
  EXPECT_EQ(transformed("date_parts", object({{"parts", list({"week"})}}), {monday}).column(0).numbers(), (std::vector<double>{1, 1, 1}));
}

TEST(DateParts, PutsTheTimeOfDayAndOfYearOnCircles) {
  const Table table({Column::timestamp("t", {6 * 3'600'000'000, 18 * 3'600'000'000})});
  const Table out =
      transformed("date_parts", object({{"parts", list({"hour_sin", "hour_cos", "day_of_year_sin", "day_of_year_cos"})}}), {table});
  EXPECT_NEAR(out.column("t__hour_sin").number(0), 1, 1e-6);
  EXPECT_NEAR(out.column("t__hour_sin").number(1), -1, 1e-6);
  EXPECT_NEAR(out.column("t__hour_cos").number(0), 0, 1e-6);
  EXPECT_EQ(out.column("t__day_of_year_sin").number(0), 0);
  EXPECT_EQ(out.column("t__day_of_year_cos").number(0), 1);
}

TEST(DateParts, CountsElapsedDaysFromTheReferenceGiven) {
  const Table table({Column::date("d", {19782, 0})});
  const auto elapsed = [&](const char* reference) {
    return transformed("date_parts", object({{"parts", list({"elapsed"})}, {"reference", reference}}), {table}).column(0).numbers();
  };
  EXPECT_EQ(elapsed("2024-02-28"), (std::vector<double>{1, -19781}));
  EXPECT_EQ(elapsed("1969-12-31T12:00:00"), (std::vector<double>{19782.5, 0.5}));
  EXPECT_THROW(elapsed("yesterday"), Error);
}

TEST(DateParts, GivesDatesNoPartsOfTheClock) {
  const Value parts = object({{"parts", list({"hour", "minute", "second", "hour_sin", "hour_cos", "day"})}});
  EXPECT_EQ(transformed("date_parts", parts, {Table({Column::date("d", {1})})}).names(), std::vector<std::string>{"d__day"});
}

TEST(DateParts, SurvivesMomentsBeyondTheCalendar) {
  const int64_t most = std::numeric_limits<int64_t>::max(), least = std::numeric_limits<int64_t>::min();
  for (const Table& table : {Table({Column::date("d", {most, least})}), Table({Column::timestamp("d", {most, least})})}) {
    const Table out = transformed("date_parts", {}, {table});
    for (const Column& column : out.columns()) EXPECT_TRUE(std::isfinite(column.number(0)) && std::isfinite(column.number(1)));
  }
}

}  // namespace
}  // namespace kolosal
