#include <Eigen/Jacobi>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kolosal/models/linear/spectrum-inl.h"

namespace kolosal {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int kMostTurns = 60;  // of a value, where two or three are usual

// Brings the matrix to tridiagonal form by reflections, which are applied to the rows of `turned` (m, n) from the right, too.
void make_tridiagonal(MatrixXd& a, VectorXd& diagonal, VectorXd& beside, MatrixXd& turned, const FitContext& context) {
  const Index n = a.rows();
  for (Index k = 0; k + 1 < n; ++k) {
    context.check();
    const Index left = n - k - 1;
    diagonal[k] = a(k, k);
    VectorXd v = a.col(k).tail(left);
    const double tail = left > 1 ? v.tail(left - 1).squaredNorm() : 0, length = std::sqrt(v[0] * v[0] + tail);
    if (tail == 0) {
      beside[k] = v[0];
      continue;
    }
    beside[k] = v[0] > 0 ? -length : length;
    v[0] -= beside[k];
    const double tau = 2 / (v[0] * v[0] + tail);
    auto corner = a.bottomRightCorner(left, left);
    VectorXd w = tau * (corner.selfadjointView<Eigen::Lower>() * v);
    w -= tau / 2 * w.dot(v) * v;
    corner.selfadjointView<Eigen::Lower>().rankUpdate(v, w, -1);
    auto rest = turned.rightCols(left);
    const VectorXd products = tau * (rest * v);
    rest.noalias() -= products * v.transpose();
  }
  if (n > 0) diagonal[n - 1] = a(n - 1, n - 1);
}

// One step of implicit QR on [first, last]; its rotations turn the columns of `turned`, too.
void turn(VectorXd& diagonal, VectorXd& beside, Index first, Index last, MatrixXd& turned) {
  const double half = (diagonal[last - 1] - diagonal[last]) / 2, end = beside[last - 1];
  const double shift = diagonal[last] - end * end / (half + std::copysign(std::hypot(half, end), half));
  double x = diagonal[first] - shift, z = beside[first];
  for (Index k = first; k < last && z != 0; ++k) {
    Eigen::JacobiRotation<double> rotation;
    rotation.makeGivens(x, z);
    const double c = rotation.c(), s = rotation.s();
    const double p = diagonal[k], q = beside[k], r = diagonal[k + 1];
    const double sq = s * p + c * q, rs = s * q + c * r;
    diagonal[k] = c * (c * p - s * q) - s * (c * q - s * r);
    diagonal[k + 1] = s * sq + c * rs;
    beside[k] = c * sq - s * rs;
    if (k > first) beside[k - 1] = c * beside[k - 1] - s * z;
    x = beside[k];
    if (k + 1 < last) {
      z = -s * beside[k + 1];
      beside[k + 1] *= c;
    }
    turned.applyOnTheRight(k, k + 1, rotation);
  }
}

}  // namespace

Spectrum spectrum_of(MatrixXd matrix, const MatrixXd& columns, const FitContext& context) {
  const Index n = matrix.rows();
  VectorXd diagonal = VectorXd::Zero(n), beside = VectorXd::Zero(std::max<Index>(n - 1, 0));
  MatrixXd turned = columns.transpose();
  make_tridiagonal(matrix, diagonal, beside, turned, context);
  if (!diagonal.allFinite() || !beside.allFinite())
    throw Error(ErrorCode::BadValue, "sums of the features are beyond the largest number", "Scale them to numbers of ordinary size.");
  constexpr double kEps = std::numeric_limits<double>::epsilon();
  int n_turns = 0;
  for (Index last = n - 1; last > 0;) {
    context.check();
    for (Index k = 0; k < last; ++k)
      if (std::abs(beside[k]) <= kEps * (std::abs(diagonal[k]) + std::abs(diagonal[k + 1])) || std::abs(beside[k]) < 1e-300) beside[k] = 0;
    if (beside[last - 1] == 0 || ++n_turns > kMostTurns) {
      --last;
      n_turns = 0;
      continue;
    }
    Index first = last - 1;
    while (first > 0 && beside[first - 1] != 0) --first;
    turn(diagonal, beside, first, last, turned);
  }
  std::vector<Index> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), Index{0});
  std::ranges::stable_sort(order, {}, [&](Index i) { return diagonal[i]; });
  Spectrum made{VectorXd(n), MatrixXd(n, columns.cols())};
  for (Index i = 0; i < n; ++i) {
    made.values[i] = diagonal[order[static_cast<size_t>(i)]];
    made.projected.row(i) = turned.col(order[static_cast<size_t>(i)]).transpose();
  }
  return made;
}

}  // namespace kolosal
