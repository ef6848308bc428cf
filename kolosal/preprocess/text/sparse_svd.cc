// Truncated SVD by randomized subspace iteration.
//
// A block of n_components + 10 random directions is multiplied by A'A and made orthonormal, again and again; it turns towards the
// leading right singular vectors. In the subspace at the end A'A is a small symmetric matrix, whose eigenvectors and values give the
// singular vectors and the squares of the singular values (Rayleigh and Ritz). A product with A'A goes through the rows once for each
// slice of 8 directions, which one thread works on alone, so that every sum runs over the rows in their order.
//
// Cost     O(n_iterations (n_entries b + n_columns b^2)) time and O(n_columns b) memory, b = n_components + 10.
// Source   Halko, Martinsson and Tropp, "Finding structure with randomness", SIAM Review 53(2), 2011; Jacobi's rotations for the
//          small matrix: Golub and Van Loan, "Matrix computations", section 8.5.
// Checked  text_svd_test.cc; scikit-learn's TruncatedSVD in tests/parity.
#include "kolosal/preprocess/text/sparse_svd.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

#include "kolosal/base/random.h"
#include "kolosal/preprocess/symmetric_eigen.h"

namespace kolosal {
namespace {

constexpr size_t kMoreDirections = 10;
constexpr size_t kSlice = 8;
constexpr double kRounding = 1e-12;

using Directions = std::vector<std::vector<double>>;

double dot(std::span<const double> a, std::span<const double> b) {
  double sums[4] = {0, 0, 0, 0};
  size_t i = 0;
  for (; i + 4 <= a.size(); i += 4)
    for (size_t lane = 0; lane < 4; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  for (; i < a.size(); ++i) sums[0] += a[i] * b[i];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

void subtract(std::span<double> from, double factor, std::span<const double> what) {
  for (size_t i = 0; i < from.size(); ++i) from[i] -= factor * what[i];
}

/// A'A times directions [first, first + n) of `in`, into `out`.
void multiply_slice(const TermMatrix& a, const Directions& in, Directions& out, size_t first, size_t n, const FitContext& context) {
  std::vector<double> packed(a.n_columns * kSlice), product(a.n_columns * kSlice);
  for (size_t k = 0; k < n; ++k)
    for (size_t j = 0; j < a.n_columns; ++j) packed[j * kSlice + k] = in[first + k][j];
  for (size_t row = 0; row < a.n_rows(); ++row) {
    if (row % 4096 == 0) context.check();
    double sums[kSlice] = {};
    for (size_t e = a.begins[row]; e < a.begins[row + 1]; ++e)
      for (size_t k = 0; k < kSlice; ++k) sums[k] += a.values[e] * packed[a.columns[e] * kSlice + k];
    for (size_t e = a.begins[row]; e < a.begins[row + 1]; ++e)
      for (size_t k = 0; k < kSlice; ++k) product[a.columns[e] * kSlice + k] += a.values[e] * sums[k];
  }
  for (size_t k = 0; k < n; ++k)
    for (size_t j = 0; j < a.n_columns; ++j) out[first + k][j] = product[j * kSlice + k];
}

Directions multiply(const TermMatrix& a, const Directions& in, const FitContext& context) {
  Directions out(in.size(), std::vector<double>(a.n_columns));
  context.threads->parallel_for(in.size(), kSlice, [&](size_t begin, size_t end) {
    for (size_t first = begin; first < end; first += kSlice) multiply_slice(a, in, out, first, std::min(kSlice, end - first), context);
  });
  return out;
}

/// Makes the directions orthonormal (Gram and Schmidt, twice); those that hang on the ones before go.
void make_orthonormal(Directions& directions, const FitContext& context) {
  Directions kept;
  for (std::vector<double>& direction : directions) {
    context.check();
    const double before = std::sqrt(dot(direction, direction));
    if (!(before > 0)) continue;
    for (double& value : direction) value /= before;
    for (int pass = 0; pass < 2; ++pass) {
      std::vector<double> shares(kept.size());
      context.threads->parallel_for(kept.size(), 1 + 65536 / (direction.size() + 1), [&](size_t begin, size_t end) {
        for (size_t k = begin; k < end; ++k) shares[k] = dot(direction, kept[k]);
      });
      context.threads->parallel_for(direction.size(), 4096, [&](size_t begin, size_t end) {
        const auto part = std::span(direction).subspan(begin, end - begin);
        for (size_t k = 0; k < kept.size(); ++k) subtract(part, shares[k], std::span(kept[k]).subspan(begin, end - begin));
      });
    }
    const double after = std::sqrt(dot(direction, direction));
    if (after < kRounding) continue;
    for (double& value : direction) value /= after;
    kept.push_back(std::move(direction));
  }
  directions = std::move(kept);
}

/// Turns the sign so that the number of largest size, the first of equals, is positive.
void turn_sign(std::vector<double>& vector) {
  const auto largest = std::ranges::max_element(vector, {}, [](double value) { return std::abs(value); });
  if (largest != vector.end() && *largest < 0)
    for (double& value : vector) value = -value;
}

}  // namespace

SingularVectors truncated_svd(const TermMatrix& matrix, size_t n_components, size_t n_iterations, const FitContext& context) {
  const size_t n_directions = std::min(n_components + kMoreDirections, std::min(matrix.n_columns, matrix.n_rows()));
  const MemoryLease lease(context.memory, 3 * n_directions * matrix.n_columns * sizeof(double), "the SVD of a text column");
  Directions directions(n_directions, std::vector<double>(matrix.n_columns));
  for (size_t j = 0; j < matrix.n_columns; ++j) {
    RandomStream random(context.seed, "text_svd", j);
    for (std::vector<double>& direction : directions) direction[j] = random.normal();
  }
  for (size_t i = 0; i < n_iterations; ++i) {
    directions = multiply(matrix, directions, context);
    make_orthonormal(directions, context);
  }
  const Directions products = multiply(matrix, directions, context);
  const size_t n = directions.size();
  std::vector<double> small(n * n);
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j <= i; ++j)
      small[i * n + j] = small[j * n + i] = (dot(directions[i], products[j]) + dot(directions[j], products[i])) / 2;
  context.check();
  const auto [values, vectors] = symmetric_eigen(std::move(small), n);
  SingularVectors found;
  for (size_t k = 0; k < std::min(n, n_components) && values[k] > kRounding * values[0]; ++k) {
    std::vector<double> vector(matrix.n_columns);
    for (size_t i = 0; i < n; ++i) subtract(vector, -vectors[k * n + i], directions[i]);
    turn_sign(vector);
    found.vectors.push_back(std::move(vector));
    found.values.push_back(std::sqrt(values[k]));
  }
  return found;
}

}  // namespace kolosal
