// The date parts form. The calendar is the proleptic Gregorian one, in UTC; years are kept within ±30,000.
//
// Shapes   a column of n_rows gives one float32 column of n_rows for each part, float64 for elapsed days; missing stays missing.
// Cost     O(n_rows n_parts).
// Checked  date_parts_test.cc.
#include "kolosal/preprocess/forms/date_parts.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>

namespace kolosal {
namespace {

constexpr int64_t kMicrosecondsADay = 86'400'000'000;
constexpr int64_t kFarthestDay = 10'950'000;

class DateParts : public PerColumnForm<DatePartsColumn> {
 public:
  using PerColumnForm::PerColumnForm;
  std::string_view form() const override { return "date_parts"; }

 protected:
  size_t bytes_of(size_t i) const override { return sizeof(double) * specs()[i].parts.size(); }
  std::vector<Column> apply(size_t i, const Column& column) const override {
    if (!is_moment(column.kind())) wrong_column_kind(column, "a date or timestamp");
    const DatePartsColumn& spec = specs()[i];
    std::vector<std::vector<float>> values(spec.parts.size(), std::vector<float>(column.size()));
    for (size_t row = 0; row < column.size(); ++row) {
      if (column.is_missing(row)) continue;
      const int64_t moment = moment_microseconds(column, row);
      for (size_t k = 0; k < spec.parts.size(); ++k)
        if (spec.parts[k] != DatePart::Elapsed) values[k][row] = static_cast<float>(date_part(spec.parts[k], moment, spec.origin));
    }
    std::vector<Column> made;
    for (size_t k = 0; k < values.size(); ++k) {
      if (spec.parts[k] == DatePart::Elapsed) made.push_back(elapsed(spec, spec.outputs[k], column));
      else made.push_back(Column::numeric(spec.outputs[k], std::move(values[k]), column.validity()));
    }
    return made;
  }

 private:
  static Column elapsed(const DatePartsColumn& spec, const std::string& name, const Column& column) {
    std::vector<double> days(column.size());
    for (size_t row = 0; row < column.size(); ++row)
      if (!column.is_missing(row)) days[row] = date_part(DatePart::Elapsed, moment_microseconds(column, row), spec.origin);
    return Column::numeric(name, std::move(days), column.validity());
  }
};

class DatePartsForm : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    auto specs = specs_from_value<DatePartsColumn>(value, "date_parts");
    for (const DatePartsColumn& spec : specs) {
      require_fitted(spec.parts.size() == spec.outputs.size(), "date_parts", "column '" + spec.name + "' has parts without a name");
      require_fitted(std::ranges::none_of(spec.outputs, &std::string::empty), "date_parts", "a column made has no name");
    }
    return make_date_parts(std::move(specs));
  }
};

/// Sine or cosine of a share of the circle.
double sine(double share) { return std::sin(2 * std::numbers::pi * share); }
double cosine(double share) { return std::cos(2 * std::numbers::pi * share); }

/// Days since 1 January of the day's year, and the day's weekday with Monday as 0.
int64_t day_in_year(std::chrono::sys_days day) {
  const std::chrono::year_month_day date{day};
  return (day - std::chrono::sys_days{date.year() / std::chrono::January / 1}).count();
}
unsigned weekday_of(std::chrono::sys_days day) { return std::chrono::weekday{day}.iso_encoding() - 1; }

/// Week of ISO 8601: weeks begin on Monday, and week 1 has the year's first Thursday.
int64_t iso_week(std::chrono::sys_days day) {
  const std::chrono::sys_days thursday = day + std::chrono::days{3} - std::chrono::days{weekday_of(day)};
  return day_in_year(thursday) / 7 + 1;
}

}  // namespace

bool is_time_of_day(DatePart part) noexcept {
  return part == DatePart::Hour || part == DatePart::Minute || part == DatePart::Second || part == DatePart::HourSin ||
         part == DatePart::HourCos;
}

int64_t moment_microseconds(const Column& column, size_t row) {
  const int64_t value = column.int64()[row];
  if (column.kind() == ColumnKind::Date) return std::clamp(value, -kFarthestDay, kFarthestDay) * kMicrosecondsADay;
  return std::clamp(value, -kFarthestDay * kMicrosecondsADay, kFarthestDay * kMicrosecondsADay);
}

double date_part(DatePart part, int64_t microseconds, int64_t origin) {
  using namespace std::chrono;
  const int64_t days_since = (microseconds - (microseconds < 0 ? kMicrosecondsADay - 1 : 0)) / kMicrosecondsADay;
  const int64_t in_day = microseconds - days_since * kMicrosecondsADay;
  const sys_days day{days{days_since}};
  const year_month_day date{day};
  const auto month = static_cast<unsigned>(date.month());
  const double in_year = (month - 1.0) / 12, in_week = weekday_of(day) / 7.0;
  const int64_t hour = in_day / 3'600'000'000;
  const unsigned quarter = (month + 2) / 3;
  const double of_day = static_cast<double>(in_day) / static_cast<double>(kMicrosecondsADay);
  const double of_year = static_cast<double>(day_in_year(day)) / 365.25;
  switch (part) {
    case DatePart::Year: return static_cast<int>(date.year());
    case DatePart::Month: return month;
    case DatePart::Day: return static_cast<unsigned>(date.day());
    case DatePart::Weekday: return weekday_of(day);
    case DatePart::DayOfYear: return static_cast<double>(day_in_year(day) + 1);
    case DatePart::Hour: return static_cast<double>(hour);
    case DatePart::Elapsed:
      return (static_cast<double>(microseconds) - static_cast<double>(origin)) / static_cast<double>(kMicrosecondsADay);
    case DatePart::MonthSin: return sine(in_year);
    case DatePart::MonthCos: return cosine(in_year);
    case DatePart::WeekdaySin: return sine(in_week);
    case DatePart::WeekdayCos: return cosine(in_week);
    case DatePart::Quarter: return quarter;
    case DatePart::Week: return static_cast<double>(iso_week(day));
    case DatePart::Minute: return static_cast<double>(in_day / 60'000'000 % 60);
    case DatePart::Second: return static_cast<double>(in_day / 1'000'000 % 60);
    case DatePart::IsWeekend: return weekday_of(day) >= 5 ? 1 : 0;
    case DatePart::IsMonthStart: return static_cast<unsigned>(date.day()) == 1 ? 1 : 0;
    case DatePart::IsMonthEnd: return static_cast<unsigned>(year_month_day{day + days{1}}.day()) == 1 ? 1 : 0;
    case DatePart::HourSin: return sine(of_day);
    case DatePart::HourCos: return cosine(of_day);
    case DatePart::DayOfYearSin: return sine(of_year);
    case DatePart::DayOfYearCos: return cosine(of_year);
  }
  return 0;
}

void describe(Fields<DatePartsColumn>& fields) {
  fields.add("name", &DatePartsColumn::name, "The column.");
  fields.add("origin", &DatePartsColumn::origin, "Microseconds since 1970-01-01 UTC from which elapsed days count.");
  fields.add("parts", &DatePartsColumn::parts, "The parts, in order.");
  fields.add("outputs", &DatePartsColumn::outputs, "Names of the columns made, one a part.");
}

std::unique_ptr<FittedTransformer> make_date_parts(std::vector<DatePartsColumn> columns) {
  return std::make_unique<DateParts>(std::move(columns));
}

void register_date_parts(Catalog<TransformerForm>& catalog) {
  catalog.add<DatePartsForm>("date_parts", "Dates become year, month, weekday, elapsed days and the like.");
}

}  // namespace kolosal
