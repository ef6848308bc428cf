// The affine form: each column becomes (x - center) / scale + offset. What every scaler of columns yields.
#pragma once

#include "kolosal/preprocess/forms/form.h"

namespace kolosal {

/// One column's centre, divisor (not 0) and offset.
struct AffineColumn {
  std::string name;
  double center = 0;
  double scale = 1;
  double offset = 0;
};
void describe(Fields<AffineColumn>& fields);

/// The fitted form "affine". Invertible.
std::unique_ptr<FittedTransformer> make_affine(std::vector<AffineColumn> columns);

}  // namespace kolosal
