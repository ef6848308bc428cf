// Rows of NumPy arrays as learners and models see them.
#pragma once

#include <nanobind/ndarray.h>

#include "bindings.h"
#include "kolosal/base/clock.h"
#include "kolosal/base/threads.h"
#include "kolosal/models/learner.h"

namespace kolosal::python {

using Rows = nb::ndarray<nb::ro, nb::ndim<2>, nb::device::cpu>;
using Numbers = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Matrix = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
template <class T>
using Entries = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

/// Where the numbers of an array lie, without its type.
struct RowView {
  /// Throws Error(BadValue) where they are neither float32 nor float64.
  explicit RowView(const Rows& rows);

  bool float32;
  const void* values;
  int64_t down, across;
};

/// Writes rows begin .. end to the columns of `x` from row `at` on.
void copy_rows(const RowView& rows, size_t begin, size_t end, FeatureMatrix& x, size_t at);

/// Features by name, each with its number of categories (all numbers where there are none).
std::vector<Feature> features_of(const std::vector<std::string>& names, const std::vector<int32_t>& n_categories);

/// The rows as columns; columns of float32 that lie in one piece are seen without copying.
FeatureMatrix matrix_of(const Rows& rows, std::vector<Feature> features, const Threads& threads);

/// Rows of which the numbers that are not 0 are given, as SciPy's CSR matrices have them. Throws Error(BadValue) where the arrays are no
/// such rows: sizes that differ, features that do not ascend within a row or are beyond the last.
SparseRows sparse_rows(const Entries<int64_t>& starts, const Entries<uint32_t>& features, const Entries<float>& values, size_t n_features);

/// Features of these names, or x0, x1, ... where there are none.
std::shared_ptr<const std::vector<Feature>> sparse_features(const std::vector<std::string>& names, size_t n_features);

/// An (n_rows, width) array of float64 that Python owns, and its numbers.
std::pair<nb::object, double*> empty_array(size_t n_rows, size_t width);

/// Rows with what they teach. Weights and targets are copied: they are small beside the features.
struct LabelledRows {
  FeatureMatrix x;
  Target target;
  std::vector<double> weights;

  TrainingSet set() const { return {x, target, weights}; }
};

}  // namespace kolosal::python
