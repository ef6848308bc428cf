#include "kolosal/preprocess/bin/bin_fit.h"

#include <algorithm>
#include <cmath>

namespace kolosal {

std::vector<double> equal_widths(Range range, size_t n_bins) {
  std::vector<double> edges{range.min};
  const double width = range.max / static_cast<double>(n_bins) - range.min / static_cast<double>(n_bins);
  for (size_t bin = 1; bin < n_bins; ++bin) {
    const double step = static_cast<double>(bin) * width, share = static_cast<double>(bin) / static_cast<double>(n_bins);
    edges.push_back(std::isfinite(step) ? range.min + step : range.min * (1 - share) + range.max * share);
  }
  edges.push_back(range.max);
  return edges;
}

std::vector<double> distinct_edges(std::vector<double> edges) {
  const double first = edges.front();
  if (!std::isfinite(first)) return {0, 0};
  if (!(first < edges.back())) return {first, first};
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  return edges;
}

std::unique_ptr<FittedTransformer> make_bins(const Table& table, std::vector<BinnedColumn> columns, BinEncode encode) {
  if (encode == BinEncode::OneHot) {
    FreeNames names(table);
    for (BinnedColumn& column : columns)
      for (size_t bin = 0; bin + 1 < column.edges.size(); ++bin)
        column.outputs.push_back(names.claim(column.name + "__bin_" + std::to_string(bin)));
  }
  return make_binned(std::move(columns));
}

std::unique_ptr<FittedTransformer> fit_bins(const TransformerInput& input, const FitContext& context,
                                            const std::vector<std::string>& columns, BinEncode encode, std::string_view transformer,
                                            const FindEdges& find_edges) {
  const auto chosen = number_columns(input, columns, transformer);
  const std::span<const double> weights = telling_weights(input.weights);
  std::vector<BinnedColumn> fitted(chosen.size());
  context.threads->parallel_each(chosen.size(), [&](size_t i) {
    context.check();
    fitted[i].name = chosen[i]->name();
    const Range range = column_range(*chosen[i], weights);
    fitted[i].edges = distinct_edges(range.min < range.max ? find_edges(*chosen[i], weights) : std::vector<double>(2, range.min));
  });
  return make_bins(input.table, std::move(fitted), encode);
}

}  // namespace kolosal
