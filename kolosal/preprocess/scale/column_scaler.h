// What the scalers of columns share: each fits one AffineColumn to a column.
#pragma once

#include <functional>

#include "kolosal/preprocess/chunk_fit.h"
#include "kolosal/preprocess/forms/affine.h"

namespace kolosal {

/// With the column's name, and numbers that are not finite, or a scale of 0, put right.
AffineColumn named_scaler(AffineColumn fitted, const Column& column);

/// Fits an AffineColumn to each column chosen (where none is named: Numeric and Integer ones), a column a task.
std::unique_ptr<FittedTransformer> fit_scaler(
    const TransformerInput& input, const FitContext& context, const std::vector<std::string>& columns, std::string_view transformer,
    const std::function<AffineColumn(const Column& column, std::span<const double> weights)>& fit_column);

/// The same, and what the rows become.
std::pair<std::unique_ptr<FittedTransformer>, Table> fit_transform_scaler(
    const TransformerInput& input, const FitContext& context, const std::vector<std::string>& columns, std::string_view transformer,
    const std::function<AffineColumn(const Column& column, std::span<const double> weights)>& fit_column);

/// The same by chunks, from a Statistic of each column.
template <class Statistic>
std::unique_ptr<ChunkFit> fit_scaler_in_chunks(const std::vector<std::string>& columns, std::string_view transformer,
                                               std::function<AffineColumn(const Statistic& statistic)> fit_column) {
  return std::make_unique<ColumnsInChunks<Statistic>>(
      transformer, [&columns, transformer](const TransformerInput& chunk) { return number_columns(chunk, columns, transformer); },
      [fit_column = std::move(fit_column)](const Table&, std::span<const Column* const> chosen, const std::vector<Statistic>& statistics) {
        std::vector<AffineColumn> fitted;
        for (size_t i = 0; i < chosen.size(); ++i) fitted.push_back(named_scaler(fit_column(statistics[i]), *chosen[i]));
        return make_affine(std::move(fitted));
      });
}

/// 1 where the scale is so small that only rounding made it, else the scale.
double usable_scale(double scale);

}  // namespace kolosal
