// Bins of equal width, from a column's least value to its largest.
//
// Cost     O(n_rows) a column.
// Checked  bin_test.cc; scikit-learn's KBinsDiscretizer (strategy "uniform") in tests/parity.
#include "kolosal/preprocess/bin/bin_fit.h"

namespace kolosal {
namespace {

struct EqualWidthBinParams {
  std::vector<std::string> columns;
  int n_bins = 5;
  BinEncode encode = BinEncode::Ordinal;
};
void describe(Fields<EqualWidthBinParams>& f) { describe_bins(f); }

class EqualWidthBin : public Transformer {
 public:
  explicit EqualWidthBin(EqualWidthBinParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    return fit_bins(input, context, params_.columns, params_.encode, "equal_width_bin",
                    [this](const Column& column, std::span<const double> weights) {
                      return equal_widths(column_range(column, weights), static_cast<size_t>(params_.n_bins));
                    });
  }

  std::unique_ptr<ChunkFit> start_chunks() const override {
    return fit_bins_in_chunks<ChunkRange>(
        params_.columns, params_.encode, "equal_width_bin",
        [n_bins = static_cast<size_t>(params_.n_bins)](const ChunkRange& range) { return equal_widths(range.found(), n_bins); });
  }

 private:
  EqualWidthBinParams params_;
};

}  // namespace

void register_equal_width_bin(Catalog<Transformer>& catalog) {
  catalog.add<EqualWidthBin, EqualWidthBinParams>("equal_width_bin", "Each column is cut into bins of equal width.");
}

}  // namespace kolosal
