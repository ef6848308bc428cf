// Bins that each hold the same number of rows, but for rows that share a value.
//
// Cost     O(n_rows log n_rows) a column.
// Checked  bin_test.cc; scikit-learn's KBinsDiscretizer (strategy "quantile", method "linear") in tests/parity.
#include "kolosal/preprocess/bin/bin_fit.h"

namespace kolosal {
namespace {

struct EqualFrequencyBinParams {
  std::vector<std::string> columns;
  int n_bins = 5;
  BinEncode encode = BinEncode::Ordinal;
};
void describe(Fields<EqualFrequencyBinParams>& f) { describe_bins(f); }

class EqualFrequencyBin : public Transformer {
 public:
  explicit EqualFrequencyBin(EqualFrequencyBinParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    const std::vector<double> shares = even_shares();
    return fit_bins(input, context, params_.columns, params_.encode, "equal_frequency_bin",
                    [&](const Column& column, std::span<const double> weights) { return column_quantiles(column, weights, shares); });
  }

  std::unique_ptr<ChunkFit> start_chunks() const override {
    return fit_bins_in_chunks<ChunkQuantiles>(
        params_.columns, params_.encode, "equal_frequency_bin",
        [shares = even_shares()](const ChunkQuantiles& quantiles) { return quantiles.found().quantiles(shares); });
  }

 private:
  std::vector<double> even_shares() const {
    const auto n_bins = static_cast<size_t>(params_.n_bins);
    std::vector<double> shares(n_bins + 1);
    for (size_t i = 0; i <= n_bins; ++i) shares[i] = static_cast<double>(i) / static_cast<double>(n_bins);
    return shares;
  }

  EqualFrequencyBinParams params_;
};

}  // namespace

void register_equal_frequency_bin(Catalog<Transformer>& catalog) {
  catalog.add<EqualFrequencyBin, EqualFrequencyBinParams>("equal_frequency_bin", "Each column is cut into bins of equally many rows.");
}

}  // namespace kolosal
