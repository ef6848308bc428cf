// The look-up form: each level becomes one or several numbers. Ordinal, binary, frequency and target encodings.
#pragma once

#include "kolosal/preprocess/forms/form.h"
#include "kolosal/preprocess/forms/unknown_level.h"

namespace kolosal {

/// One column's numbers for each level, for unknown levels and for missing values.
struct LookupColumn {
  std::string name;
  std::vector<std::string> levels;
  std::vector<std::string> outputs;              ///< names of the columns made
  std::vector<double> values;                    ///< (n_levels + 2, n_outputs) row-major; the last rows: unknown, missing
  UnknownLevel unknown = UnknownLevel::Default;  ///< Error, Missing, or Default: the row of values for them
  bool leave_missing = false;                    ///< missing values stay missing, whatever their row of values
  bool keep = false;                             ///< the column itself stays, before those made of it
};
void describe(Fields<LookupColumn>& fields);

/// The columns that a spec gives where row i has the level `slots[i]`: n_levels where it is unknown, n_levels + 1 where it is missing.
std::vector<Column> looked_up(const LookupColumn& spec, std::span<const uint32_t> slots, const Threads& threads);

/// The fitted form "lookup". Invertible where the numbers of each column differ between levels.
std::unique_ptr<FittedTransformer> make_lookup(std::vector<LookupColumn> columns);

}  // namespace kolosal
