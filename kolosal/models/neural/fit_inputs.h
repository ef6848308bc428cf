// How features become columns of a neural network, learnt from rows.
//
// A number is its value, and a flag where rows miss it; a category of few levels is a flag a level, or one column of -1 and 1 of two; one
// of more levels has vectors. Columns are then scaled: robustly by the median and the quartiles (by the range where those are equal), or by
// mean and deviation. Columns that are constant are left out.
//
// Cost     O(n_rows log n_rows) a column.
// Checked  neural_test.cc.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <utility>

#include "kolosal/base/fit_context.h"
#include "kolosal/models/forms/neural_inputs.h"

namespace kolosal {

/// How columns come to like size.
enum class InputScaling { Robust, Standard, None };
constexpr auto enum_names(InputScaling) {
  return std::to_array<std::pair<InputScaling, std::string_view>>(
      {{InputScaling::Robust, "robust"}, {InputScaling::Standard, "standard"}, {InputScaling::None, "none"}});
}

/// The columns of `x`, by all of its rows; those of weight zero must have been left out. `clip` is kept; `max_one_hot` is the largest
/// number of levels, with that of missing ones, that become flags. Throws Error(Timeout) or Error(Cancelled).
NeuralInputs fit_neural_inputs(const FeatureMatrix& x, InputScaling scaling, double clip, int max_one_hot, const FitContext& context);

}  // namespace kolosal
