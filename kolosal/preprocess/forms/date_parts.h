// Fitted form date_parts: a date becomes numbers that models can use.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kolosal/base/fields.h"
#include "kolosal/preprocess/transformer.h"

namespace kolosal {

/// Dates become NAME__elapsed (days since `origin`), __year, __month, __day, __weekday (0 = Monday), __day_of_year, __hour (timestamps),
/// and with `cyclic` the sine and cosine of month, weekday and day of year. Parts that did not vary in training are left out.
struct DatePartsForm {
  std::vector<std::string> columns;
  std::vector<int64_t> origin;       ///< days since 1970-01-01, one a column
  std::vector<uint32_t> parts;       ///< bit p of a column: part p is given (order as above, cyclic ones last)
};
void describe(Fields<DatePartsForm>& fields);

/// Names of the parts in order of their bits: "elapsed", "year", ...
const std::vector<std::string>& date_part_names();

/// The parts of one column, all of them, (n_parts) vectors of n_rows numbers; NaN where missing.
std::vector<std::vector<double>> date_parts(const Column& column, int64_t origin);

std::unique_ptr<FittedTransformer> make_date_parts(DatePartsForm form);

}  // namespace kolosal
