// Robust scaling: each column loses its median and is divided by the distance of two quantiles, so that outliers do not set the
// scale.
//
// Cost     O(n_rows log n_rows) a column.
// Checked  scalers_test.cc, against scikit-learn's RobustScaler.
#include <algorithm>
#include <array>
#include <limits>

#include "kolosal/kernels/normal.h"
#include "kolosal/preprocess/scale/column_scaler.h"

namespace kolosal {
namespace {

struct RobustScaleParams {
  std::vector<std::string> columns;
  bool with_centering = true;
  bool with_scaling = true;
  double low_quantile = 0.25;
  double high_quantile = 0.75;
  bool unit_variance = false;
};

void describe(Fields<RobustScaleParams>& f) {
  f.add("columns", &RobustScaleParams::columns, "Columns to scale; empty means all numbers and integers.");
  f.add("with_centering", &RobustScaleParams::with_centering, "Whether the median is subtracted.");
  f.add("with_scaling", &RobustScaleParams::with_scaling, "Whether values are divided by the distance of the quantiles.");
  f.add("low_quantile", &RobustScaleParams::low_quantile, "The lower quantile.").min(0).max(1);
  f.add("high_quantile", &RobustScaleParams::high_quantile, "The upper quantile; more than the lower.").min(0).max(1);
  f.add("unit_variance", &RobustScaleParams::unit_variance,
        "Whether a normal column gets variance 1: the scale is what its quantiles imply.");
}

class RobustScale : public Transformer {
 public:
  explicit RobustScale(RobustScaleParams params) : params_(std::move(params)) {
    if (!(params_.low_quantile < params_.high_quantile))
      throw Error(ErrorCode::BadValue,
                  "robust_scale: low_quantile is " + std::to_string(params_.low_quantile) + " and high_quantile " +
                      std::to_string(params_.high_quantile),
                  "Let low_quantile be less than high_quantile.");
    if (params_.unit_variance && (params_.low_quantile <= 0 || params_.high_quantile >= 1))
      throw Error(ErrorCode::BadValue, "robust_scale: a normal column has no quantile 0 or 1, which unit_variance needs",
                  "Let the quantiles lie between 0 and 1, or leave unit_variance out.");
  }

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    return fit_scaler(input, context, params_.columns, "robust_scale", [this](const Column& column, std::span<const double> weights) {
      return scaled(column_quantiles(column, weights, wanted()));
    });
  }

  std::unique_ptr<ChunkFit> start_chunks() const override {
    return fit_scaler_in_chunks<ChunkQuantiles>(
        params_.columns, "robust_scale", [this](const ChunkQuantiles& statistic) { return scaled(statistic.found().quantiles(wanted())); });
  }

 private:
  std::array<double, 3> wanted() const { return {params_.low_quantile, 0.5, params_.high_quantile}; }
  AffineColumn scaled(const std::vector<double>& found) const {
    AffineColumn fitted;
    if (params_.with_centering) fitted.center = found[1];
    const double normal = params_.unit_variance ? normal_quantile(params_.high_quantile) - normal_quantile(params_.low_quantile) : 1;
    // A distance beyond what float64 holds is cut to the largest number.
    if (params_.with_scaling) fitted.scale = usable_scale(std::min(found[2] - found[0], std::numeric_limits<double>::max())) / normal;
    return fitted;
  }

  RobustScaleParams params_;
};

}  // namespace

void register_robust_scale(Catalog<Transformer>& catalog) {
  catalog.add<RobustScale, RobustScaleParams>("robust_scale", "Each column loses its median and is divided by its interquartile range.",
                                              {"robust", "robust_scaler"});
}

}  // namespace kolosal
