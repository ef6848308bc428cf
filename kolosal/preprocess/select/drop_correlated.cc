// Dropping of correlated columns: of numbers whose correlation is beyond a threshold either way, the first stays.
//
// The correlation is Pearson's, weighted, over the rows in which both columns have a finite value. Columns are gone through in their
// order and compared with those that stayed so far. A column that is constant where both are there is correlated with nothing.
//
// Cost     O(n_rows n_columns n_kept) time; 8 bytes a value of the columns compared, from the memory budget.
// Checked  select_test.cc; numpy's corrcoef in tests/parity.
#include <algorithm>
#include <cmath>

#include "kolosal/preprocess/forms/form.h"
#include "kolosal/preprocess/select/selection.h"

namespace kolosal {
namespace {

struct DropCorrelatedParams {
  std::vector<std::string> columns;
  double threshold = 0.95;
};

void describe(Fields<DropCorrelatedParams>& f) {
  using P = DropCorrelatedParams;
  f.add("columns", &P::columns, "Columns to compare; empty means all numbers, integers and booleans.");
  f.add("threshold", &P::threshold, "Largest size of a correlation between two columns that both stay.").min(0).max(1).search(0.8, 0.999);
}

/// One column, scaled into [-1, 1] and moved so that its mean is 0; 0 where it is missing.
struct Centred {
  std::vector<double> values;
  std::vector<uint8_t> there;  ///< empty where every row is
  double squares = 0;          ///< weighted sum; 0 where the column is constant
};

Centred centred(const Column& column, std::span<const uint32_t> rows, std::span<const double> weights) {
  Centred made;
  made.values.reserve(rows.size());
  double largest = 0;
  for (const uint32_t row : rows) {
    const double value = column.number(row);
    made.values.push_back(value);
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
    else made.there.resize(rows.size(), 1);
  }
  double sum = 0, total = 0, least = 1, most = -1;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!std::isfinite(made.values[i])) {
      made.there[i] = 0;
      continue;
    }
    if (largest > 0) made.values[i] /= largest;
    least = std::min(least, made.values[i]);
    most = std::max(most, made.values[i]);
    sum += weights[i] * made.values[i];
    total += weights[i];
  }
  const double mean = total > 0 ? sum / total : 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const bool is_there = made.there.empty() || made.there[i] != 0;
    made.values[i] = is_there && least < most ? made.values[i] - mean : 0;
    made.squares += weights[i] * made.values[i] * made.values[i];
  }
  return made;
}

/// Pearson's correlation; 0 where one of the two does not vary.
double correlation(const Centred& a, const Centred& b, std::span<const double> weights) {
  const size_t n = weights.size();
  if (a.squares == 0 || b.squares == 0) return 0;
  double product = 0;
  if (a.there.empty() && b.there.empty()) {
    for (size_t i = 0; i < n; ++i) product += weights[i] * a.values[i] * b.values[i];
    return product / std::sqrt(a.squares) / std::sqrt(b.squares);
  }
  double total = 0, sum_a = 0, sum_b = 0, squares_a = 0, squares_b = 0;
  for (size_t i = 0; i < n; ++i) {
    if ((!a.there.empty() && a.there[i] == 0) || (!b.there.empty() && b.there[i] == 0)) continue;
    const double weight = weights[i], x = a.values[i], y = b.values[i];
    total += weight;
    sum_a += weight * x;
    sum_b += weight * y;
    squares_a += weight * x * x;
    squares_b += weight * y * y;
    product += weight * x * y;
  }
  if (total == 0) return 0;
  const double spread_a = squares_a - sum_a * sum_a / total, spread_b = squares_b - sum_b * sum_b / total;
  constexpr double kRounding = 1e-13;
  if (!(spread_a > kRounding * squares_a) || !(spread_b > kRounding * squares_b)) return 0;
  return (product - sum_a * sum_b / total) / std::sqrt(spread_a) / std::sqrt(spread_b);
}

class DropCorrelated : public Transformer {
 public:
  explicit DropCorrelated(DropCorrelatedParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    const auto columns = choose_columns(input, params_.columns, is_number, "drop_correlated");
    const std::vector<uint32_t> rows = weighted_rows(input.table.n_rows(), input.weights);
    std::vector<double> weights;
    for (const uint32_t row : rows) weights.push_back(input.weights.empty() ? 1.0 : input.weights[row]);
    const MemoryLease lease(context.memory, rows.size() * columns.size() * sizeof(double), "drop_correlated");
    std::vector<Centred> all(columns.size());
    context.threads->parallel_each(columns.size(), [&](size_t i) {
      context.check();
      all[i] = centred(*columns[i], rows, weights);
    });
    std::vector<size_t> kept;
    std::vector<std::optional<std::string>> reasons(columns.size());
    std::vector<double> with_kept;
    for (size_t j = 0; j < columns.size(); ++j) {
      with_kept.assign(kept.size(), 0);
      context.threads->parallel_for(kept.size(), 1 + (size_t{1} << 16) / (rows.size() + 1), [&](size_t begin, size_t end) {
        for (size_t k = begin; k < end; ++k) {
          context.check();
          with_kept[k] = correlation(all[kept[k]], all[j], weights);
        }
      });
      const auto first = std::ranges::find_if(with_kept, [this](double value) { return std::abs(value) > params_.threshold; });
      if (first == with_kept.end()) {
        kept.push_back(j);
        continue;
      }
      const std::string& other = columns[kept[static_cast<size_t>(first - with_kept.begin())]]->name();
      reasons[j] = "the correlation with '" + other + "' is " + short_number(*first);
      all[j] = {};
    }
    return drop_columns(input.table, columns, std::move(reasons));
  }

 private:
  DropCorrelatedParams params_;
};

}  // namespace

void register_drop_correlated(Catalog<Transformer>& catalog) {
  catalog.add<DropCorrelated, DropCorrelatedParams>("drop_correlated",
                                                    "Columns of numbers that go along with an earlier one are left out.");
}

}  // namespace kolosal
