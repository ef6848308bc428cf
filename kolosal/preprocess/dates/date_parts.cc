// Date parts: a date becomes elapsed days, year, month, day, weekday, day of the year, hour, and their cyclical forms.
//
// Elapsed days count from the earliest training row. Parts that do not vary in training are left out.
// Checked  date_parts_test.cc.

#include "kolosal/preprocess/forms/date_parts.h"

#include <algorithm>
#include <cmath>

#include "kolosal/preprocess/columns.h"

namespace kolosal {
namespace {

struct DatePartsParams {
  std::vector<std::string> columns;
  bool cyclic = false;
};

void describe(Fields<DatePartsParams>& f) {
  f.add("columns", &DatePartsParams::columns, "Columns to take apart; all dates and timestamps where empty.");
  f.add("cyclic", &DatePartsParams::cyclic, "Whether months, weekdays and days of the year also become sines and cosines.");
}

class TakeDateParts : public Transformer {
 public:
  explicit TakeDateParts(DatePartsParams params) : params_(std::move(params)) {}
  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext&) const override {
    constexpr size_t kPlainParts = 7;
    DatePartsForm form;
    form.columns = chosen_columns(input.table, params_.columns, holds_dates, "date_parts");
    for (const std::string& name : form.columns) {
      const Column& column = input.table.column(name);
      double earliest = INFINITY;
      const std::vector<std::vector<double>> since_epoch = date_parts(column, 0);
      for (const double days : since_epoch.front())
        if (!std::isnan(days)) earliest = std::min(earliest, days);
      form.origin.push_back(std::isfinite(earliest) ? static_cast<int64_t>(std::floor(earliest)) : 0);
      uint32_t given = 0;
      const auto parts = date_parts(column, form.origin.back());
      for (size_t p = 0; p < (params_.cyclic ? parts.size() : kPlainParts); ++p)
        if (varies(parts[p])) given |= 1U << p;
      form.parts.push_back(given != 0 ? given : 1U);
    }
    return make_date_parts(std::move(form));
  }

 private:
  static bool varies(const std::vector<double>& values) {
    double first = NAN;
    for (const double value : values) {
      if (std::isnan(value)) continue;
      if (std::isnan(first)) first = value;
      else if (value != first) return true;
    }
    return false;
  }

  DatePartsParams params_;
};

}  // namespace

void register_date_parts(Catalog<Transformer>& catalog) {
  catalog.add<TakeDateParts, DatePartsParams>("date_parts", "Dates become elapsed days, year, month, day, weekday and hour.");
}

}  // namespace kolosal
