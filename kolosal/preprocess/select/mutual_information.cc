// Selection by mutual information: of the columns looked at, the k that tell most about the target stay.
//
//   I(X; Y) = sum over x, y of p(x, y) log(p(x, y) / (p(x) p(y)))        in nats, p are shares of weight
//
// X is a column in groups: each category, and each number of a column with at most n_bins of them; other numbers fall into n_bins
// bins between quantiles (a value equal to a bound lies above it). Missing values are a group. Y are the classes, or a number in
// groups like X; information with several targets is added up. Of few rows the sum is too large by about
// (groups of x - 1)(groups of y - 1) / (2 weight), which is taken off where asked, so that levels seen once do not win.
//
// Cost     O(n_rows log n_rows) a column.
// Source   Shannon, Bell System Technical Journal 27, 1948; the correction: Miller, "Note on the bias of information estimates", 1955.
// Checked  select_test.cc; scikit-learn's mutual_info_score in tests/parity.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "kolosal/preprocess/forms/form.h"
#include "kolosal/preprocess/select/selection.h"

namespace kolosal {
namespace {

struct MutualInformationParams {
  std::vector<std::string> columns;
  int k = 10;
  int n_bins = 10;
  bool correct_bias = true;
};

void describe(Fields<MutualInformationParams>& f) {
  using P = MutualInformationParams;
  f.add("columns", &P::columns, "Columns to choose from; empty means all but texts. Others pass.");
  f.add("k", &P::k, "How many of them stay.").min(1).search_log(4, 256);
  f.add("n_bins", &P::n_bins, "Bins between quantiles that numbers with more distinct values fall into.").min(2).max(1000);
  f.add("correct_bias", &P::correct_bias, "Whether what chance alone is expected to give is taken off.");
}

/// A group for each of some rows: 0 .. n - 1.
struct Groups {
  std::vector<uint32_t> of_row;
  size_t n = 0;
};

/// The distinct values of a column, or its bins; missing values are the last group.
Groups grouped(const Column& column, std::span<const uint32_t> rows, std::span<const double> weights, size_t n_bins) {
  const CellCodes cells = cell_codes(column, rows);
  Groups groups{std::vector<uint32_t>(rows.size()), cells.first_rows.size() + 1};
  if (is_level(column.kind()) || cells.first_rows.size() <= n_bins) {
    for (size_t i = 0; i < rows.size(); ++i)
      groups.of_row[i] = static_cast<uint32_t>(cells.codes[i] < 0 ? groups.n - 1 : static_cast<size_t>(cells.codes[i]));
    return groups;
  }
  Sample sample = finite_sample(column, weights);
  sort_sample(sample);
  std::vector<double> bounds;
  for (size_t bin = 1; bin < n_bins; ++bin)
    bounds.push_back(sorted_quantile(sample, static_cast<double>(bin) / static_cast<double>(n_bins)));
  groups.n = n_bins + 1;
  for (size_t i = 0; i < rows.size(); ++i) {
    const double value = column.number(rows[i]);
    groups.of_row[i] =
        static_cast<uint32_t>(std::isnan(value) ? n_bins : static_cast<size_t>(std::ranges::upper_bound(bounds, value) - bounds.begin()));
  }
  return groups;
}

/// Each target of the rows in groups.
std::vector<Groups> grouped_targets(const Target& target, std::span<const uint32_t> rows, std::span<const double> weights, size_t n_bins) {
  std::vector<Groups> targets;
  for (size_t k = 0; k < target.n_targets; ++k) {
    std::vector<double> values(target.n_rows);
    for (size_t row = 0; row < values.size(); ++row) values[row] = target.values[row * target.n_targets + k];
    const size_t most = is_classification(target.task) ? values.size() : n_bins;
    targets.push_back(grouped(Column::numeric("target", std::move(values)), rows, weights, most));
  }
  return targets;
}

double information(const Groups& x, const Groups& y, std::span<const uint32_t> rows, std::span<const double> weights, bool correct_bias) {
  std::vector<double> of_x(x.n), of_y(y.n);
  std::vector<size_t> order(rows.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, [&](size_t i) { return uint64_t{x.of_row[i]} * y.n + y.of_row[i]; });
  const auto weight = [&](size_t i) { return weights.empty() ? 1.0 : weights[rows[i]]; };
  double total = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    total += weight(i);
    of_x[x.of_row[i]] += weight(i);
    of_y[y.of_row[i]] += weight(i);
  }
  double sum = 0;
  for (size_t first = 0; first < order.size();) {
    const uint32_t group_x = x.of_row[order[first]], group_y = y.of_row[order[first]];
    double both = 0;
    for (; first < order.size() && x.of_row[order[first]] == group_x && y.of_row[order[first]] == group_y; ++first)
      both += weight(order[first]);
    sum += both / total * std::log(both / of_x[group_x] / of_y[group_y] * total);
  }
  if (!correct_bias || total == 0) return sum;
  const auto n_used = [](const std::vector<double>& of_group) {
    return static_cast<double>(std::ranges::count_if(of_group, [](double value) { return value > 0; }));
  };
  return sum - (n_used(of_x) - 1) * (n_used(of_y) - 1) / (2 * total);
}

class MutualInformation : public Transformer {
 public:
  explicit MutualInformation(MutualInformationParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    const auto fits = [this](ColumnKind kind) { return kind != ColumnKind::Text || !params_.columns.empty(); };
    const auto columns = choose_columns(input, params_.columns, fits, "mutual_information");
    if (columns.empty()) return drop_columns(input.table, columns, {});
    if (input.target == nullptr || input.target->n_rows != input.table.n_rows())
      throw Error(ErrorCode::BadValue, "mutual_information needs a target value for each row", "Fit it with a target, or use select.");
    const std::vector<uint32_t> rows = weighted_rows(input.table.n_rows(), input.weights);
    const auto n_bins = static_cast<size_t>(params_.n_bins);
    const std::vector<Groups> targets = grouped_targets(*input.target, rows, input.weights, n_bins);
    std::vector<double> scores(columns.size());
    context.threads->parallel_each(columns.size(), [&](size_t i) {
      context.check();
      const Groups groups = grouped(*columns[i], rows, input.weights, n_bins);
      for (const Groups& target : targets) scores[i] += information(groups, target, rows, input.weights, params_.correct_bias);
    });
    std::vector<size_t> order(columns.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::stable_sort(order, std::ranges::greater{}, [&](size_t i) { return scores[i]; });
    std::vector<std::optional<std::string>> reasons(columns.size());
    for (size_t place = static_cast<size_t>(params_.k); place < order.size(); ++place)
      reasons[order[place]] = "the mutual information with the target, " + short_number(scores[order[place]]) + " nats, is not among the " +
                              std::to_string(params_.k) + " largest";
    return drop_columns(input.table, columns, std::move(reasons));
  }

 private:
  MutualInformationParams params_;
};

}  // namespace

void register_mutual_information(Catalog<Transformer>& catalog) {
  catalog.add<MutualInformation, MutualInformationParams>("mutual_information", "The columns that tell most about the target stay.",
                                                          {"select_k_best"});
}

}  // namespace kolosal
