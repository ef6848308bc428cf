// The dual of support vector machines by sequential minimal optimisation.
//
// Minimises  1/2 a'Qa + p'a  over 0 <= a_i <= c_i with y'a = 0;  Q_ij = y_i y_j kernel(x_i, x_j). Each step moves the two variables between
// which the objective falls most, to second order, and ends where the largest violation of optimality is below the tolerance.
//
// Cost     O(n) a step, and O(n n_features) where a kernel row is not in the cache; steps grow a little faster than n.
// Source   Platt 1999; Fan, Chen and Lin, JMLR 6, 2005 (second-order choice); Chang and Lin, ACM TIST 2(3), 2011 (LIBSVM).
// Checked  kernel_test.cc: optimality; scikit-learn in tests/parity.
#pragma once

#include <list>
#include <span>
#include <vector>

#include "kolosal/base/fit_context.h"
#include "kolosal/models/forms/kernel_function.h"

namespace kolosal {

/// Rows of the kernel matrix in float32, the latest used kept while they fit into the bytes given.
class KernelCache {
 public:
  /// `rows` must outlive it. Takes its bytes from the context's budget, fewer where that has not as many.
  KernelCache(const KernelFunction& kernel, const KernelRows& rows, size_t n_bytes, const FitContext& context);

  /// kernel(row i, all rows); valid until the second call after.
  std::span<const float> row(size_t i);
  /// kernel(row i, row i).
  double diagonal(size_t i) const noexcept { return diagonal_[i]; }
  size_t n_rows() const noexcept { return rows_.n_rows(); }

 private:
  KernelFunction kernel_;
  const KernelRows& rows_;
  const FitContext& context_;
  size_t n_kept_;
  MemoryLease lease_;
  std::vector<double> diagonal_;
  std::list<std::pair<size_t, std::vector<float>>> kept_;  ///< the latest used first
  std::vector<std::list<std::pair<size_t, std::vector<float>>>::iterator> places_;
  std::vector<char> is_kept_;
};

/// A problem: variable i belongs to row i % n_rows of the cache.
struct SmoProblem {
  std::vector<double> signs;   ///< y_i, 1 or -1
  std::vector<double> linear;  ///< p_i
  std::vector<double> bounds;  ///< c_i
  double tolerance = 1e-3;
  int64_t max_steps = 0;  ///< 0: no limit
};

/// Where it ended: the variables, and the constant that decisions are less by.
struct SmoSolution {
  std::vector<double> variables;
  double rho = 0;
};

/// Throws Error(Timeout) or Error(Cancelled): what is not optimal is no model.
SmoSolution solve_smo(const SmoProblem& problem, KernelCache& cache, const FitContext& context);

}  // namespace kolosal
