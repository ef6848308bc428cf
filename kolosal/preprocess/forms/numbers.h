// Fitted forms that turn numbers into numbers, column by column: affine, clip, fill; and row_norm, row by row.
#pragma once

#include <string>
#include <vector>

#include "kolosal/base/fields.h"
#include "kolosal/preprocess/transformer.h"

namespace kolosal {

/// y = (x - center) / divisor + offset. Missing stays missing.
struct AffineForm {
  std::vector<std::string> columns;
  std::vector<double> center, divisor, offset;  ///< one a column; divisors are not 0
};
void describe(Fields<AffineForm>& fields);

/// y = x brought into [low, high].
struct ClipForm {
  std::vector<std::string> columns;
  std::vector<double> low, high;
};
void describe(Fields<ClipForm>& fields);

/// Missing values become a number (or a level, for categories). `indicate` columns also give NAME__missing, 0 or 1.
struct FillForm {
  std::vector<std::string> columns;
  std::vector<double> number;      ///< for columns of numbers
  std::vector<std::string> level;  ///< for categories; "" for columns of numbers
  std::vector<uint8_t> indicate;
};
void describe(Fields<FillForm>& fields);

/// Each row divided by its norm over the columns: "l1", "l2" or "max". A row of zeros stays.
struct RowNormForm {
  std::vector<std::string> columns;
  std::string norm;
};
void describe(Fields<RowNormForm>& fields);

/// The fitted transformers of these forms.
std::unique_ptr<FittedTransformer> make_affine(AffineForm form);
std::unique_ptr<FittedTransformer> make_clip(ClipForm form);
std::unique_ptr<FittedTransformer> make_fill(FillForm form);
std::unique_ptr<FittedTransformer> make_row_norm(RowNormForm form);

}  // namespace kolosal
