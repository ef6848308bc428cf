// Yeo and Johnson's transformation: columns with long tails become as normal as one power can make them.
//
// Cost     O(n_rows) a column and step of the search for lambda, of which there are about 30.
// Checked  power_test.cc; scikit-learn's PowerTransformer in tests/parity.
#include "kolosal/preprocess/shape/power_fit.h"

namespace kolosal {
namespace {

struct YeoJohnsonParams {
  std::vector<std::string> columns;
  std::optional<double> power;
  bool standardize = true;
};

void describe(Fields<YeoJohnsonParams>& f) {
  f.add("columns", &YeoJohnsonParams::columns, "Columns to bend; empty means all numbers and integers.");
  f.add("power", &YeoJohnsonParams::power, "How the curve is bent; null for the likeliest of each column.")
      .min(-30)
      .max(30)
      .alias("lambda");
  f.add("standardize", &YeoJohnsonParams::standardize, "Whether what comes out gets mean 0 and standard deviation 1.");
}

class YeoJohnson : public Transformer {
 public:
  explicit YeoJohnson(YeoJohnsonParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    return fit_power(input, context, PowerCurve::YeoJohnson, params_.columns, params_.power, params_.standardize, "yeo_johnson");
  }

  std::unique_ptr<ChunkFit> start_chunks() const override {
    return fit_power_in_chunks(PowerCurve::YeoJohnson, params_.columns, params_.power, params_.standardize, "yeo_johnson");
  }

 private:
  YeoJohnsonParams params_;
};

}  // namespace

void register_yeo_johnson(Catalog<Transformer>& catalog) {
  catalog.add<YeoJohnson, YeoJohnsonParams>("yeo_johnson", "Each column is bent towards a normal distribution; any numbers.");
}

}  // namespace kolosal
