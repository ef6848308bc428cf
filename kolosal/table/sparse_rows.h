// SparseRows: the numbers of a matrix that are not 0, row after row (compressed sparse rows), and the same column after column.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace kolosal {

struct SparseRows {
  size_t n_features = 0;
  std::vector<size_t> starts = {0};  ///< (n_rows + 1,): where the entries of each row begin
  std::vector<uint32_t> features;    ///< of each entry; ascending within a row, each once
  std::vector<float> values;         ///< of each entry

  size_t n_rows() const noexcept { return starts.size() - 1; }
  size_t n_bytes() const noexcept { return starts.size() * sizeof(size_t) + features.size() * (sizeof(uint32_t) + sizeof(float)); }
  /// The entries of a row.
  std::span<const uint32_t> features_of(size_t row) const noexcept {
    return {features.data() + starts[row], features.data() + starts[row + 1]};
  }
  std::span<const float> values_of(size_t row) const noexcept { return {values.data() + starts[row], values.data() + starts[row + 1]}; }

  /// The sum of weights (n_features,) times the numbers of a row.
  double product(size_t row, const double* weights) const noexcept {
    double sum = 0;
    for (size_t e = starts[row]; e < starts[row + 1]; ++e) sum += weights[features[e]] * static_cast<double>(values[e]);
    return sum;
  }
  /// sums (n_features,) += factor times the numbers of a row.
  void add_row(size_t row, double factor, double* sums) const noexcept {
    for (size_t e = starts[row]; e < starts[row + 1]; ++e) sums[features[e]] += factor * static_cast<double>(values[e]);
  }

  /// The rows listed, in that order.
  SparseRows take(std::span<const uint32_t> rows) const {
    SparseRows taken{n_features, {0}, {}, {}};
    for (const uint32_t row : rows) {
      taken.features.insert(taken.features.end(), features_of(row).begin(), features_of(row).end());
      taken.values.insert(taken.values.end(), values_of(row).begin(), values_of(row).end());
      taken.starts.push_back(taken.features.size());
    }
    return taken;
  }
};

/// The same numbers by columns.
struct SparseColumns {
  explicit SparseColumns(const SparseRows& of) : starts(of.n_features + 1, 0), rows(of.features.size()), values(of.features.size()) {
    for (const uint32_t feature : of.features) ++starts[feature + 1];
    for (size_t j = 0; j < of.n_features; ++j) starts[j + 1] += starts[j];
    std::vector<size_t> next(starts.begin(), starts.end() - 1);
    for (size_t row = 0; row < of.n_rows(); ++row)
      for (size_t e = of.starts[row]; e < of.starts[row + 1]; ++e) {
        const size_t at = next[of.features[e]]++;
        rows[at] = static_cast<uint32_t>(row);
        values[at] = of.values[e];
      }
  }
  /// What as many entries and features take.
  static size_t bytes_for(size_t n_entries, size_t n_features) noexcept {
    return n_entries * (sizeof(uint32_t) + sizeof(float)) + (n_features + 1) * sizeof(size_t);
  }

  std::vector<size_t> starts;  ///< (n_features + 1,): where the entries of each column begin
  std::vector<uint32_t> rows;  ///< of each entry, ascending within a column
  std::vector<float> values;   ///< of each entry
};

}  // namespace kolosal
