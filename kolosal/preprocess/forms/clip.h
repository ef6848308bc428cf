// The clip form: numbers below a lower bound become it, numbers above an upper bound too; or both become missing.
#pragma once

#include "kolosal/preprocess/forms/form.h"

namespace kolosal {

/// One column's bounds; lower <= upper.
struct ClipColumn {
  std::string name;
  double lower = 0;
  double upper = 0;
  bool to_missing = false;  ///< numbers beyond a bound become missing; else the bound
};
void describe(Fields<ClipColumn>& fields);

/// The fitted form "clip". Its inverse leaves values as they are: what was cut off is not known any more.
std::unique_ptr<FittedTransformer> make_clip(std::vector<ClipColumn> columns);

}  // namespace kolosal
