// Min-max scaling: the smallest value of each column becomes `low`, the largest `high`. A constant column becomes `low`.
//
// Cost     O(n_rows) a column.
// Checked  scalers_test.cc, against scikit-learn's MinMaxScaler.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kolosal/preprocess/scale/column_scaler.h"

namespace kolosal {
namespace {

struct MinMaxScaleParams {
  std::vector<std::string> columns;
  double low = 0;
  double high = 1;
};

void describe(Fields<MinMaxScaleParams>& f) {
  f.add("columns", &MinMaxScaleParams::columns, "Columns to scale; empty means all numbers and integers.");
  f.add("low", &MinMaxScaleParams::low, "What the smallest value becomes.");
  f.add("high", &MinMaxScaleParams::high, "What the largest value becomes; more than low.");
}

class MinMaxScale : public Transformer {
 public:
  explicit MinMaxScale(MinMaxScaleParams params) : params_(std::move(params)) {
    if (!(params_.low < params_.high))
      throw Error(ErrorCode::BadValue, "min_max_scale: low is " + std::to_string(params_.low) + " and high " + std::to_string(params_.high),
                  "Let low be less than high.");
  }

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    return fit_scaler(input, context, params_.columns, "min_max_scale", fit_column());
  }

  std::pair<std::unique_ptr<FittedTransformer>, Table> fit_transform(const TransformerInput& input,
                                                                     const FitContext& context) const override {
    return fit_transform_scaler(input, context, params_.columns, "min_max_scale", fit_column());
  }

  std::unique_ptr<ChunkFit> start_chunks() const override {
    return fit_scaler_in_chunks<ChunkRange>(params_.columns, "min_max_scale",
                                            [this](const ChunkRange& statistic) { return scaled(statistic.found()); });
  }

 private:
  std::function<AffineColumn(const Column&, std::span<const double>)> fit_column() const {
    return [this](const Column& column, std::span<const double> weights) { return scaled(column_range(column, weights)); };
  }

  AffineColumn scaled(const Range& found) const {
    AffineColumn fitted{.offset = params_.low};
    const auto [smallest, largest] = found;
    if (smallest > largest) return fitted;
    fitted.center = smallest;
    const double range = largest - smallest, wanted = params_.high - params_.low;
    // A scale beyond what float64 holds is cut to the largest number.
    fitted.scale = std::isfinite(range) ? usable_scale(range) / wanted
                                        : std::min(largest / wanted - smallest / wanted, std::numeric_limits<double>::max());
    return fitted;
  }

  MinMaxScaleParams params_;
};

}  // namespace

void register_min_max_scale(Catalog<Transformer>& catalog) {
  catalog.add<MinMaxScale, MinMaxScaleParams>("min_max_scale", "The values of each column are brought to a range, 0 to 1 by default.",
                                              {"minmax", "min_max_scaler"});
}

}  // namespace kolosal
