#include "kolosal/preprocess/bin/bin_fit.h"

#include <algorithm>
#include <cmath>

namespace kolosal {

std::vector<double> equal_widths(Range range, size_t n_bins) {
  std::vector<double> edges{range.min};
  const double width = range.max / static_cast<double>(n_bins) - range.min / static_cast<double>(n_bins);
  for (size_t bin = 1; bin < n_bins; ++bin) edges.push_back(range.min + static_cast<double>(bin) * width);
  edges.push_back(range.max);
  return edges;
}

std::unique_ptr<FittedTransformer> fit_bins(const TransformerInput& input, const FitContext& context,
                                            const std::vector<std::string>& columns, BinEncode encode, std::string_view transformer,
                                            const FindEdges& find_edges) {
  const auto fits = [&](ColumnKind kind) { return is_number(kind) && (kind != ColumnKind::Boolean || !columns.empty()); };
  const auto chosen = choose_columns(input, columns, fits, transformer);
  const std::span<const double> weights = telling_weights(input.weights);
  std::vector<BinnedColumn> fitted(chosen.size());
  context.threads->parallel_each(chosen.size(), [&](size_t i) {
    context.check();
    fitted[i].name = chosen[i]->name();
    const Range range = column_range(*chosen[i], weights);
    if (range.min < range.max) fitted[i].edges = find_edges(*chosen[i], weights);
    else fitted[i].edges.assign(2, std::isfinite(range.min) ? range.min : 0);
    if (fitted[i].edges.size() <= 2) return;
    const auto last = std::unique(fitted[i].edges.begin(), fitted[i].edges.end());
    fitted[i].edges.erase(last, fitted[i].edges.end());
  });
  if (encode == BinEncode::OneHot) {
    FreeNames names(input.table);
    for (BinnedColumn& column : fitted)
      for (size_t bin = 0; bin + 1 < column.edges.size(); ++bin)
        column.outputs.push_back(names.claim(column.name + "__bin_" + std::to_string(bin)));
  }
  return make_binned(std::move(fitted));
}

}  // namespace kolosal
