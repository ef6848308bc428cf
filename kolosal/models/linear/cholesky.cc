#include <Eigen/Cholesky>
#include <algorithm>

#include "kolosal/models/linear/cholesky-inl.h"

namespace kolosal {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

constexpr Index kBlock = 96;

Index n_blocks(Index n) { return (n + kBlock - 1) / kBlock; }

}  // namespace

bool factorise(MatrixXd& a, const FitContext& context) {
  const Index n = a.rows();
  for (Index k = 0; k < n; k += kBlock) {
    context.check();
    const Index width = std::min(kBlock, n - k), next = k + width, n_left = n - next;
    const Eigen::LLT<MatrixXd> corner(a.block(k, k, width, width));
    if (corner.info() != Eigen::Success) return false;
    a.block(k, k, width, width) = corner.matrixL();
    const MatrixXd transposed = a.block(k, k, width, width).transpose();
    const auto n_tasks = static_cast<size_t>(n_blocks(n_left));
    const auto block_of = [&](size_t task) {
      const Index begin = next + static_cast<Index>(task) * kBlock;
      return std::pair(begin, std::min(kBlock, n - begin));
    };
    context.threads->parallel_each(n_tasks, [&](size_t task) {
      const auto [begin, size] = block_of(task);
      auto rows = a.block(begin, k, size, width);
      transposed.triangularView<Eigen::Upper>().solveInPlace<Eigen::OnTheRight>(rows);
    });
    context.threads->parallel_each(n_tasks, [&](size_t task) {
      const auto [begin, size] = block_of(task);
      a.block(begin, begin, n - begin, size).noalias() -= a.block(begin, k, n - begin, width) * a.block(begin, k, size, width).transpose();
    });
  }
  return true;
}

bool factorise_until_stopped(MatrixXd& a, const FitContext& context) {
  try {
    return factorise(a, context);
  } catch (const Error&) {
    if (!context.should_stop()) throw;
    return false;
  }
}

Eigen::VectorXd solve_factorised(const MatrixXd& factor, const Eigen::VectorXd& b) {
  Eigen::VectorXd x = factor.triangularView<Eigen::Lower>().solve(b);
  factor.triangularView<Eigen::Lower>().transpose().solveInPlace(x);
  return x;
}

MatrixXd solve_lower(const MatrixXd& factor, MatrixXd b, const FitContext& context) {
  context.threads->parallel_each(static_cast<size_t>(n_blocks(b.cols())), [&](size_t task) {
    context.check();
    const Index begin = static_cast<Index>(task) * kBlock;
    auto columns = b.middleCols(begin, std::min(kBlock, b.cols() - begin));
    factor.triangularView<Eigen::Lower>().solveInPlace(columns);
  });
  return b;
}

MatrixXd inverse_of_factorised(const MatrixXd& factor, const FitContext& context) {
  MatrixXd inverse = MatrixXd::Identity(factor.rows(), factor.rows());
  context.threads->parallel_each(static_cast<size_t>(n_blocks(inverse.cols())), [&](size_t task) {
    context.check();
    const Index begin = static_cast<Index>(task) * kBlock;
    auto columns = inverse.middleCols(begin, std::min(kBlock, inverse.cols() - begin));
    factor.triangularView<Eigen::Lower>().solveInPlace(columns);
    factor.triangularView<Eigen::Lower>().transpose().solveInPlace(columns);
  });
  return inverse;
}

}  // namespace kolosal
