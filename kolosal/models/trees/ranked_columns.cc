#include "kolosal/models/trees/ranked_columns.h"

#include <algorithm>

#include "kolosal/models/trees/binning.h"

namespace kolosal {
namespace {

constexpr size_t kMostRanks = 65534;

RankedColumn rank_categories(std::span<const float> column, std::span<const uint32_t> rows, int32_t n_categories) {
  RankedColumn ranked;
  ranked.n_categories = n_categories;
  ranked.ranks.reserve(rows.size());
  const float most = static_cast<float>(std::min<int64_t>(n_categories, RankedColumn::kMissing));
  for (const uint32_t row : rows) {
    const float x = column[row];
    ranked.ranks.push_back(x >= 0 && x < most ? static_cast<uint16_t>(x) : RankedColumn::kMissing);
  }
  return ranked;
}

RankedColumn rank_numbers(std::span<const float> column, std::span<const uint32_t> rows) {
  RankedColumn ranked;
  const std::vector<PlacedNumber> sorted = sorted_places(column, rows);
  size_t n_distinct = 0;
  for (size_t i = 0; i < sorted.size(); ++i) n_distinct += i == 0 || sorted[i].value != sorted[i - 1].value;
  const size_t rows_per_rank = n_distinct <= kMostRanks ? 1 : sorted.size() / (kMostRanks / 2) + 1;
  ranked.ranks.assign(rows.size(), RankedColumn::kMissing);
  size_t inside = 0;
  for (size_t i = 0; i < sorted.size(); ++i) {
    const float value = sorted[i].value;
    const bool same = i > 0 && value == sorted[i - 1].value;
    if (!same && (i == 0 || inside >= rows_per_rank)) {
      ranked.least.push_back(value);
      ranked.most.push_back(value);
      inside = 0;
    }
    ranked.most.back() = value;
    ranked.ranks[sorted[i].place] = static_cast<uint16_t>(ranked.most.size() - 1);
    ++inside;
  }
  if (rows_per_rank == 1) ranked.most = {};
  return ranked;
}

}  // namespace

std::vector<RankedColumn> rank_columns(const FeatureMatrix& x, std::span<const uint32_t> rows, const FitContext& context, bool numbers) {
  std::vector<RankedColumn> columns(x.n_features());
  context.threads->parallel_each(columns.size(), [&](size_t f) {
    if (context.should_stop()) return;
    const int32_t n_categories = x.features()[f].n_categories;
    if (n_categories > 0) columns[f] = rank_categories(x.column(f), rows, n_categories);
    else if (numbers) columns[f] = rank_numbers(x.column(f), rows);
  });
  context.check();
  return columns;
}

std::vector<float> row_major(const FeatureMatrix& x, std::span<const uint32_t> rows, const FitContext& context) {
  constexpr size_t kRowsPerBlock = 1024;
  const size_t width = x.n_features();
  std::vector<float> values(rows.size() * width);
  context.threads->parallel_for(rows.size(), kRowsPerBlock, [&](size_t begin, size_t end) {
    if (context.should_stop()) return;
    for (size_t f = 0; f < width; ++f) {
      const auto column = x.column(f);
      for (size_t i = begin; i < end; ++i) values[i * width + f] = column[rows[i]];
    }
  });
  context.check();
  return values;
}

}  // namespace kolosal
