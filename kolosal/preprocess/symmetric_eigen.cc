#include "kolosal/preprocess/symmetric_eigen.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace kolosal {
namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();
constexpr int kMostSweeps = 60;

/// Turns rows and columns p and q so that the entry between them becomes zero.
void rotate(std::vector<double>& a, std::vector<double>& vectors, size_t n, size_t p, size_t q) {
  const double apq = a[p * n + q];
  const double theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
  const double t = (theta < 0 ? -1 : 1) / (std::abs(theta) + std::hypot(theta, 1.0));
  const double c = 1 / std::hypot(t, 1.0), s = t * c;
  a[p * n + p] -= t * apq;
  a[q * n + q] += t * apq;
  a[p * n + q] = a[q * n + p] = 0;
  for (size_t i = 0; i < n; ++i) {
    if (i != p && i != q) {
      const double aip = a[p * n + i], aiq = a[q * n + i];
      a[p * n + i] = a[i * n + p] = c * aip - s * aiq;
      a[q * n + i] = a[i * n + q] = s * aip + c * aiq;
    }
    const double vip = vectors[p * n + i], viq = vectors[q * n + i];
    vectors[p * n + i] = c * vip - s * viq;
    vectors[q * n + i] = s * vip + c * viq;
  }
}

}  // namespace

SymmetricEigen symmetric_eigen(std::vector<double> matrix, size_t n) {
  std::vector<double> vectors(n * n);
  for (size_t i = 0; i < n; ++i) vectors[i * n + i] = 1;
  bool turned = true;
  for (int sweep = 0; sweep < kMostSweeps && turned; ++sweep) {
    turned = false;
    for (size_t p = 0; p < n; ++p)
      for (size_t q = p + 1; q < n; ++q) {
        const double size = std::sqrt(std::abs(matrix[p * n + p])) * std::sqrt(std::abs(matrix[q * n + q]));
        if (matrix[p * n + q] == 0 || std::abs(matrix[p * n + q]) <= kEps * size) continue;
        rotate(matrix, vectors, n, p, q);
        turned = true;
      }
  }
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater{}, [&](size_t i) { return matrix[i * n + i]; });
  SymmetricEigen eigen;
  for (const size_t i : order) {
    eigen.values.push_back(matrix[i * n + i]);
    for (size_t k = 0; k < n; ++k) eigen.vectors.push_back(vectors[i * n + k]);
  }
  return eigen;
}

}  // namespace kolosal
