// Max-abs scaling: each column is divided by its largest magnitude. Zeros stay zeros.
//
// Cost     O(n_rows) a column.
// Checked  scalers_test.cc, against scikit-learn's MaxAbsScaler.
#include <algorithm>
#include <cmath>

#include "kolosal/preprocess/scale/column_scaler.h"

namespace kolosal {
namespace {

struct MaxAbsScaleParams {
  std::vector<std::string> columns;
};

void describe(Fields<MaxAbsScaleParams>& f) {
  f.add("columns", &MaxAbsScaleParams::columns, "Columns to scale; empty means all numbers and integers.");
}

class MaxAbsScale : public Transformer {
 public:
  explicit MaxAbsScale(MaxAbsScaleParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    return fit_scaler(input, context, params_.columns, "max_abs_scale",
                      [](const Column& column, std::span<const double> weights) { return scaled(column_range(column, weights)); });
  }

  std::unique_ptr<ChunkFit> start_chunks() const override {
    return fit_scaler_in_chunks<ChunkRange>(params_.columns, "max_abs_scale",
                                            [](const ChunkRange& statistic) { return scaled(statistic.found()); });
  }

 private:
  static AffineColumn scaled(const Range& found) {
    return {.scale = usable_scale(found.min > found.max ? 0 : std::max(-found.min, found.max))};
  }

  MaxAbsScaleParams params_;
};

}  // namespace

void register_max_abs_scale(Catalog<Transformer>& catalog) {
  catalog.add<MaxAbsScale, MaxAbsScaleParams>("max_abs_scale", "Each column is divided by its largest magnitude.",
                                              {"maxabs", "max_abs_scaler"});
}

}  // namespace kolosal
