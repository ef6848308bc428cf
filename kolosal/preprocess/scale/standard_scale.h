// What standard scaling makes of the moments of a column, however they were taken.
#pragma once

#include <string>
#include <vector>

#include "kolosal/preprocess/scale/column_scaler.h"

namespace kolosal {

/// The parameters of standard_scale.
struct StandardScaleParams {
  std::vector<std::string> columns;
  bool with_mean = true;
  bool with_std = true;
};
void describe(Fields<StandardScaleParams>& f);

/// Centre and scale of a column with these moments; one whose variance is only rounding is not divided. Without a name.
AffineColumn standard_column(const Moments& found, const StandardScaleParams& params);

}  // namespace kolosal
