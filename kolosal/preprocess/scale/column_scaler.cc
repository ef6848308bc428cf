#include "kolosal/preprocess/scale/column_scaler.h"

#include <cmath>
#include <limits>

namespace kolosal {

std::unique_ptr<FittedTransformer> fit_scaler(
    const TransformerInput& input, const FitContext& context, const std::vector<std::string>& columns, std::string_view transformer,
    const std::function<AffineColumn(const Column& column, std::span<const double> weights)>& fit_column) {
  const auto fits = [&](ColumnKind kind) { return is_number(kind) && (kind != ColumnKind::Boolean || !columns.empty()); };
  const auto chosen = choose_columns(input, columns, fits, transformer);
  const std::span<const double> weights = telling_weights(input.weights);
  std::vector<AffineColumn> fitted(chosen.size());
  context.threads->parallel_each(chosen.size(), [&](size_t i) {
    context.check();
    fitted[i] = fit_column(*chosen[i], weights);
    fitted[i].name = chosen[i]->name();
    if (!std::isfinite(fitted[i].center)) fitted[i].center = 0;
    if (!std::isfinite(fitted[i].scale) || fitted[i].scale == 0) fitted[i].scale = 1;
  });
  return make_affine(std::move(fitted));
}

double usable_scale(double scale) { return scale < 10 * std::numeric_limits<double>::epsilon() ? 1 : scale; }

}  // namespace kolosal
