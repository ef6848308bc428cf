// Standard scaling: each column gets mean 0 and population standard deviation 1. A column whose variance is only rounding is
// centred and not divided.
//
// Cost     O(n_rows) a column.
// Checked  scalers_test.cc, against scikit-learn's StandardScaler.
#include "kolosal/preprocess/scale/standard_scale.h"

#include <cmath>
#include <limits>

namespace kolosal {
namespace {

class StandardScale : public Transformer {
 public:
  explicit StandardScale(StandardScaleParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    return fit_scaler(input, context, params_.columns, "standard_scale", fit_column());
  }

  std::pair<std::unique_ptr<FittedTransformer>, Table> fit_transform(const TransformerInput& input,
                                                                     const FitContext& context) const override {
    return fit_transform_scaler(input, context, params_.columns, "standard_scale", fit_column());
  }

  std::unique_ptr<ChunkFit> start_chunks() const override {
    return fit_scaler_in_chunks<ChunkMoments>(
        params_.columns, "standard_scale", [this](const ChunkMoments& statistic) { return standard_column(statistic.found(), params_); });
  }

 private:
  std::function<AffineColumn(const Column&, std::span<const double>)> fit_column() const {
    return
        [this](const Column& column, std::span<const double> weights) { return standard_column(column_moments(column, weights), params_); };
  }

  StandardScaleParams params_;
};

}  // namespace

void describe(Fields<StandardScaleParams>& f) {
  f.add("columns", &StandardScaleParams::columns, "Columns to scale; empty means all numbers and integers.");
  f.add("with_mean", &StandardScaleParams::with_mean, "Whether the mean is subtracted.");
  f.add("with_std", &StandardScaleParams::with_std, "Whether values are divided by the standard deviation.");
}

AffineColumn standard_column(const Moments& found, const StandardScaleParams& params) {
  AffineColumn fitted;
  const double mean = found.mean, variance = found.variance();
  const double rounding = found.n * std::numeric_limits<double>::epsilon();
  if (params.with_mean) fitted.center = mean;
  if (params.with_std && variance > rounding * variance + rounding * mean * rounding * mean) fitted.scale = std::sqrt(variance);
  return fitted;
}

void register_standard_scale(Catalog<Transformer>& catalog) {
  catalog.add<StandardScale, StandardScaleParams>("standard_scale", "Each column gets mean 0 and standard deviation 1.",
                                                  {"standard", "standard_scaler"});
}

}  // namespace kolosal
