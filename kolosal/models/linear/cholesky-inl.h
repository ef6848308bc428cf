// Cholesky factors of symmetric positive matrices, in blocks that look at the time and share threads.
//
// Cost     n^3 / 3 multiply-adds; 2 n^3 for an inverse.
// Source   Golub and Van Loan, Matrix Computations, 4.2.
// Checked  gaussian_process_test.cc.
#pragma once

#include <Eigen/Core>

#include "kolosal/base/fit_context.h"

namespace kolosal {

/// Turns the lower triangle of `a` into its factor L, a = L L'; the upper is not looked at. False where `a` is not positive definite: it is
/// spoilt then. Throws Error(Timeout) or Error(Cancelled). The same bits on any number of threads.
bool factorise(Eigen::MatrixXd& a, const FitContext& context);

/// As factorise, and false, too, where the context asks to stop.
bool factorise_until_stopped(Eigen::MatrixXd& a, const FitContext& context);

/// x where L L' x = b.
Eigen::VectorXd solve_factorised(const Eigen::MatrixXd& factor, const Eigen::VectorXd& b);

/// The inverse of L L', both triangles. Throws as factorise.
Eigen::MatrixXd inverse_of_factorised(const Eigen::MatrixXd& factor, const FitContext& context);

/// X where L X = b, of many right sides. Throws as factorise.
Eigen::MatrixXd solve_lower(const Eigen::MatrixXd& factor, Eigen::MatrixXd b, const FitContext& context);

}  // namespace kolosal
