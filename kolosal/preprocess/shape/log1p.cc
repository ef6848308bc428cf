// The logarithm of 1 + x, for counts and amounts.
//
// Cost     O(n_rows) a column.
// Checked  power_test.cc.
#include "kolosal/preprocess/shape/power_fit.h"

namespace kolosal {
namespace {

struct Log1pParams {
  std::vector<std::string> columns;
  bool standardize = false;
};

void describe(Fields<Log1pParams>& f) {
  f.add("columns", &Log1pParams::columns, "Columns to take; empty means all numbers and integers that are above -1 throughout.");
  f.add("standardize", &Log1pParams::standardize, "Whether what comes out gets mean 0 and standard deviation 1.");
}

class Log1p : public Transformer {
 public:
  explicit Log1p(Log1pParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    return fit_power(input, context, PowerCurve::Log1p, params_.columns, std::nullopt, params_.standardize, "log1p");
  }

 private:
  Log1pParams params_;
};

}  // namespace

void register_log1p(Catalog<Transformer>& catalog) {
  catalog.add<Log1p, Log1pParams>("log1p", "Each number becomes the logarithm of one more than it.");
}

}  // namespace kolosal
