// The spline form: each number becomes the values of the B-splines there, of which a linear model sums a smooth curve.
#pragma once

#include <array>

#include "kolosal/preprocess/forms/form.h"

namespace kolosal {

/// What splines are beyond their outermost knots.
enum class SplineBeyond {
  Constant,  ///< as at the knot
  Linear,    ///< on a straight line from it
  Continue,  ///< as the polynomial beside it goes on
};
constexpr auto enum_names(SplineBeyond) {
  return std::to_array<std::pair<SplineBeyond, std::string_view>>(
      {{SplineBeyond::Constant, "constant"}, {SplineBeyond::Linear, "linear"}, {SplineBeyond::Continue, "continue"}});
}

/// One column's splines. Of n knots there are n + degree - 1, of which the last may be left out.
struct SplineColumn {
  std::string name;
  std::vector<double> knots;  ///< ascending, each once, at least two
  int64_t degree = 3;
  SplineBeyond beyond = SplineBeyond::Constant;
  std::vector<std::string> outputs;  ///< names of the columns made, one a spline
};
void describe(Fields<SplineColumn>& fields);

/// The fitted form "spline".
std::unique_ptr<FittedTransformer> make_spline(std::vector<SplineColumn> columns);

}  // namespace kolosal
