// What the power transformers share: which columns a curve fits, its lambda, and the centre and scale that follow.
#pragma once

#include <optional>

#include "kolosal/preprocess/chunk_fit.h"
#include "kolosal/preprocess/forms/power.h"

namespace kolosal {

/// Fits `curve` to the columns named, or where none is named to all numbers that lie in its domain. `lambda` is used as it is where
/// given; else the likeliest, were the result normal, of those for which the curve does not overflow near the sample. With `standardize`
/// what comes out gets mean 0 and standard deviation 1. Throws Error(BadValue) that tells column and value where a column named leaves the
/// domain.
std::unique_ptr<FittedTransformer> fit_power(const TransformerInput& input, const FitContext& context, PowerCurve curve,
                                             const std::vector<std::string>& columns, std::optional<double> lambda, bool standardize,
                                             std::string_view transformer);

/// The same by chunks. The likeliest lambda, and what standardizes after it, are those of a QuantileSketch's numbers.
std::unique_ptr<ChunkFit> fit_power_in_chunks(PowerCurve curve, const std::vector<std::string>& columns, std::optional<double> lambda,
                                              bool standardize, std::string_view transformer);

/// The lambda for which the sample through the curve (BoxCox or YeoJohnson) is likeliest normal; 1 where all values are equal.
double likeliest_lambda(PowerCurve curve, const Sample& sample);

}  // namespace kolosal
