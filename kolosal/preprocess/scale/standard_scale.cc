// Standard scaling: each column gets mean 0 and population standard deviation 1. A column whose variance is only rounding is
// centred and not divided.
//
// Cost     O(n_rows) a column.
// Checked  scalers_test.cc, against scikit-learn's StandardScaler.
#include <cmath>
#include <limits>

#include "kolosal/preprocess/scale/column_scaler.h"

namespace kolosal {
namespace {

struct StandardScaleParams {
  std::vector<std::string> columns;
  bool with_mean = true;
  bool with_std = true;
};

void describe(Fields<StandardScaleParams>& f) {
  f.add("columns", &StandardScaleParams::columns, "Columns to scale; empty means all numbers and integers.");
  f.add("with_mean", &StandardScaleParams::with_mean, "Whether the mean is subtracted.");
  f.add("with_std", &StandardScaleParams::with_std, "Whether values are divided by the standard deviation.");
}

class StandardScale : public Transformer {
 public:
  explicit StandardScale(StandardScaleParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    return fit_scaler(input, context, params_.columns, "standard_scale",
                      [this](const Column& column, std::span<const double> weights) { return scaled(column_moments(column, weights)); });
  }

  std::unique_ptr<ChunkFit> start_chunks() const override {
    return fit_scaler_in_chunks<ChunkMoments>(params_.columns, "standard_scale",
                                              [this](const ChunkMoments& statistic) { return scaled(statistic.found()); });
  }

 private:
  AffineColumn scaled(const Moments& found) const {
    AffineColumn fitted;
    const double mean = found.mean, variance = found.variance();
    const double rounding = found.n * std::numeric_limits<double>::epsilon();
    if (params_.with_mean) fitted.center = mean;
    if (params_.with_std && variance > rounding * variance + rounding * mean * rounding * mean) fitted.scale = std::sqrt(variance);
    return fitted;
  }

  StandardScaleParams params_;
};

}  // namespace

void register_standard_scale(Catalog<Transformer>& catalog) {
  catalog.add<StandardScale, StandardScaleParams>("standard_scale", "Each column gets mean 0 and standard deviation 1.",
                                                  {"standard", "standard_scaler"});
}

}  // namespace kolosal
