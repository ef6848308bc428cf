// The knn fill form: a missing number becomes the mean of those that the nearest training rows have there.
#pragma once

#include <array>

#include "kolosal/kernels/masked_scan.h"
#include "kolosal/preprocess/forms/form.h"

namespace kolosal {

/// How neighbours count: alike, or by the inverse of their distance.
enum class NeighborWeighting { Uniform, Distance };
constexpr auto enum_names(NeighborWeighting) {
  return std::to_array<std::pair<NeighborWeighting, std::string_view>>(
      {{NeighborWeighting::Uniform, "uniform"}, {NeighborWeighting::Distance, "distance"}});
}

/// The training rows, and how to use them.
struct KnnFillRows {
  std::vector<std::string> columns;
  int64_t n_neighbors = 5;
  NeighborWeighting weighting = NeighborWeighting::Uniform;
  std::vector<double> values;       ///< (n_rows, n_columns) column-major, 0 where missing
  std::vector<uint8_t> there;       ///< the same shape, 0 where missing
  std::vector<double> row_weights;  ///< (n_rows); empty where all are one
  std::vector<double> means;        ///< (n_columns): for rows that share no column with any row that has the number
};
void describe(Fields<KnnFillRows>& fields);

/// The fitted form "knn_fill". Columns of integers and booleans become float64. Its inverse leaves what was filled.
class KnnFill : public FittedTransformer {
 public:
  explicit KnnFill(KnnFillRows rows);
  std::string_view form() const override { return "knn_fill"; }
  bool invertible() const override { return true; }
  Table inverse_transform(const Table& table) const override;
  size_t bytes_a_row() const override { return sizeof(double) * rows_.columns.size(); }
  Value to_value() const override { return kolosal::to_value(rows_); }
  using FittedTransformer::transform;
  Table transform(const Table& table, const Threads& threads) const override { return fill(table, threads, nullptr); }
  /// The same; `context`, where not null, can stop it. Throws what its check() throws.
  Table fill(const Table& table, const Threads& threads, const FitContext* context) const;

 private:
  class Search;
  KnnFillRows rows_;
  double scale_;  // a power of two that brings the training rows near one, so that squares neither overflow nor vanish
  MaskedTiles tiles_;
};

}  // namespace kolosal
