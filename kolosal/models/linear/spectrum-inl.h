// Eigenvalues of a symmetric matrix, and what its eigenvectors make of other columns, in steps that look at the time.
//
// Cost     4/3 n^3 multiply-adds and about 10 n^2 m for m columns: where eigenvectors themselves are not wanted, none are made.
// Source   Golub and Van Loan, Matrix Computations, 8.3 (Householder's tridiagonal form, implicit QR with Wilkinson's shift).
// Checked  spectrum_test.cc.
#pragma once

#include <Eigen/Core>

#include "kolosal/base/fit_context.h"

namespace kolosal {

struct Spectrum {
  Eigen::VectorXd values;     ///< (n,) ascending
  Eigen::MatrixXd projected;  ///< (n, m): row i is the eigenvector of values[i], transposed, times the columns
};

/// Of a symmetric matrix (n, n), whose lower triangle alone is looked at, and columns (n, m); the identity gives the eigenvectors as rows.
/// Throws Error(Timeout) or Error(Cancelled), and Error(BadValue) where a number is not finite.
Spectrum spectrum_of(Eigen::MatrixXd matrix, const Eigen::MatrixXd& columns, const FitContext& context);

}  // namespace kolosal
