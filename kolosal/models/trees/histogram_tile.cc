#include "kolosal/models/trees/histogram_tile.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace kolosal {
namespace {

constexpr size_t kAhead = 16;  // how many rows ahead their bins are fetched

// Calls add(feature, bin) for the features kFirst + k, whose bins are the bytes of `bins`.
template <size_t kFirst, size_t... k, class Add>
inline void add_eight(uint64_t bins, const Add& add, std::index_sequence<k...>) noexcept {
  (add(kFirst + k, static_cast<size_t>((bins >> (8 * k)) & 255)), ...);
}

// Calls add(feature, bin) for as many features as kEights and kRest say, whose bins begin at `cells`.
template <size_t... kEights, size_t... kRest, class Add>
inline void add_cells(const uint8_t* cells, const Add& add, std::index_sequence<kEights...>, std::index_sequence<kRest...>) noexcept {
  [[maybe_unused]] const auto load = [&](size_t first) {
    uint64_t bins = 0;
    std::memcpy(&bins, cells + first, 8);
    if constexpr (std::endian::native == std::endian::big) bins = __builtin_bswap64(bins);
    return bins;
  };
  (add_eight<8 * kEights>(load(8 * kEights), add, std::make_index_sequence<8>()), ...);
  (add(8 * sizeof...(kEights) + kRest, size_t{cells[8 * sizeof...(kEights) + kRest]}), ...);
}

// Calls add(row, feature, bin) for the cells of W features whose bins lie side by side.
template <size_t W, class Row, class Add>
inline void for_each_cell(const uint8_t* first, size_t stride, std::span<const Row> rows, const Add& add) noexcept {
  const size_t last = rows.size() - 1;
  for (size_t i = 0; i <= last; ++i) {
    const uint8_t* const ahead = first + rows[std::min(i + kAhead, last)].row * stride;
    __builtin_prefetch(ahead);
    __builtin_prefetch(ahead + W - 1);
    add_cells(first + rows[i].row * stride, add(rows[i]), std::make_index_sequence<W / 8>(), std::make_index_sequence<W % 8>());
  }
}

template <size_t W>
void add_packed(const uint8_t* first, size_t stride, std::span<const GradientRow> rows, int64_t* packed) noexcept {
  for_each_cell<W>(first, stride, rows, [&](const GradientRow& row) {
    return [word = PackedSum::of(row), packed](size_t j, size_t bin) { packed[j * HistogramTile::kHistogram + bin] += word; };
  });
}

template <size_t W>
void add_fine(const uint8_t* first, size_t stride, std::span<const GradientRow> rows, const GradientSum* sums,
              GradientSum* const* histograms) noexcept {
  for_each_cell<W>(first, stride, rows, [&](const GradientRow& row) {
    return [sum = sums[row.row], histograms](size_t j, size_t bin) { histograms[j][bin] += sum; };
  });
}

template <size_t W>
void add_summed(const uint8_t* first, size_t stride, std::span<const SummedRow> rows, GradientSum* const* histograms) noexcept {
  for_each_cell<W>(first, stride, rows,
                   [&](const SummedRow& row) { return [sum = row.sum, histograms](size_t j, size_t bin) { histograms[j][bin] += sum; }; });
}

// The same for features that lie anywhere, eight at a time.
template <class Row, class Add>
inline void for_each_listed(std::span<const uint8_t* const> columns, size_t stride, std::span<const Row> rows, const Add& add) noexcept {
  const size_t last = rows.size() - 1;
  for (size_t i = 0; i <= last; ++i) {
    __builtin_prefetch(columns[0] + rows[std::min(i + kAhead, last)].row * stride);
    const size_t at = rows[i].row * stride;
    const auto add_row = add(rows[i]);
    size_t j = 0;
    for (; j + 8 <= columns.size(); j += 8) [&]<size_t... k>(std::index_sequence<k...>) {
        (add_row(j + k, columns[j + k][at]), ...);
      }
    (std::make_index_sequence<8>());
    for (; j < columns.size(); ++j) add_row(j, columns[j][at]);
  }
}

using AddPacked = void (*)(const uint8_t*, size_t, std::span<const GradientRow>, int64_t*) noexcept;
using AddFine = void (*)(const uint8_t*, size_t, std::span<const GradientRow>, const GradientSum*, GradientSum* const*) noexcept;
using AddSummed = void (*)(const uint8_t*, size_t, std::span<const SummedRow>, GradientSum* const*) noexcept;
constexpr auto kAddPacked = []<size_t... W>(std::index_sequence<W...>) { return std::array<AddPacked, sizeof...(W)>{add_packed<W + 1>...}; }
(std::make_index_sequence<HistogramTile::kWidth>());
constexpr auto kAddFine = []<size_t... W>(std::index_sequence<W...>) { return std::array<AddFine, sizeof...(W)>{add_fine<W + 1>...}; }
(std::make_index_sequence<HistogramTile::kWidth>());
constexpr auto kAddSummed = []<size_t... W>(std::index_sequence<W...>) { return std::array<AddSummed, sizeof...(W)>{add_summed<W + 1>...}; }
(std::make_index_sequence<HistogramTile::kWidth>());

}  // namespace

HistogramTile::HistogramTile(const BinnedMatrix& x, std::span<const uint32_t> features) : n_columns_(features.size()), stride_(x.stride()) {
  for (size_t j = 0; j < n_columns_; ++j) {
    columns_[j] = x.column(features[j]);
    side_by_side_ = side_by_side_ && columns_[j] == columns_[0] + j;
  }
}

void HistogramTile::add(std::span<const GradientRow> rows, int64_t* packed) const noexcept {
  if (rows.empty() || n_columns_ == 0) return;
  if (side_by_side_) return kAddPacked[n_columns_ - 1](columns_[0], stride_, rows, packed);
  for_each_listed(std::span(columns_).first(n_columns_), stride_, rows, [&](const GradientRow& row) {
    return [word = PackedSum::of(row), packed](size_t j, size_t bin) { packed[j * kHistogram + bin] += word; };
  });
}

void HistogramTile::add(std::span<const GradientRow> rows, const GradientSum* sums,
                        std::span<GradientSum* const> histograms) const noexcept {
  if (rows.empty() || n_columns_ == 0) return;
  if (side_by_side_) return kAddFine[n_columns_ - 1](columns_[0], stride_, rows, sums, histograms.data());
  for_each_listed(std::span(columns_).first(n_columns_), stride_, rows, [&](const GradientRow& row) {
    return [sum = sums[row.row], histograms](size_t j, size_t bin) { histograms[j][bin] += sum; };
  });
}

void HistogramTile::add(std::span<const SummedRow> rows, std::span<GradientSum* const> histograms) const noexcept {
  if (rows.empty() || n_columns_ == 0) return;
  if (side_by_side_) return kAddSummed[n_columns_ - 1](columns_[0], stride_, rows, histograms.data());
  for_each_listed(std::span(columns_).first(n_columns_), stride_, rows,
                  [&](const SummedRow& row) { return [sum = row.sum, histograms](size_t j, size_t bin) { histograms[j][bin] += sum; }; });
}

}  // namespace kolosal
