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
  Elapsed,    ///< days, with fractions, since the earliest moment in fitting
  MonthSin,   ///< sine and cosine of the month and of the weekday, as parts of a circle
  MonthCos,
  WeekdaySin,
  WeekdayCos,
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
                                                               {DatePart::WeekdayCos, "weekday_cos"}});
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
/// The part of a moment.
double date_part(DatePart part, int64_t microseconds, int64_t origin);

/// The fitted form "date_parts".
std::unique_ptr<FittedTransformer> make_date_parts(std::vector<DatePartsColumn> columns);

}  // namespace kolosal
