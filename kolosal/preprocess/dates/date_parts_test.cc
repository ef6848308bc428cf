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

TEST(DateParts, CountsElapsedDaysFromTheEarliestTrainingRowInFloat32) {
  const Table table({Column::date("d", {20001, 20000, 30000})});
  const auto parts = fitted("date_parts", object({{"parts", list({"elapsed"})}}), {table});
  EXPECT_EQ(parts->transform(table).column(0).numbers(), (std::vector<double>{1, 0, 10000}));
  EXPECT_TRUE(parts->transform(table).column(0).is_float32());
  EXPECT_EQ(parts->transform(Table({Column::date("d", {19990})})).column(0).number(0), -10);
}

TEST(DateParts, GivesDatesNoHourAndCyclesWhereAsked) {
  const Table table({Column::date("d", {19782, 19783})});
  const Table out = transformed("date_parts", object({{"cyclic", true}}), {table});
  EXPECT_EQ(out.find("d__hour"), nullptr);
  EXPECT_FLOAT_EQ(static_cast<float>(out.column("d__month_sin").number(0)), 0.5F);
  EXPECT_NEAR(out.column("d__weekday_cos").number(0), std::cos(2 * 3.14159265358979 * 3 / 7), 1e-6);
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
