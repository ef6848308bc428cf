// Imputation by chained equations: each column is regressed on all others, in rounds, and its missing numbers become the predictions.
//
// Missing numbers start as means. A round goes through the columns, those with the fewest missing numbers first; a column's model is a
// Bayesian ridge regression on the rows that have the column, as the round has left the others. Rounds end when no row changed by
// more than tol times the largest magnitude of the table (sum of the changes of a row), or after max_iter. A column without any
// finite number gets 0 and takes no part.
//
// Models come from moments: those of all rows are summed once a round, and those of the rows that lack the column are taken off,
// which costs as many rows as numbers are missing. Where digits would cancel, the rows that have it are summed themselves, about
// their means.
//
// Cost     O(n_columns^2 (n_rows + n_missing)) a round, besides O(n_columns^4) for the models. Memory: one copy of the columns.
// Source   van Buuren, Groothuis-Oudshoorn, Journal of Statistical Software 45(3), 2011, without sampling.
// Checked  iterative_impute_test.cc, against scikit-learn's IterativeImputer(BayesianRidge()) in tests/parity.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "kolosal/base/arena.h"
#include "kolosal/kernels/kernels.h"
#include "kolosal/preprocess/fitting.h"
#include "kolosal/preprocess/forms/chained_fill.h"
#include "kolosal/preprocess/impute/bayesian_ridge.h"

namespace kolosal {
namespace {

constexpr size_t kChunk = 1024;
constexpr size_t kMostBlocks = 16;
constexpr size_t kAll = ~size_t{0};  // no single column
constexpr double kLeastLeft = 1e-6;  // of a second moment, once rows are taken off and the mean is

struct IterativeImputeParams {
  std::vector<std::string> columns;
  int64_t max_iter = 10;
  double tol = 1e-3;
};

void describe(Fields<IterativeImputeParams>& f) {
  using P = IterativeImputeParams;
  f.add("columns", &P::columns, "Columns to impute, which also predict one another; empty means all numbers.");
  f.add("max_iter", &P::max_iter, "Most rounds through the columns.").min(1).search(3, 30);
  f.add("tol", &P::tol, "Change of a row, as a share of the largest magnitude, below which rounds end.").min(0);
}

/// Sums of products of the columns, and of the columns with one (the last): (n_columns + 1) squared, symmetric.
using Products = std::vector<double>;

/// The rows of a fit as differences from the means, and the rounds over them.
class ChainedFit {
 public:
  ChainedFit(const std::vector<const Column*>& columns, std::span<const double> weights, const FitContext& context) : context_(context) {
    for (uint32_t row = 0; row < (columns.empty() ? 0 : columns[0]->size()); ++row)
      if (weights.empty() || weights[row] > 0) rows_.push_back(row);
    for (const uint32_t row : rows_) weights_.push_back(weights.empty() ? 1 : weights[row]);
    for (const Column* column : columns) add_column(*column, weights);
  }

  ChainedModels run(int64_t max_iter, double tol) {
    std::vector<double> missing_weight(n_columns());
    for (size_t j = 0; j < n_columns(); ++j)
      for (const uint32_t row : missing_[j]) missing_weight[j] += weights_[row];
    std::ranges::stable_sort(models_.order, {}, [&](int32_t j) { return missing_weight[static_cast<size_t>(j)]; });
    for (int64_t round = 0; round < max_iter && models_.order.size() > 1; ++round)
      if (run_round() < tol * largest_) break;
    return std::move(models_);
  }

 private:
  size_t n_columns() const { return x_.size(); }

  void add_column(const Column& column, std::span<const double> weights) {
    const Sample sample = finite_sample(column, weights);
    const double mean = sample_mean(sample);
    const std::vector<double> values = column.numbers();
    std::vector<double> differences(rows_.size());
    std::vector<uint32_t> missing;
    for (size_t i = 0; i < rows_.size(); ++i) {
      const double value = values[rows_[i]];
      if (!std::isfinite(value)) missing.push_back(static_cast<uint32_t>(i));
      else {
        differences[i] = value - mean;
        largest_ = std::max(largest_, std::abs(value));
      }
    }
    if (!sample.values.empty()) models_.order.push_back(static_cast<int32_t>(x_.size()));
    models_.columns.push_back(column.name());
    models_.means.push_back(mean);
    missing_.push_back(std::move(missing));
    x_.push_back(std::move(differences));
  }

  /// Fits and applies each model; returns the largest change of a row.
  double run_round() {
    std::vector<double> change(rows_.size());
    std::vector<uint32_t> all(rows_.size());
    std::iota(all.begin(), all.end(), 0U);
    Products products = products_of(all);
    for (const int32_t column : models_.order) {
      context_.check();
      const auto j = static_cast<size_t>(column);
      const Products lacking = products_of(missing_[j]);
      std::vector<double> shift;
      const Products having = without(products, lacking, j, shift);
      fit_column(j, having, shift);
      predict(j, change);
      const Products filled = missing_[j].empty() ? lacking : products_of(missing_[j], j);
      for (size_t k = 0; k <= n_columns() && !missing_[j].empty(); ++k) {
        products[at(j, k)] += filled[at(j, k)] - lacking[at(j, k)];
        products[at(k, j)] = products[at(j, k)];
      }
    }
    return change.empty() ? 0 : *std::ranges::max_element(change);
  }

  size_t at(size_t a, size_t b) const { return a * (n_columns() + 1) + b; }

  /// Products over some rows; where `only` is a column, its products alone. The sums are of blocks, which any number of threads shares.
  Products products_of(std::span<const uint32_t> rows, size_t only = kAll, std::span<const double> shift = {}) const {
    const size_t size = (n_columns() + 1) * (n_columns() + 1);
    const size_t n_chunks = (rows.size() + kChunk - 1) / kChunk;
    const size_t grain = std::max<size_t>(1, (n_chunks + kMostBlocks - 1) / kMostBlocks);
    std::vector<Products> parts((n_chunks + grain - 1) / grain);
    context_.threads->parallel_for(n_chunks, grain, [&](size_t begin, size_t end) {
      Products& part = parts[begin / grain];
      part.resize(size);
      Arena arena((n_columns() + 2) * kChunk * sizeof(double), context_.memory);
      for (size_t chunk = begin; chunk < end; ++chunk) {
        context_.check();
        add_products(rows.subspan(chunk * kChunk, std::min(kChunk, rows.size() - chunk * kChunk)), only, shift, arena, part);
        arena.reset();
      }
    });
    Products total(size);
    for (const Products& part : parts)
      for (size_t i = 0; i < size; ++i) total[i] += part[i];
    return total;
  }

  void add_products(std::span<const uint32_t> rows, size_t only, std::span<const double> shift, Arena& arena, Products& to) const {
    const size_t n = n_columns() + 1, n_rows = rows.size();
    const std::span<double> cells = arena.make<double>(n * n_rows), weighted = arena.make<double>(n_rows);
    std::ranges::fill(cells.last(n_rows), 1.0);
    for (size_t j = 0; j + 1 < n; ++j)
      for (size_t i = 0; i < n_rows; ++i) cells[j * n_rows + i] = x_[j][rows[i]] - (shift.empty() ? 0 : shift[j]);
    for (size_t a = 0; a < n; ++a) {
      if (only != kAll && a != only) continue;
      for (size_t i = 0; i < n_rows; ++i) weighted[i] = cells[a * n_rows + i] * weights_[rows[i]];
      for (size_t b = only == kAll ? a : 0; b < n; ++b) {
        to[at(a, b)] += dot(std::span<const double>(weighted), std::span<const double>(cells.subspan(b * n_rows, n_rows)));
        if (only == kAll) to[at(b, a)] = to[at(a, b)];
      }
    }
  }

  /// The products over the rows that have column j, of differences from `shift`, which is set; as a rule it is zero.
  Products without(const Products& all, const Products& lacking, size_t j, std::vector<double>& shift) const {
    const size_t one = n_columns();
    shift.assign(n_columns(), 0);
    Products left(all.size());
    for (size_t i = 0; i < all.size(); ++i) left[i] = all[i] - lacking[i];
    bool cancelled = false;
    for (size_t k = 0; k < n_columns(); ++k) {
      const double centred = left[at(k, k)] - left[at(k, one)] * (left[at(k, one)] / left[at(one, one)]);
      cancelled |= !(centred >= kLeastLeft * all[at(k, k)]);
    }
    if (!cancelled) return left;
    std::vector<uint32_t> having;
    for (uint32_t i = 0, next = 0; i < rows_.size(); ++i) {
      if (next < missing_[j].size() && missing_[j][next] == i) ++next;
      else having.push_back(i);
    }
    left = products_of(having);
    for (size_t k = 0; k < n_columns(); ++k) shift[k] = left[at(k, one)] / left[at(one, one)];
    return products_of(having, kAll, shift);
  }

  void fit_column(size_t j, const Products& products, const std::vector<double>& shift) {
    const size_t one = n_columns();
    std::vector<size_t> others;
    for (const int32_t k : models_.order)
      if (static_cast<size_t>(k) != j) others.push_back(static_cast<size_t>(k));
    std::ranges::sort(others);
    CentredMoments moments;
    moments.total_weight = products[at(one, one)];
    const auto centred = [&](size_t a, size_t b) {
      return products[at(a, b)] - products[at(a, one)] * (products[at(b, one)] / moments.total_weight);
    };
    for (const size_t a : others) {
      for (const size_t b : others) moments.products.push_back(centred(std::min(a, b), std::max(a, b)));
      moments.with_target.push_back(centred(std::min(a, j), std::max(a, j)));
    }
    moments.target_square = std::max(centred(j, j), 0.0);
    const double total = moments.total_weight;
    const std::vector<double> slopes = bayesian_ridge(std::move(moments));
    double intercept = shift[j] + products[at(j, one)] / total;
    std::vector<double> weights(n_columns());
    for (size_t i = 0; i < others.size(); ++i) {
      weights[others[i]] = slopes[i];
      if (slopes[i] != 0) intercept -= slopes[i] * (shift[others[i]] + products[at(others[i], one)] / total);
    }
    models_.intercepts.push_back(std::isfinite(intercept) ? intercept : 0);
    models_.weights.insert(models_.weights.end(), weights.begin(), weights.end());
  }

  /// Puts the newest model's predictions where column j is missing.
  void predict(size_t j, std::vector<double>& change) {
    const double intercept = models_.intercepts.back();
    const double* weights = models_.weights.data() + models_.weights.size() - n_columns();
    context_.threads->parallel_for(missing_[j].size(), kChunk, [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) {
        const uint32_t row = missing_[j][i];
        double sum = intercept;
        for (size_t k = 0; k < n_columns(); ++k) sum += weights[k] * x_[k][row];
        if (!std::isfinite(sum)) sum = 0;
        change[row] += std::abs(sum - x_[j][row]);
        x_[j][row] = sum;
      }
    });
  }

  const FitContext& context_;
  std::vector<uint32_t> rows_;   // of the table: those of weight above 0
  std::vector<double> weights_;  // of each
  std::vector<std::vector<double>> x_;
  std::vector<std::vector<uint32_t>> missing_;
  double largest_ = 0;
  ChainedModels models_;
};

class IterativeImpute : public Transformer {
 public:
  explicit IterativeImpute(IterativeImputeParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    const auto columns = choose_columns(input, params_.columns, is_number, "iterative_impute");
    context.check();
    return make_chained_fill(ChainedFit(columns, input.weights, context).run(params_.max_iter, params_.tol));
  }

 private:
  IterativeImputeParams params_;
};

}  // namespace

void register_iterative_impute(Catalog<Transformer>& catalog) {
  catalog.add<IterativeImpute, IterativeImputeParams>(
      "iterative_impute", "Missing numbers are predicted from the other columns by Bayesian ridge regression, in rounds (MICE).",
      {"iterative_imputer", "mice"});
}

}  // namespace kolosal
