// Imputation by nearest neighbours: a missing number becomes the mean of those that the most alike training rows have there.
//
// Distances are of the columns that both rows have, so columns should be of like size: scale before. A column without any finite
// number gets 0, and says nothing in distances. Rows that share no column with a row that has the number get the column's mean.
//
// Cost     fitting O(n_rows n_columns), which the fitted form keeps; forms/knn_fill.cc tells that of filling.
// Source   Troyanskaya et al., Bioinformatics 17(6), 2001; the distance of Dixon, IEEE SMC 9(10), 1979.
// Checked  knn_impute_test.cc, against scikit-learn's KNNImputer in tests/parity.
#include <algorithm>
#include <cmath>

#include "kolosal/preprocess/fitting.h"
#include "kolosal/preprocess/forms/knn_fill.h"

namespace kolosal {
namespace {

struct KnnImputeParams {
  std::vector<std::string> columns;
  int64_t n_neighbors = 5;
  NeighborWeighting weighting = NeighborWeighting::Uniform;
};

void describe(Fields<KnnImputeParams>& f) {
  using P = KnnImputeParams;
  f.add("columns", &P::columns, "Columns to impute, which also make up the distance; empty means all numbers.");
  f.add("n_neighbors", &P::n_neighbors, "How many nearest rows count.").min(1).search(1, 30);
  f.add("weighting", &P::weighting, "Whether neighbours count alike or by the inverse of their distance.").alias("weights");
}

class KnnImpute : public Transformer {
 public:
  explicit KnnImpute(KnnImputeParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    return learn(input, context);
  }

  std::pair<std::unique_ptr<FittedTransformer>, Table> fit_transform(const TransformerInput& input,
                                                                     const FitContext& context) const override {
    auto fitted = learn(input, context);
    const MemoryLease lease = lease_columns(*fitted, input.table.n_rows(), context);
    Table filled = fitted->fill(input.table, *context.threads, &context);
    return {std::move(fitted), std::move(filled)};
  }

 private:
  std::unique_ptr<KnnFill> learn(const TransformerInput& input, const FitContext& context) const {
    const auto columns = choose_columns(input, params_.columns, is_number, "knn_impute");
    KnnFillRows fitted{.n_neighbors = params_.n_neighbors, .weighting = params_.weighting};
    std::vector<uint32_t> rows;
    for (uint32_t row = 0; row < input.table.n_rows(); ++row)
      if (input.weights.empty() || input.weights[row] > 0) rows.push_back(row);
    if (std::ranges::any_of(input.weights, [](double weight) { return weight != 0 && weight != 1; }))
      for (const uint32_t row : rows) fitted.row_weights.push_back(input.weights[row]);
    const MemoryLease lease(context.memory, columns.size() * rows.size() * (sizeof(double) + 1), "the rows that knn_impute keeps");
    fitted.values.reserve(columns.size() * rows.size());
    fitted.there.reserve(columns.size() * rows.size());
    for (const Column* column : columns) {
      context.check();
      fitted.columns.push_back(column->name());
      fitted.means.push_back(sample_mean(finite_sample(*column, input.weights)));
      const std::vector<double> values = column->numbers();
      for (const uint32_t row : rows) {
        const bool is_there = std::isfinite(values[row]);
        fitted.there.push_back(is_there ? 1 : 0);
        fitted.values.push_back(is_there ? values[row] : 0);
      }
    }
    return std::make_unique<KnnFill>(std::move(fitted));
  }

  KnnImputeParams params_;
};

}  // namespace

void register_knn_impute(Catalog<Transformer>& catalog) {
  catalog.add<KnnImpute, KnnImputeParams>("knn_impute", "Missing numbers become the mean of those that the nearest rows have.",
                                          {"knn_imputer"});
}

}  // namespace kolosal
