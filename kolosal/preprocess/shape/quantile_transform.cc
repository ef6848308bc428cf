// Quantile transformation: each number becomes its rank, so that a column is spread evenly or normally whatever its shape was.
//
// Cost     O(n_rows log n_rows) a column: all rows are sorted.
// Checked  quantile_transform_test.cc; scikit-learn's QuantileTransformer (subsample=None) in tests/parity.
#include <algorithm>
#include <array>
#include <numeric>

#include "kolosal/preprocess/chunk_fit.h"
#include "kolosal/preprocess/forms/ranks.h"

namespace kolosal {
namespace {

enum class RankOutput { Uniform, Normal };
constexpr auto enum_names(RankOutput) {
  return std::to_array<std::pair<RankOutput, std::string_view>>({{RankOutput::Uniform, "uniform"}, {RankOutput::Normal, "normal"}});
}

struct QuantileTransformParams {
  std::vector<std::string> columns;
  int n_quantiles = 1000;
  RankOutput output = RankOutput::Uniform;
};

void describe(Fields<QuantileTransformParams>& f) {
  using P = QuantileTransformParams;
  f.add("columns", &P::columns, "Columns to spread; empty means all numbers and integers.");
  f.add("n_quantiles", &P::n_quantiles, "Quantiles kept, between which is interpolated; at most one a row.").min(2).max(100'000);
  f.add("output", &P::output, "How the result is spread: evenly over [0, 1], or normally.").alias("output_distribution");
}

class QuantileTransform : public Transformer {
 public:
  explicit QuantileTransform(QuantileTransformParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    const auto columns = chosen(input);
    RowCount count;
    count.add(input.table.n_rows(), input.weights);
    const std::vector<double> shares = shares_of(count);
    std::vector<RanksColumn> fitted(columns.size());
    context.threads->parallel_each(columns.size(), [&](size_t i) {
      context.check();
      fitted[i] = ranks(*columns[i], column_quantiles(*columns[i], input.weights, shares));
    });
    return make_ranks(std::move(fitted));
  }

  std::unique_ptr<ChunkFit> start_chunks() const override {
    return std::make_unique<ColumnsInChunks<ChunkRanks>>(
        "quantile_transform", [this](const TransformerInput& chunk) { return chosen(chunk); },
        [this](const Table&, std::span<const Column* const> columns, const std::vector<ChunkRanks>& statistics) {
          std::vector<RanksColumn> fitted;
          for (size_t i = 0; i < columns.size(); ++i)
            fitted.push_back(ranks(*columns[i], statistics[i].quantiles.found().quantiles(shares_of(statistics[i].count))));
          return make_ranks(std::move(fitted));
        });
  }

 private:
  /// Rows, a row of weight w as w of them, one of a lesser weight as one.
  struct RowCount {
    size_t present = 0;
    double weight = 0;

    void add(size_t n_rows, std::span<const double> weights) {
      present += n_rows - static_cast<size_t>(std::ranges::count(weights, 0.0));
      weight += weights.empty() ? static_cast<double>(n_rows) : std::accumulate(weights.begin(), weights.end(), 0.0);
    }
    size_t found() const { return std::max(present, static_cast<size_t>(std::min(weight, 1e9))); }
  };
  struct ChunkRanks {
    RowCount count;
    ChunkQuantiles quantiles;
    void add(const Column& column, std::span<const double> weights, const FitContext& context) {
      count.add(column.size(), weights);
      quantiles.add(column, weights, context);
    }
  };

  std::vector<const Column*> chosen(const TransformerInput& input) const {
    return number_columns(input, params_.columns, "quantile_transform");
  }

  std::vector<double> shares_of(const RowCount& count) const {
    const auto n = std::max<size_t>(std::min(static_cast<size_t>(params_.n_quantiles), count.found()), 1);
    std::vector<double> shares(n);
    for (size_t i = 0; i < n; ++i) shares[i] = n == 1 ? 0 : static_cast<double>(i) / static_cast<double>(n - 1);
    return shares;
  }

  RanksColumn ranks(const Column& column, std::vector<double> quantiles) const {
    return {.name = column.name(), .quantiles = std::move(quantiles), .normal = params_.output == RankOutput::Normal};
  }

  QuantileTransformParams params_;
};

}  // namespace

void register_quantile_transform(Catalog<Transformer>& catalog) {
  catalog.add<QuantileTransform, QuantileTransformParams>(
      "quantile_transform", "Each number becomes its rank among the training rows, spread evenly or normally.", {"quantile"});
}

}  // namespace kolosal
