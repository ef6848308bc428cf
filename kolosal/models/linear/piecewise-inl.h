// The minimiser of piecewise linear losses of linear models: quantile regression and the hinge, by an interior-point method.
//
// Minimises  sum_i s_i (over_i (y_i - m_i)+ + under_i (m_i - y_i)+) + l1 |w|_1 + l2/2 |w|^2  with m = x.w + b;  b is not penalised.
// Mehrotra's predictor and corrector on the optimality conditions, each step a weighted Gram matrix of the rows, until the duality gap is
// below tolerance times the loss. An L1 penalty is a row more for each weight.
//
// Cost     O(n_rows n_features^2) a step, ten to forty steps; seven numbers a row of memory.
// Source   Mehrotra, SIAM Journal on Optimization 2(4), 1992; Portnoy and Koenker, Statistical Science 12(4), 1997.
#pragma once

#include <functional>

#include "kolosal/models/linear/minimiser-inl.h"

namespace kolosal {

/// What a row of target y costs: `over` for each unit that y is over the margin, `under` for each that it is under.
struct PiecewiseRow {
  double y = 0;
  double over = 0;
  double under = 0;
};

/// The minimum; where the context asks to stop, where the last step went. `row_of(i)` is row i without its weight. Throws what the
/// context's check() throws where it asks before the first step is done.
LinearForm minimise_piecewise(const WeightedRows& rows, const std::function<PiecewiseRow(size_t row)>& row_of, Penalty penalty,
                              MinimiserOptions options, const FitContext& context);

}  // namespace kolosal
