// The look-up form: each level becomes one or several numbers. Ordinal, frequency and target encodings.
#pragma once

#include "kolosal/preprocess/forms/form.h"

namespace kolosal {

/// One column's numbers for each level, for unknown levels and for missing values.
struct LookupColumn {
  std::string name;
  std::vector<std::string> levels;
  std::vector<std::string> outputs;  ///< names of the columns made
  std::vector<double> values;        ///< (n_levels + 2, n_outputs) row-major; the last rows: unknown, missing
  bool leave_unknown = false;        ///< unknown levels become missing, whatever their row of values
  bool leave_missing = false;        ///< missing values stay missing
  bool keep = false;                 ///< the column itself stays, before those made of it
};
void describe(Fields<LookupColumn>& fields);

/// The fitted form "lookup". Invertible where each column gives one number that differs between levels.
std::unique_ptr<FittedTransformer> make_lookup(std::vector<LookupColumn> columns);

}  // namespace kolosal
