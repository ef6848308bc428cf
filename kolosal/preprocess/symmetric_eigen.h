// Eigenvalues and eigenvectors of a small symmetric matrix, by Jacobi's rotations: small eigenvalues of a matrix with large and small
// diagonals keep their digits.
//
// Cost     O(n^3) a sweep, and about ten sweeps.
// Source   Demmel and Veselic, SIAM J. Matrix Anal. Appl. 13(4), 1992.
// Checked  symmetric_eigen_test.cc.
#pragma once

#include <cstddef>
#include <vector>

namespace kolosal {

/// What symmetric_eigen finds.
struct SymmetricEigen {
  std::vector<double> values;   ///< (n,) descending
  std::vector<double> vectors;  ///< (n, n) row-major: row k, of length 1, belongs to values[k]
};

/// `matrix` is (n, n) and symmetric.
SymmetricEigen symmetric_eigen(std::vector<double> matrix, size_t n);

}  // namespace kolosal
