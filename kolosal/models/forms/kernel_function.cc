#include "kolosal/models/forms/kernel_function.h"

#include <algorithm>
#include <cmath>

#include "kolosal/kernels/row_blocks.h"

namespace kolosal {

void describe(Fields<KernelFunction>& f) {
  f.add("kind", &KernelFunction::kind, "Which kernel it is.");
  f.add("gamma", &KernelFunction::gamma, "What distances or products are multiplied by.");
  f.add("degree", &KernelFunction::degree, "Power of the polynomial.");
  f.add("coef0", &KernelFunction::coef0, "What is added to products.");
}

KernelRows::KernelRows(std::span<const float> rows, size_t n_features) : n_features_(n_features) {
  const size_t n = n_features == 0 ? 0 : rows.size() / n_features;
  columns_.resize(rows.size());
  squares_.assign(n, 0.0);
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < n_features; ++j) {
      const float value = rows[i * n_features + j];
      columns_[j * n + i] = value;
      squares_[i] += static_cast<double>(value) * static_cast<double>(value);
    }
}

void KernelRows::copy_row(size_t row, double* out) const noexcept {
  for (size_t j = 0; j < n_features_; ++j) out[j] = static_cast<double>(columns_[j * n_rows() + row]);
}

void KernelRows::compare(const KernelFunction& kernel, const double* query, double square, size_t begin, size_t end,
                         double* out) const noexcept {
  constexpr size_t kBlock = 1024;  // rows whose products stay in the cache
  for (size_t from = begin; from < end; from += kBlock) {
    const size_t n = std::min(kBlock, end - from);
    double* products = out + (from - begin);
    std::fill_n(products, n, 0.0);
    add_products({columns_.data() + from, n_rows(), n, n_features_}, query, products);
    switch (kernel.kind) {
      case KernelKind::Linear: break;
      case KernelKind::Rbf:
        for (size_t i = 0; i < n; ++i) products[i] = -kernel.gamma * std::max(square + squares_[from + i] - 2 * products[i], 0.0);
        exponentials({products, n}, {products, n});
        break;
      case KernelKind::Poly:
        for (size_t i = 0; i < n; ++i) products[i] = std::pow(kernel.gamma * products[i] + kernel.coef0, kernel.degree);
        break;
      case KernelKind::Sigmoid:
        for (size_t i = 0; i < n; ++i) products[i] = std::tanh(kernel.gamma * products[i] + kernel.coef0);
        break;
    }
  }
}

}  // namespace kolosal
