#include "kolosal/preprocess/forms/date_parts.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numbers>

#include "kolosal/preprocess/columns.h"

namespace kolosal {

void describe(Fields<DatePartsForm>& f) {
  f.add("columns", &DatePartsForm::columns, "Columns of dates.");
  f.add("origin", &DatePartsForm::origin, "Day from which elapsed days count.");
  f.add("parts", &DatePartsForm::parts, "Which parts are given.");
}

const std::vector<std::string>& date_part_names() {
  static const std::vector<std::string> names = {"elapsed",     "year",         "month",       "day",         "weekday",         "day_of_year",    "hour",
                                                 "month_sin",   "month_cos",    "weekday_sin", "weekday_cos", "day_of_year_sin", "day_of_year_cos"};
  return names;
}

std::vector<std::vector<double>> date_parts(const Column& column, int64_t origin) {
  constexpr int64_t kDay = 86'400'000'000;
  const auto turn = [](double share) { return 2 * std::numbers::pi * share; };
  std::vector<std::vector<double>> parts(date_part_names().size(), std::vector<double>(column.size(), std::numeric_limits<double>::quiet_NaN()));
  const auto values = column.int64();
  for (size_t row = 0; row < values.size(); ++row) {
    if (column.is_missing(row)) continue;
    const bool is_date = column.kind() == ColumnKind::Date;
    const int64_t days = is_date ? values[row] : (values[row] >= 0 ? values[row] / kDay : -((kDay - 1 - values[row]) / kDay));
    const double rest = is_date ? 0 : static_cast<double>(values[row] - days * kDay) / static_cast<double>(kDay);
    const std::chrono::sys_days date{std::chrono::days(days)};
    const std::chrono::year_month_day day{date};
    const std::chrono::sys_days new_year{day.year() / std::chrono::January / 1};
    const double month = static_cast<unsigned>(day.month()), weekday = std::chrono::weekday(date).iso_encoding() - 1.0;
    const auto day_of_year = static_cast<double>((date - new_year).count() + 1);
    const double all[] = {static_cast<double>(days - origin) + rest,
                          static_cast<double>(static_cast<int>(day.year())),
                          month,
                          static_cast<double>(static_cast<unsigned>(day.day())),
                          weekday,
                          day_of_year,
                          24 * rest,
                          std::sin(turn((month - 1) / 12)),
                          std::cos(turn((month - 1) / 12)),
                          std::sin(turn(weekday / 7)),
                          std::cos(turn(weekday / 7)),
                          std::sin(turn((day_of_year - 1) / 366)),
                          std::cos(turn((day_of_year - 1) / 366))};
    for (size_t p = 0; p < parts.size(); ++p) parts[p][row] = all[p];
  }
  return parts;
}

namespace {

class DateParts : public FittedTransformer {
 public:
  explicit DateParts(DatePartsForm form) : form_(std::move(form)) {}
  std::string_view form() const override { return "date_parts"; }

  Table transform(const Table& table) const override {
    std::vector<Column> columns;
    for (const Column& column : table.columns()) {
      const auto at = std::ranges::find(form_.columns, column.name());
      if (at == form_.columns.end()) columns.push_back(column);
      else add_parts(column, static_cast<size_t>(at - form_.columns.begin()), columns);
    }
    for (const std::string& name : form_.columns) (void)needed_column(table, name);
    return Table(std::move(columns));
  }
  Value to_value() const override { return kolosal::to_value(form_); }

 private:
  void add_parts(const Column& column, size_t i, std::vector<Column>& columns) const {
    if (!holds_dates(column.kind()))
      throw Error(ErrorCode::FeatureMismatch, "the feature '" + column.name() + "' is " + std::string(enum_name(column.kind())) + " where dates are needed");
    std::vector<std::vector<double>> parts = date_parts(column, form_.origin[i]);
    for (size_t p = 0; p < parts.size(); ++p)
      if (((form_.parts[i] >> p) & 1) != 0)
        columns.push_back(numbers_like(column.renamed(column.name() + "__" + date_part_names()[p]), std::move(parts[p])));
  }

  DatePartsForm form_;
};

class DatePartsReader : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    auto form = kolosal::from_value<DatePartsForm>(value);
    if (form.origin.size() != form.columns.size() || form.parts.size() != form.columns.size())
      throw Error(ErrorCode::CorruptArtifact, "the sizes of a fitted 'date_parts' transformation do not agree");
    return make_date_parts(std::move(form));
  }
};

}  // namespace

std::unique_ptr<FittedTransformer> make_date_parts(DatePartsForm form) { return std::make_unique<DateParts>(std::move(form)); }

void register_date_parts_form(Catalog<TransformerForm>& catalog) { catalog.add<DatePartsReader>("date_parts", "Dates become numbers."); }

}  // namespace kolosal
