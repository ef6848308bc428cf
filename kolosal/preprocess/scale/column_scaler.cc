#include "kolosal/preprocess/scale/column_scaler.h"

#include <cmath>
#include <limits>

#include "kolosal/preprocess/fit_transform_columns.h"

namespace kolosal {

AffineColumn named_scaler(AffineColumn fitted, const Column& column) {
  fitted.name = column.name();
  if (!std::isfinite(fitted.center)) fitted.center = 0;
  if (!std::isfinite(fitted.scale) || fitted.scale == 0) fitted.scale = 1;
  return fitted;
}

std::unique_ptr<FittedTransformer> fit_scaler(
    const TransformerInput& input, const FitContext& context, const std::vector<std::string>& columns, std::string_view transformer,
    const std::function<AffineColumn(const Column& column, std::span<const double> weights)>& fit_column) {
  const auto chosen = number_columns(input, columns, transformer);
  const std::span<const double> weights = telling_weights(input.weights);
  std::vector<AffineColumn> fitted(chosen.size());
  context.threads->parallel_each(chosen.size(), [&](size_t i) {
    context.check();
    fitted[i] = named_scaler(fit_column(*chosen[i], weights), *chosen[i]);
  });
  return make_affine(std::move(fitted));
}

std::pair<std::unique_ptr<FittedTransformer>, Table> fit_transform_scaler(
    const TransformerInput& input, const FitContext& context, const std::vector<std::string>& columns, std::string_view transformer,
    const std::function<AffineColumn(const Column& column, std::span<const double> weights)>& fit_column) {
  const std::span<const double> weights = telling_weights(input.weights);
  return fit_transform_columns<AffineColumn>(
      input.table, number_columns(input, columns, transformer), context,
      [&](const Column& column) { return named_scaler(fit_column(column, weights), column); }, make_affine);
}

double usable_scale(double scale) { return scale < 10 * std::numeric_limits<double>::epsilon() ? 1 : scale; }

}  // namespace kolosal
