// Scalers of columns on row-major rows, as arrays hold them: fitted to the rows as they lie and applied to them, without columns between.
//
// Cost     one pass over the rows to fit, two in cache where squares are needed; one pass to apply.
// Checked  row_major_test.cc: equal to the same scaler on columns.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kolosal/preprocess/forms/affine.h"

namespace kolosal {

/// Numbers that lie row by row without a gap.
template <class T>
struct RowMajor {
  const T* values;
  size_t n_rows, n_columns;
};

/// Rows, each of a weight (none: of 1), that teach a scaler what many do.
struct FewRows {
  Table table;
  std::vector<double> weights;
};

/// What the scaler of this name, with these parameters, learns from the rows, whose columns have these names; null where it is none that
/// needs only sums or extremes (standard_scale, min_max_scale, max_abs_scale), applies to some of the columns alone, or a value is
/// missing or infinite. Throws what the transformer throws for its parameters. `few`, where not null, gets rows that go on teaching it the
/// same, up to rounding, where it is fitted on further ones.
std::unique_ptr<FittedTransformer> fit_scaler_rows(std::string_view transformer, const Value& parameters, const RowMajor<float>& rows,
                                                   const std::vector<std::string>& names, const FitContext& context,
                                                   FewRows* few = nullptr);
std::unique_ptr<FittedTransformer> fit_scaler_rows(std::string_view transformer, const Value& parameters, const RowMajor<double>& rows,
                                                   const std::vector<std::string>& names, const FitContext& context,
                                                   FewRows* few = nullptr);

/// Each row through the affine form of its columns, one for each; `to` holds as many numbers as `rows`.
void apply_affine(const std::vector<AffineColumn>& columns, const RowMajor<float>& rows, float* to, const Threads& threads);
void apply_affine(const std::vector<AffineColumn>& columns, const RowMajor<double>& rows, double* to, const Threads& threads);

}  // namespace kolosal
