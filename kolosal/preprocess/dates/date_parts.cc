// Date parts: numbers of the calendar and of the clock (forms/date_parts.h lists them), sines and cosines, and elapsed days.
//
// Elapsed days count from a reference moment or else from the earliest one in fitting, so that they keep their digits where they are
// rounded to float32. Dates have no parts of the clock.
//
// Cost     O(n_rows n_parts).
// Checked  date_parts_test.cc.
#include "kolosal/preprocess/forms/date_parts.h"

#include <algorithm>
#include <optional>

#include "kolosal/preprocess/chunk_fit.h"
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
    for (const Column* column : chosen(input)) {
      context.check();
      fitted.push_back(fit_column(*column, earliest(*column, input.weights), names));
    }
    return make_date_parts(std::move(fitted));
  }

  std::unique_ptr<ChunkFit> start_chunks() const override {
    return std::make_unique<ColumnsInChunks<ChunkEarliest>>(
        "date_parts", [this](const TransformerInput& chunk) { return chosen(chunk); },
        [this](const Table& like, std::span<const Column* const> columns, const std::vector<ChunkEarliest>& statistics) {
          FreeNames names(like);
          std::vector<DatePartsColumn> fitted;
          for (size_t i = 0; i < columns.size(); ++i) fitted.push_back(fit_column(*columns[i], statistics[i].first, names));
          return make_date_parts(std::move(fitted));
        });
  }

 private:
  /// The earliest moment of the chunks; none yet: that of no rows.
  struct ChunkEarliest {
    std::optional<int64_t> first;
    void add(const Column& column, std::span<const double> weights, const FitContext&) {
      const auto more = earliest(column, weights);
      if (more && (!first || *more < *first)) first = more;
    }
  };

  std::vector<const Column*> chosen(const TransformerInput& input) const {
    return choose_columns(input, params_.columns, is_moment, "date_parts");
  }

  DatePartsColumn fit_column(const Column& column, std::optional<int64_t> first, FreeNames& names) const {
    DatePartsColumn spec{.name = column.name(), .origin = reference_ ? *reference_ : first.value_or(0), .parts = params_.parts};
    if (params_.cyclic)
      for (const DatePart part : {DatePart::MonthSin, DatePart::MonthCos, DatePart::WeekdaySin, DatePart::WeekdayCos})
        if (std::ranges::find(spec.parts, part) == spec.parts.end()) spec.parts.push_back(part);
    if (column.kind() == ColumnKind::Date) std::erase_if(spec.parts, is_time_of_day);
    for (const DatePart part : spec.parts) spec.outputs.push_back(names.claim(column.name() + "__" + std::string(enum_name(part))));
    return spec;
  }

  /// Nothing where no row with weight has a moment.
  static std::optional<int64_t> earliest(const Column& column, std::span<const double> weights) {
    std::optional<int64_t> first;
    for (size_t row = 0; row < column.size(); ++row)
      if (!column.is_missing(row) && (weights.empty() || weights[row] > 0)) {
        const int64_t moment = moment_microseconds(column, row);
        if (!first || moment < *first) first = moment;
      }
    return first;
  }

  DatePartsParams params_;
  std::optional<int64_t> reference_;  // microseconds since 1970-01-01 UTC
};

}  // namespace

void register_date_parts(Catalog<Transformer>& catalog) {
  catalog.add<DatePartsOf, DatePartsParams>("date_parts", "Dates become year, month, weekday, elapsed days and the like.");
}

}  // namespace kolosal
