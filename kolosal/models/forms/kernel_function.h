// Kernels: how like two rows are, as the product of what they become in another space.
//
// Cost     a multiply-add for each feature and row, and an exponential each where the kernel has one.
// Checked  kernel_test.cc: by the formulas.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "kolosal/base/fields.h"
#include "kolosal/table/feature_matrix.h"

namespace kolosal {

/// exp(-gamma |x - z|^2), x.z, (gamma x.z + coef0)^degree, tanh(gamma x.z + coef0).
enum class KernelKind { Rbf, Linear, Poly, Sigmoid };
constexpr auto enum_names(KernelKind) {
  return std::to_array<std::pair<KernelKind, std::string_view>>(
      {{KernelKind::Rbf, "rbf"}, {KernelKind::Linear, "linear"}, {KernelKind::Poly, "poly"}, {KernelKind::Sigmoid, "sigmoid"}});
}

/// A kernel with its constants.
struct KernelFunction {
  KernelKind kind = KernelKind::Rbf;
  double gamma = 1;
  int32_t degree = 3;
  double coef0 = 0;
};
void describe(Fields<KernelFunction>& fields);

/// Rows that others are compared with, column after column, and their squared lengths.
class KernelRows {
 public:
  KernelRows() = default;
  /// Rows (n_rows, n_features) row-major.
  KernelRows(std::span<const float> rows, size_t n_features);

  /// Shape, and the squared length of a row.
  size_t n_rows() const noexcept { return squares_.size(); }
  size_t n_features() const noexcept { return n_features_; }
  double square(size_t row) const noexcept { return squares_[row]; }
  /// The features of a row as doubles.
  void copy_row(size_t row, double* out) const noexcept;

  /// out[i - begin] = kernel(query, row i) for the rows [begin, end); `square` is the squared length of the query.
  void compare(const KernelFunction& kernel, const double* query, double square, size_t begin, size_t end, double* out) const noexcept;

 private:
  size_t n_features_ = 0;
  std::vector<float> columns_;  ///< (n_features, n_rows)
  std::vector<double> squares_;
};

}  // namespace kolosal
