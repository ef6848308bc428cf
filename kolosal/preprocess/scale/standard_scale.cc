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

bool is_finite(const Moments& found) { return std::isfinite(found.mean) && std::isfinite(found.m2); }

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
    return fit_scaler_in_chunks<ChunkSpread>(params_.columns, "standard_scale",
                                             [this](const ChunkSpread& statistic) { return statistic.scaled(params_); });
  }

 private:
  std::function<AffineColumn(const Column&, std::span<const double>)> fit_column() const {
    return [this](const Column& column, std::span<const double> weights) {
      const Moments found = column_moments(column, weights);
      if (is_finite(found)) return standard_column(found, params_);
      ChunkSpread spread;
      spread.add(column, weights, {});
      return spread.scaled(params_);
    };
  }

  StandardScaleParams params_;
};

}  // namespace

void describe(Fields<StandardScaleParams>& f) {
  f.add("columns", &StandardScaleParams::columns, "Columns to scale; empty means all numbers and integers.");
  f.add("with_mean", &StandardScaleParams::with_mean, "Whether the mean is subtracted.");
  f.add("with_std", &StandardScaleParams::with_std, "Whether values are divided by the standard deviation.");
}

void ChunkSpread::add(const Column& column, std::span<const double> weights, const FitContext& context) {
  if (!reduced_) {
    ChunkMoments more = moments_;
    more.add(column, weights, context);
    if (is_finite(more.found())) {
      moments_ = more;
      return;
    }
    const Moments before = moments_.found();
    moments_ = {};
    reduced_ = true;
    if (before.n > 0) {  // two values that have the same moments
      const double deviation = std::sqrt(before.variance());
      add_reduced({{before.mean - deviation, before.mean + deviation}, {before.n / 2, before.n / 2}});
    }
  }
  add_reduced(finite_sample(column, weights));
}

void ChunkSpread::add_reduced(Sample sample) {
  for (double& value : sample.values) value *= kReduced;
  moments_.add(sample);
}

AffineColumn ChunkSpread::scaled(const StandardScaleParams& params) const {
  return standard_column(moments_.found(), params, reduced_ ? kReduced : 1);
}

Value ChunkSpread::seen() const {
  const Moments found = moments_.found();
  const double unit = reduced_ ? kReduced : 1;
  return Value(Value::Object{
      {"weight", Value(moments_.weight())}, {"mean", Value(found.mean / unit)}, {"variance", Value(found.variance() / unit / unit)}});
}

AffineColumn standard_column(const Moments& found, const StandardScaleParams& params, double unit) {
  AffineColumn fitted;
  const double mean = found.mean, variance = found.variance();
  const double rounding = found.n * std::numeric_limits<double>::epsilon();
  if (params.with_mean) fitted.center = mean / unit;
  if (params.with_std && variance > rounding * variance + rounding * mean * rounding * mean) fitted.scale = std::sqrt(variance) / unit;
  return fitted;
}

void register_standard_scale(Catalog<Transformer>& catalog) {
  catalog.add<StandardScale, StandardScaleParams>("standard_scale", "Each column gets mean 0 and standard deviation 1.",
                                                  {"standard", "standard_scaler"});
}

}  // namespace kolosal
