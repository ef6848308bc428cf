// What the scalers of columns share: each fits one AffineColumn to a column.
#pragma once

#include <functional>

#include "kolosal/preprocess/fitting.h"
#include "kolosal/preprocess/forms/affine.h"

namespace kolosal {

/// Fits an AffineColumn to each column chosen (where none is named: Numeric and Integer ones), a column a task.
std::unique_ptr<FittedTransformer> fit_scaler(
    const TransformerInput& input, const FitContext& context, const std::vector<std::string>& columns, std::string_view transformer,
    const std::function<AffineColumn(const Column& column, std::span<const double> weights)>& fit_column);

/// 1 where the scale is so small that only rounding made it, else the scale.
double usable_scale(double scale);

}  // namespace kolosal
