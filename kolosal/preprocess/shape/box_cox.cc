// Box and Cox's transformation: positive columns with long tails become as normal as one power can make them.
//
// Cost     O(n_rows) a column and step of the search for lambda, of which there are about 30.
// Checked  power_test.cc; scikit-learn's PowerTransformer in tests/parity.
#include "kolosal/preprocess/shape/power_fit.h"

namespace kolosal {
namespace {

struct BoxCoxParams {
  std::vector<std::string> columns;
  std::optional<double> power;
  bool standardize = true;
};

void describe(Fields<BoxCoxParams>& f) {
  f.add("columns", &BoxCoxParams::columns, "Columns to bend; empty means all numbers and integers that are positive throughout.");
  f.add("power", &BoxCoxParams::power, "How the curve is bent; null for the likeliest of each column.").min(-30).max(30).alias("lambda");
  f.add("standardize", &BoxCoxParams::standardize, "Whether what comes out gets mean 0 and standard deviation 1.");
}

class BoxCox : public Transformer {
 public:
  explicit BoxCox(BoxCoxParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    return fit_power(input, context, PowerCurve::BoxCox, params_.columns, params_.power, params_.standardize, "box_cox");
  }

  std::unique_ptr<ChunkFit> start_chunks() const override {
    return fit_power_in_chunks(PowerCurve::BoxCox, params_.columns, params_.power, params_.standardize, "box_cox");
  }

 private:
  BoxCoxParams params_;
};

}  // namespace

void register_box_cox(Catalog<Transformer>& catalog) {
  catalog.add<BoxCox, BoxCoxParams>("box_cox", "Each column of positive numbers is bent towards a normal distribution.");
}

}  // namespace kolosal
