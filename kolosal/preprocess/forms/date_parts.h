// The date parts form: dates and timestamps become numbers that models can split or weigh.
#pragma once

#include <array>

#include "kolosal/preprocess/forms/form.h"

namespace kolosal {

/// One number of a moment (UTC).
enum class DatePart {
  Year,
  Month,      ///< 1..12
  Day,        ///< 1..31
  Weekday,    ///< 0 = Monday .. 6
  DayOfYear,  ///< 1..366
  Hour,       ///< 0..23
  Elapsed,    ///< days, with fractions, since the origin
  MonthSin,   ///< sines and cosines: the place in a year, week or day as an angle
  MonthCos,
  WeekdaySin,
  WeekdayCos,
  Quarter,       ///< 1..4
  Week,          ///< week of ISO 8601, 1..53
  Minute,        ///< 0..59
  Second,        ///< 0..59
  IsWeekend,     ///< 1 on Saturdays and Sundays, else 0
  IsMonthStart,  ///< 1 on the first day of a month, else 0
  IsMonthEnd,    ///< 1 on the last day of a month, else 0
  HourSin,       ///< of the time of day to the microsecond
  HourCos,
  DayOfYearSin,  ///< of the day in a year of 365.25 days
  DayOfYearCos,
};

constexpr auto enum_names(DatePart) {
  return std::to_array<std::pair<DatePart, std::string_view>>({{DatePart::Year, "year"},
                                                               {DatePart::Month, "month"},
                                                               {DatePart::Day, "day"},
                                                               {DatePart::Weekday, "weekday"},
                                                               {DatePart::DayOfYear, "day_of_year"},
                                                               {DatePart::Hour, "hour"},
                                                               {DatePart::Elapsed, "elapsed"},
                                                               {DatePart::MonthSin, "month_sin"},
                                                               {DatePart::MonthCos, "month_cos"},
                                                               {DatePart::WeekdaySin, "weekday_sin"},
                                                               {DatePart::WeekdayCos, "weekday_cos"},
                                                               {DatePart::Quarter, "quarter"},
                                                               {DatePart::Week, "week"},
                                                               {DatePart::Minute, "minute"},
                                                               {DatePart::Second, "second"},
                                                               {DatePart::IsWeekend, "is_weekend"},
                                                               {DatePart::IsMonthStart, "is_month_start"},
                                                               {DatePart::IsMonthEnd, "is_month_end"},
                                                               {DatePart::HourSin, "hour_sin"},
                                                               {DatePart::HourCos, "hour_cos"},
                                                               {DatePart::DayOfYearSin, "day_of_year_sin"},
                                                               {DatePart::DayOfYearCos, "day_of_year_cos"}});
}

/// One column's parts.
struct DatePartsColumn {
  std::string name;
  int64_t origin = 0;  ///< microseconds since 1970-01-01 UTC: where Elapsed is 0
  std::vector<DatePart> parts;
  std::vector<std::string> outputs;  ///< names of the columns made, one a part
};
void describe(Fields<DatePartsColumn>& fields);

/// Microseconds since 1970-01-01 UTC of a Date or Timestamp value; days that lie too far off count as the last that fits.
int64_t moment_microseconds(const Column& column, size_t row);
/// Whether a part is of the time of day, which dates do not have.
bool is_time_of_day(DatePart part) noexcept;
/// The part of a moment; `origin` is where Elapsed is 0.
double date_part(DatePart part, int64_t microseconds, int64_t origin);

/// The fitted form "date_parts".
std::unique_ptr<FittedTransformer> make_date_parts(std::vector<DatePartsColumn> columns);

}  // namespace kolosal
