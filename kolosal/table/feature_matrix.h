// FeatureMatrix: what models see. Columns of float32; NaN is missing; a category is its code 0, 1, ... as a float. Or, of what is mostly 0,
// the numbers that are not, row after row, for the learners and models that take these.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <vector>

#include "kolosal/table/sparse_rows.h"

namespace kolosal {

/// One column of a FeatureMatrix.
struct Feature {
  std::string name;
  int32_t n_categories = 0;  ///< 0: a number; else codes 0 .. n_categories-1, NaN where missing or unknown
  bool operator==(const Feature&) const = default;
};

/// What a learner can take as it is; the pipeline makes up for the rest.
struct FeatureNeeds {
  bool accepts_missing = false;     ///< NaN in numbers and codes
  bool accepts_categories = false;  ///< category codes; else they are encoded as numbers
  bool wants_scaling = false;       ///< numbers of like size matter (linear models, neighbours)
  bool accepts_negative = true;     ///< numbers below 0
  bool accepts_sparse = false;      ///< rows without columns (FeatureMatrix::is_sparse)
};

/// Columns of equal length, column-major, sharing one block of memory. Immutable once shared.
class FeatureMatrix {
 public:
  FeatureMatrix() = default;
  /// Room for n_rows of `features`; all zero.
  FeatureMatrix(std::vector<Feature> features, size_t n_rows)
      : features_(std::make_shared<const std::vector<Feature>>(std::move(features))), n_rows_(n_rows), values_(zeros(n_cells())) {}
  /// Columns that lie in memory which `values` owns: (n_features, n_rows) numbers, column after column.
  FeatureMatrix(std::vector<Feature> features, size_t n_rows, std::shared_ptr<float> values)
      : features_(std::make_shared<const std::vector<Feature>>(std::move(features))), n_rows_(n_rows), values_(std::move(values)) {}
  /// Rows of numbers that are mostly 0: there are no columns of these.
  FeatureMatrix(std::shared_ptr<const std::vector<Feature>> features, SparseRows rows)
      : features_(std::move(features)), n_rows_(rows.n_rows()), sparse_(std::make_shared<const SparseRows>(std::move(rows))) {}

  /// Whether there are sparse() rows in place of columns, which must not be asked for then.
  bool is_sparse() const noexcept { return sparse_ != nullptr; }
  const SparseRows& sparse() const noexcept { return *sparse_; }

  /// Shape, names and values: column(j)[i] is at(i, j).
  size_t n_rows() const noexcept { return n_rows_; }
  size_t n_features() const noexcept { return features_ ? features_->size() : 0; }
  const std::vector<Feature>& features() const noexcept { return *features_; }
  std::span<const float> column(size_t feature) const noexcept { return {values_.get() + feature * n_rows_, n_rows_}; }
  std::span<float> column(size_t feature) noexcept { return {values_.get() + feature * n_rows_, n_rows_}; }
  float at(size_t row, size_t feature) const noexcept { return values_.get()[feature * n_rows_ + row]; }
  size_t n_bytes() const noexcept { return is_sparse() ? sparse_->n_bytes() : n_cells() * sizeof(float); }

  /// The rows listed, in that order.
  FeatureMatrix take(std::span<const uint32_t> rows) const {
    if (is_sparse()) return {features_, sparse_->take(rows)};
    FeatureMatrix taken(*features_, rows.size());
    for (size_t j = 0; j < n_features(); ++j) {
      const auto from = column(j);
      const auto to = taken.column(j);
      for (size_t i = 0; i < rows.size(); ++i) to[i] = from[rows[i]];
    }
    return taken;
  }

 private:
  size_t n_cells() const noexcept { return n_rows_ * n_features(); }
  // By calloc, large room is zero without being written to.
  static std::shared_ptr<float> zeros(size_t n) {
    auto* made = static_cast<float*>(std::calloc(n == 0 ? 1 : n, sizeof(float)));
    if (made == nullptr) throw std::bad_alloc();
    return {made, std::free};
  }

  std::shared_ptr<const std::vector<Feature>> features_;
  size_t n_rows_ = 0;
  std::shared_ptr<float> values_;
  std::shared_ptr<const SparseRows> sparse_;
};

}  // namespace kolosal
