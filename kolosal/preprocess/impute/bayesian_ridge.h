// Bayesian ridge regression from moments: the penalty is the one that explains the target best.
//
// Source   MacKay, Neural Computation 4(3), 1992; Tipping, JMLR 1, 2001. Constants as in scikit-learn's BayesianRidge.
// Cost     O(n^3) for n columns.
// Checked  iterative_impute_test.cc, and scikit-learn in tests/parity.
#pragma once

#include <cstddef>
#include <vector>

namespace kolosal {

/// Moments of n centred columns and a centred target over rows that count `total_weight`.
struct CentredMoments {
  double total_weight = 0;
  std::vector<double> products;     ///< (n, n) sums of products of columns; symmetric, row-major
  std::vector<double> with_target;  ///< (n) sums of products with the target
  double target_square = 0;         ///< sum of squares of the target
};

/// The weights (n) of the columns; all zero where the moments are not finite.
std::vector<double> bayesian_ridge(CentredMoments moments);

}  // namespace kolosal
