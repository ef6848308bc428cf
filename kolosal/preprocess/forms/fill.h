// The fill form: a value for each column that stands where one is missing, and a column that tells where, if wanted.
#pragma once

#include <optional>

#include "kolosal/preprocess/forms/form.h"

namespace kolosal {

/// One column's fill: a number for numbers, dates and booleans, a text for categories and texts.
struct FillColumn {
  std::string name;
  double number = 0;
  std::string text;
  bool is_text = false;
  bool whole = false;                   ///< an integer, boolean or date column keeps its kind; else it becomes Numeric
  std::optional<int64_t> whole_number;  ///< the number of one that keeps its kind, to the last digit
  std::string indicator;                ///< name of a Boolean column that is true where the value was missing; empty: none
};
void describe(Fields<FillColumn>& fields);

/// The fitted form "fill". Its inverse drops the indicators and leaves the filled values.
std::unique_ptr<FittedTransformer> make_fill(std::vector<FillColumn> columns);

}  // namespace kolosal
