// Bins that each hold the same number of rows, but for rows that share a value.
//
// Cost     O(n_rows log n_rows) a column.
// Checked  bin_test.cc; scikit-learn's KBinsDiscretizer (strategy "quantile") in tests/parity.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kolosal/preprocess/bin/bin_fit.h"

namespace kolosal {
namespace {

/// Where a bin ends between two rows: as far along the way as its share of the rows says; or at a row, in the middle of two where the share
/// is reached by the one exactly.
enum class QuantileMethod { Linear, AveragedInvertedCdf };
constexpr auto enum_names(QuantileMethod) {
  return std::to_array<std::pair<QuantileMethod, std::string_view>>(
      {{QuantileMethod::Linear, "linear"}, {QuantileMethod::AveragedInvertedCdf, "averaged_inverted_cdf"}});
}

struct EqualFrequencyBinParams {
  std::vector<std::string> columns;
  int n_bins = 5;
  QuantileMethod quantile_method = QuantileMethod::Linear;
  BinEncode encode = BinEncode::Ordinal;
};
void describe(Fields<EqualFrequencyBinParams>& f) {
  describe_bins(f);
  f.add(
      "quantile_method", &EqualFrequencyBinParams::quantile_method,
      "Where a bin ends between two rows: in proportion to its share of them, or at a row, in the middle of two where the share is exact.");
}

/// The numbers at which shares of the weight are reached; the middle of it and the next where one is reached exactly.
std::vector<double> stepped_quantiles(Sample sample, std::span<const double> shares) {
  if (sample.values.empty()) return std::vector<double>(shares.size());
  sort_sample(sample);
  std::vector<double> reached(sample.values.size());
  double total = 0;
  for (size_t i = 0; i < reached.size(); ++i) reached[i] = total += sample.weight(i);
  std::vector<double> found;
  for (const double share : shares) {
    const double wanted = std::max(share * total, std::numeric_limits<double>::min());
    const auto at = static_cast<size_t>(std::ranges::lower_bound(reached, wanted) - reached.begin());
    const size_t place = std::min(at, reached.size() - 1), next = std::min(place + 1, reached.size() - 1);
    const double value = sample.values[place];
    found.push_back(reached[place] == wanted ? value / 2 + sample.values[next] / 2 : value);
  }
  return found;
}

class EqualFrequencyBin : public Transformer {
 public:
  explicit EqualFrequencyBin(EqualFrequencyBinParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    const std::vector<double> shares = even_shares();
    return fit_bins(input, context, params_.columns, params_.encode, "equal_frequency_bin",
                    [&](const Column& column, std::span<const double> weights) {
                      if (is_stepped()) return stepped_quantiles(finite_sample(column, weights), shares);
                      return column_quantiles(column, weights, shares);
                    });
  }

  std::unique_ptr<ChunkFit> start_chunks() const override {
    return fit_bins_in_chunks<ChunkQuantiles>(params_.columns, params_.encode, "equal_frequency_bin",
                                              [shares = even_shares(), stepped = is_stepped()](const ChunkQuantiles& quantiles) {
                                                return stepped ? stepped_quantiles(quantiles.found().sample(), shares)
                                                               : quantiles.found().quantiles(shares);
                                              });
  }

 private:
  std::vector<double> even_shares() const {
    const auto n_bins = static_cast<size_t>(params_.n_bins);
    std::vector<double> shares(n_bins + 1);
    // In percent first, as others reckon: which rows lie on an edge hangs on the last digit.
    for (size_t i = 0; i < n_bins; ++i) shares[i] = static_cast<double>(i) * (100 / static_cast<double>(n_bins)) / 100;
    shares[n_bins] = 1;
    return shares;
  }
  bool is_stepped() const { return params_.quantile_method == QuantileMethod::AveragedInvertedCdf; }

  EqualFrequencyBinParams params_;
};

}  // namespace

void register_equal_frequency_bin(Catalog<Transformer>& catalog) {
  catalog.add<EqualFrequencyBin, EqualFrequencyBinParams>("equal_frequency_bin", "Each column is cut into bins of equally many rows.");
}

}  // namespace kolosal
