// The square root, for counts.
//
// Cost     O(n_rows) a column.
// Checked  power_test.cc.
#include "kolosal/preprocess/shape/power_fit.h"

namespace kolosal {
namespace {

struct SqrtParams {
  std::vector<std::string> columns;
  bool standardize = false;
};

void describe(Fields<SqrtParams>& f) {
  f.add("columns", &SqrtParams::columns, "Columns to take; empty means all numbers and integers that are not negative anywhere.");
  f.add("standardize", &SqrtParams::standardize, "Whether what comes out gets mean 0 and standard deviation 1.");
}

class Sqrt : public Transformer {
 public:
  explicit Sqrt(SqrtParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    return fit_power(input, context, PowerCurve::Sqrt, params_.columns, std::nullopt, params_.standardize, "sqrt");
  }

 private:
  SqrtParams params_;
};

}  // namespace

void register_sqrt(Catalog<Transformer>& catalog) { catalog.add<Sqrt, SqrtParams>("sqrt", "Each number becomes its square root."); }

}  // namespace kolosal
