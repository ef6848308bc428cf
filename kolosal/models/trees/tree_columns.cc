#include "kolosal/models/trees/tree_columns.h"

#include <algorithm>
#include <limits>

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

// What the bins of a feature hold, of which bins.column(feature) are those of `rows`.
RankedColumn describe_bins(const FeatureMatrix& x, std::span<const uint32_t> rows, const FeatureBins& cut, const BinnedMatrix& bins,
                           size_t f) {
  RankedColumn ranked;
  ranked.n_categories = x.features()[f].n_categories;
  ranked.missing = static_cast<uint16_t>(cut.n_bins);
  if (cut.categorical) {
    ranked.code_of.resize(static_cast<size_t>(cut.n_bins));
    for (size_t code = 0; code < cut.bin_of_code.size(); ++code)
      if (const uint8_t bin = cut.bin_of_code[code]; bin < cut.n_bins) ranked.code_of[bin] = static_cast<int32_t>(code);
    return ranked;
  }
  ranked.least.assign(static_cast<size_t>(cut.n_bins) + 1, std::numeric_limits<float>::infinity());
  ranked.most.assign(ranked.least.size(), -std::numeric_limits<float>::infinity());
  const auto column = x.column(f);
  const uint8_t* bin = bins.column(f);
  for (size_t i = 0; i < rows.size(); ++i) {
    const float value = column[rows[i]] + 0.0F;  // -0 counts as 0
    float &least = ranked.least[bin[i * bins.stride()]], &most = ranked.most[bin[i * bins.stride()]];
    least = value < least ? value : least;
    most = value > most ? value : most;
  }
  return ranked;
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
  return values;
}

}  // namespace

size_t TreeColumns::bytes_for(size_t n_rows, size_t n_features, bool binned, bool with_values) {
  if (binned) return BinnedMatrix::bytes_for(n_rows, n_features);
  return n_rows * n_features * (with_values ? sizeof(float) : sizeof(uint16_t));
}

TreeColumns rank_columns(const FeatureMatrix& x, std::span<const uint32_t> rows, bool with_values, const FitContext& context) {
  TreeColumns made;
  made.columns.resize(x.n_features());
  context.threads->parallel_each(x.n_features(), [&](size_t f) {
    if (context.should_stop()) return;
    const int32_t n_categories = x.features()[f].n_categories;
    if (n_categories > 0) made.columns[f] = rank_categories(x.column(f), rows, n_categories);
    else if (!with_values) made.columns[f] = rank_numbers(x.column(f), rows);
  });
  if (with_values) made.values = row_major(x, rows, context);
  context.check();
  return made;
}

TreeColumns bin_columns(const FeatureMatrix& x, std::span<const uint32_t> rows, std::span<const double> weights, int max_bins,
                        const FitContext& context) {
  // Without the target: rows that a tree does not draw are what it is scored on, and would have had their say in groups of codes.
  const std::vector<FeatureBins> cuts = make_bins(x, rows, weights, nullptr, max_bins, context);
  TreeColumns made;
  made.bins.emplace(x, rows, cuts, context);
  made.columns.resize(x.n_features());
  context.threads->parallel_each(x.n_features(), [&](size_t f) {
    if (!context.should_stop()) made.columns[f] = describe_bins(x, rows, cuts[f], *made.bins, f);
  });
  context.check();
  return made;
}

}  // namespace kolosal
