// The indicators form: each level sets one of several Boolean columns. One-hot encoding with rare levels merged.
#pragma once

#include "kolosal/preprocess/forms/form.h"

namespace kolosal {

/// One column's levels and which of the columns made each sets.
struct IndicatorsColumn {
  std::string name;
  std::vector<std::string> levels;
  std::vector<std::string> outputs;  ///< names of the columns made
  std::vector<int32_t> output_of;    ///< (n_levels + 2) column set by each level, by unknown levels, by missing values; -1: none
};
void describe(Fields<IndicatorsColumn>& fields);

/// The fitted form "indicators". Invertible where no two levels of a column set the same column, and at most one sets none.
std::unique_ptr<FittedTransformer> make_indicators(std::vector<IndicatorsColumn> columns);

}  // namespace kolosal
