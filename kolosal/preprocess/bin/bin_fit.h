// What the binning transformers share: their parameters, and the form that follows from the edges each finds.
#pragma once

#include <array>
#include <functional>

#include "kolosal/preprocess/chunk_fit.h"
#include "kolosal/preprocess/forms/binned.h"

namespace kolosal {

/// What becomes of a bin: its number, or a Boolean column.
enum class BinEncode { Ordinal, OneHot };
constexpr auto enum_names(BinEncode) {
  return std::to_array<std::pair<BinEncode, std::string_view>>({{BinEncode::Ordinal, "ordinal"}, {BinEncode::OneHot, "one_hot"}});
}

/// Describes the parameters that every binning transformer has.
template <class P>
void describe_bins(Fields<P>& f) {
  f.add("columns", &P::columns, "Columns to cut into bins; empty means all numbers and integers.");
  f.add("n_bins", &P::n_bins, "Most bins of a column; fewer where values do not differ enough.").min(2).max(65'535).search(2, 32);
  f.add("encode", &P::encode, "What comes of a column: the bin's number, or a Boolean column for each bin.");
}

/// Finds the edges of a column's bins, where it has two different numbers or more; ascending, those that are equal count once.
using FindEdges = std::function<std::vector<double>(const Column& column, std::span<const double> weights)>;

/// Ascending edges, those that are equal once; a single bin where they are all equal, at 0 where they are not finite.
std::vector<double> distinct_edges(std::vector<double> edges);
/// The form of these columns, with names for the columns of bins.
std::unique_ptr<FittedTransformer> make_bins(const Table& table, std::vector<BinnedColumn> columns, BinEncode encode);

/// Fits bins to the columns named, or where none is named to all numbers and integers. A column without a finite number, or with
/// one alone, gets a single bin.
std::unique_ptr<FittedTransformer> fit_bins(const TransformerInput& input, const FitContext& context,
                                            const std::vector<std::string>& columns, BinEncode encode, std::string_view transformer,
                                            const FindEdges& find_edges);

/// The same of rows in chunks: `edges_of` makes the edges of what a Statistic has found, which may be equal or not finite.
template <class Statistic, class EdgesOf>
std::unique_ptr<ChunkFit> fit_bins_in_chunks(const std::vector<std::string>& columns, BinEncode encode, std::string_view transformer,
                                             EdgesOf edges_of) {
  return std::make_unique<ColumnsInChunks<Statistic>>(
      transformer,
      [columns, name = std::string(transformer)](const TransformerInput& chunk) { return number_columns(chunk, columns, name); },
      [encode, edges_of](const Table& like, std::span<const Column* const> chosen, const std::vector<Statistic>& statistics) {
        std::vector<BinnedColumn> fitted(chosen.size());
        for (size_t i = 0; i < chosen.size(); ++i) {
          fitted[i].name = chosen[i]->name();
          fitted[i].edges = distinct_edges(edges_of(statistics[i]));
        }
        return make_bins(like, std::move(fitted), encode);
      });
}

/// The edges of bins of equal width over a range, (n_bins + 1).
std::vector<double> equal_widths(Range range, size_t n_bins);

}  // namespace kolosal
