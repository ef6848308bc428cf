// Date parts: numbers of the calendar and of the clock (forms/date_parts.h lists them), sines and cosines, and elapsed days.
//
// Elapsed days count from a reference moment or else from the earliest one in fitting, so that they keep their digits in float32.
// Dates have no parts of the clock.
//
// Cost     O(n_rows n_parts).
// Checked  date_parts_test.cc.
#include "kolosal/preprocess/forms/date_parts.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "kolosal/preprocess/fitting.h"
#include "kolosal/table/cell_text.h"

namespace kolosal {
namespace {

struct DatePartsParams {
  std::vector<std::string> columns;
  std::vector<DatePart> parts = {DatePart::Year,      DatePart::Month, DatePart::Day,    DatePart::Weekday,
                                 DatePart::DayOfYear, DatePart::Hour,  DatePart::Elapsed};
  bool cyclic = false;
  std::string reference;
};

void describe(Fields<DatePartsParams>& f) {
  f.add("columns", &DatePartsParams::columns, "Columns to take apart; empty means all dates and timestamps.");
  f.add("parts", &DatePartsParams::parts, "The parts, in order.");
  f.add("cyclic", &DatePartsParams::cyclic, "Whether sine and cosine of month and weekday are added.");
  f.add("reference", &DatePartsParams::reference,
        "The moment from which elapsed days count, as 2024-02-29 or 2024-02-29T12:30:00 (UTC); empty means the earliest in fitting.");
}

class DatePartsOf : public Transformer {
 public:
  explicit DatePartsOf(DatePartsParams params) : params_(std::move(params)) {
    if (params_.reference.empty()) return;
    reference_ = parse_timestamp(params_.reference, DateFormat::YearMonthDayDash);
    if (!reference_)
      throw Error(ErrorCode::BadValue, "date_parts: reference is '" + params_.reference + "', which is not a moment",
                  "Write it as 2024-02-29 or 2024-02-29T12:30:00.");
  }

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    FreeNames names(input.table);
    std::vector<DatePartsColumn> fitted;
    for (const Column* column : choose_columns(input, params_.columns, is_moment, "date_parts")) {
      context.check();
      DatePartsColumn spec{
          .name = column->name(), .origin = reference_ ? *reference_ : earliest(*column, input.weights), .parts = params_.parts};
      if (params_.cyclic)
        for (const DatePart part : {DatePart::MonthSin, DatePart::MonthCos, DatePart::WeekdaySin, DatePart::WeekdayCos})
          if (std::ranges::find(spec.parts, part) == spec.parts.end()) spec.parts.push_back(part);
      if (column->kind() == ColumnKind::Date) std::erase_if(spec.parts, is_time_of_day);
      for (const DatePart part : spec.parts) spec.outputs.push_back(names.claim(column->name() + "__" + std::string(enum_name(part))));
      fitted.push_back(std::move(spec));
    }
    return make_date_parts(std::move(fitted));
  }

 private:
  static int64_t earliest(const Column& column, std::span<const double> weights) {
    int64_t first = std::numeric_limits<int64_t>::max();
    for (size_t row = 0; row < column.size(); ++row)
      if (!column.is_missing(row) && (weights.empty() || weights[row] > 0)) first = std::min(first, moment_microseconds(column, row));
    return first == std::numeric_limits<int64_t>::max() ? 0 : first;
  }

  DatePartsParams params_;
  std::optional<int64_t> reference_;  // microseconds since 1970-01-01 UTC
};

}  // namespace

void register_date_parts(Catalog<Transformer>& catalog) {
  catalog.add<DatePartsOf, DatePartsParams>("date_parts", "Dates become year, month, weekday, elapsed days and the like.");
}

}  // namespace kolosal
