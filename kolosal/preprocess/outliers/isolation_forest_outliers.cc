// Outliers by an isolation forest: rows that random splits part from the others soon are far out.
//
// Each tree is grown on max_rows rows drawn without replacement (of weighted rows, the more likely the more they weigh), to a depth of
// log2 of their number: a column that still varies, at random, is split at a random place between its least and its largest value.
// A leaf of n rows counts as its depth and the length that an unsuccessful search among n rows takes. Scores are between -1 and 0, and
// below -0.5 where the mean path is shorter than that among max_rows; rows below -0.5, or the share `contamination` of the rows that
// score least, are far out. Rows that miss a column go where most rows of the node go. Infinities count as missing in growing.
//
// Cost     O(n_trees max_rows log max_rows) and O(n_rows n_trees log max_rows) for scores.
// Source   Liu, Ting, Zhou, ICDM 2008.
// Checked  isolation_forest_test.cc; scores as scikit-learn's IsolationForest in tests/parity.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "kolosal/base/random.h"
#include "kolosal/preprocess/fitting.h"
#include "kolosal/preprocess/forms/isolation.h"
#include "kolosal/preprocess/forms/pass.h"

namespace kolosal {
namespace {

enum class IsolationAction { Score, Flag, Remove };
constexpr auto enum_names(IsolationAction) {
  return std::to_array<std::pair<IsolationAction, std::string_view>>(
      {{IsolationAction::Score, "score"}, {IsolationAction::Flag, "flag"}, {IsolationAction::Remove, "remove"}});
}

struct IsolationParams {
  std::vector<std::string> columns;
  IsolationAction action = IsolationAction::Score;
  int64_t n_trees = 100;
  int64_t max_rows = 256;
  std::optional<double> contamination;
};

void describe(Fields<IsolationParams>& f) {
  using P = IsolationParams;
  f.add("columns", &P::columns, "Columns that trees split; empty means all numbers.");
  f.add("action", &P::action,
        "Whether a column of scores is added, a column that is true for rows far out, or rows far out are removed, in training alone.");
  f.add("n_trees", &P::n_trees, "How many trees are grown.").min(1).max(100000).alias("n_estimators");
  f.add("max_rows", &P::max_rows, "How many rows each tree is grown on, at most.").min(2).max(1 << 20).alias("max_samples");
  f.add("contamination", &P::contamination, "The share of rows taken for far out; not set: those that score below -0.5.").above(0).max(0.5);
}

/// The mean length of an unsuccessful search in a binary tree of n rows.
double search_length(double n) {
  constexpr double kEuler = 0.57721566490153286;
  if (n <= 1) return 0;
  if (n <= 2) return 1;
  return 2 * (std::log(n - 1) + kEuler) - 2 * (n - 1) / n;
}

/// Grows one tree on the rows drawn.
class IsolationTree {
 public:
  IsolationTree(const std::vector<std::vector<double>>& values, RandomStream random, std::vector<uint32_t> rows)
      : values_(values), random_(random), rows_(std::move(rows)) {
    deepest_ = static_cast<int>(std::ceil(std::log2(std::max<double>(2, static_cast<double>(rows_.size())))));
    add_node();
    grow(0, 0, rows_.size(), 0);
  }

  /// Adds the nodes to those of the trees before.
  void append_to(IsolationTrees& trees) const {
    const auto first = static_cast<int32_t>(trees.feature.size());
    trees.roots.push_back(first);
    for (size_t node = 0; node < nodes_.feature.size(); ++node)
      trees.left.push_back(nodes_.feature[node] < 0 ? 0 : nodes_.left[node] + first);
    trees.feature.insert(trees.feature.end(), nodes_.feature.begin(), nodes_.feature.end());
    trees.threshold.insert(trees.threshold.end(), nodes_.threshold.begin(), nodes_.threshold.end());
    trees.missing_left.insert(trees.missing_left.end(), nodes_.missing_left.begin(), nodes_.missing_left.end());
  }

 private:
  void add_node() {
    nodes_.feature.push_back(-1);
    nodes_.left.push_back(0);
    nodes_.threshold.push_back(0);
    nodes_.missing_left.push_back(0);
  }

  /// The least and the largest finite value of a column among some of the rows; nullopt where it does not vary.
  std::optional<std::pair<double, double>> range(size_t column, size_t begin, size_t end) const {
    double low = 0, high = 0;
    bool any = false;
    for (size_t i = begin; i < end; ++i) {
      const double value = values_[column][rows_[i]];
      if (!std::isfinite(value)) continue;
      low = any ? std::min(low, value) : value;
      high = any ? std::max(high, value) : value;
      any = true;
    }
    if (!any || !(low < high)) return std::nullopt;
    return std::pair(low, high);
  }

  void grow(size_t node, size_t begin, size_t end, int depth) {
    nodes_.threshold[node] = depth + search_length(static_cast<double>(end - begin));
    if (end - begin < 2 || depth >= deepest_) return;
    std::vector<uint32_t> columns(values_.size());
    std::iota(columns.begin(), columns.end(), 0U);
    for (size_t n_left = columns.size(); n_left > 0; --n_left) {
      std::swap(columns[random_.below(n_left)], columns[n_left - 1]);
      const size_t column = columns[n_left - 1];
      if (const auto between = range(column, begin, end)) {
        split(node, begin, end, depth, column, *between);
        return;
      }
    }
  }

  void split(size_t node, size_t begin, size_t end, int depth, size_t column, std::pair<double, double> between) {
    const double share = random_.uniform();
    double threshold = between.first * (1 - share) + between.second * share;
    if (!(threshold < between.second)) threshold = between.first;
    const std::vector<double>& values = values_[column];
    size_t n_left = 0, n_right = 0;
    for (size_t i = begin; i < end; ++i)
      if (!std::isnan(values[rows_[i]])) ++(values[rows_[i]] <= threshold ? n_left : n_right);
    const bool missing_left = n_left >= n_right;
    const auto middle =
        std::stable_partition(rows_.begin() + static_cast<ptrdiff_t>(begin), rows_.begin() + static_cast<ptrdiff_t>(end),
                              [&](uint32_t row) { return std::isnan(values[row]) ? missing_left : values[row] <= threshold; });
    const auto cut = static_cast<size_t>(middle - rows_.begin());
    const size_t left = nodes_.feature.size();
    add_node();
    add_node();
    nodes_.feature[node] = static_cast<int32_t>(column);
    nodes_.left[node] = static_cast<int32_t>(left);
    nodes_.threshold[node] = threshold;
    nodes_.missing_left[node] = missing_left ? 1 : 0;
    grow(left, begin, cut, depth + 1);
    grow(left + 1, cut, end, depth + 1);
  }

  const std::vector<std::vector<double>>& values_;
  RandomStream random_;
  std::vector<uint32_t> rows_;
  IsolationTrees nodes_;
  int deepest_ = 1;
};

/// `n` of the rows of weight above 0, without replacement. Rows weigh alike where `weights` is empty.
std::vector<uint32_t> draw_rows(const std::vector<uint32_t>& rows, std::span<const double> weights, size_t n, RandomStream& random) {
  std::vector<uint32_t> drawn = rows;
  if (n >= rows.size()) return drawn;
  if (weights.empty()) {
    for (size_t i = 0; i < n; ++i) std::swap(drawn[i], drawn[i + random.below(drawn.size() - i)]);
  } else {  // Efraimidis, Spirakis (2006)
    std::vector<std::pair<double, uint32_t>> keys;
    keys.reserve(rows.size());
    for (const uint32_t row : rows) keys.emplace_back(-std::log(1 - random.uniform()) / weights[row], row);
    std::ranges::nth_element(keys, keys.begin() + static_cast<ptrdiff_t>(n));
    std::ranges::sort(keys.begin(), keys.begin() + static_cast<ptrdiff_t>(n));
    for (size_t i = 0; i < n; ++i) drawn[i] = keys[i].second;
  }
  drawn.resize(n);
  return drawn;
}

class IsolationForestOutliers : public Transformer {
 public:
  explicit IsolationForestOutliers(IsolationParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    if (params_.action == IsolationAction::Remove) return make_pass(chosen(input));
    IsolationTrees trees = grow(input, context);
    FreeNames names(input.table);
    if (params_.action == IsolationAction::Score) trees.score_column = names.claim("isolation_score");
    else trees.flag_column = names.claim("is_outlier");
    return make_isolation(std::move(trees));
  }

  std::optional<std::vector<uint32_t>> training_rows(const TransformerInput& input, const FitContext& context) const override {
    if (params_.action != IsolationAction::Remove) return std::nullopt;
    const IsolationTrees trees = grow(input, context);
    const std::vector<double> scores = isolation_scores(trees, input.table, *context.threads, &context);
    std::vector<uint32_t> rows;
    for (size_t row = 0; row < scores.size(); ++row)
      if (!(scores[row] < trees.limit)) rows.push_back(static_cast<uint32_t>(row));
    return rows;
  }

 private:
  std::vector<const Column*> chosen(const TransformerInput& input) const {
    return choose_columns(input, params_.columns, is_number, "isolation_forest_outliers");
  }

  IsolationTrees grow(const TransformerInput& input, const FitContext& context) const {
    const auto columns = chosen(input);
    std::vector<std::vector<double>> values;
    for (const Column* column : columns) values.push_back(column->numbers());
    std::vector<uint32_t> rows;
    for (uint32_t row = 0; row < input.table.n_rows(); ++row)
      if (input.weights.empty() || input.weights[row] > 0) rows.push_back(row);
    const bool weighted = std::ranges::any_of(input.weights, [](double weight) { return weight != 0 && weight != 1; });
    const std::span<const double> weights = weighted ? input.weights : std::span<const double>();

    const auto n_trees = columns.empty() || rows.empty() ? 0 : static_cast<size_t>(params_.n_trees);
    const size_t n_drawn = std::min(rows.size(), static_cast<size_t>(params_.max_rows));
    std::vector<std::optional<IsolationTree>> grown(n_trees);
    context.threads->parallel_each(n_trees, [&](size_t i) {
      context.check();
      RandomStream random(context.seed, "isolation.tree", i);
      std::vector<uint32_t> drawn = draw_rows(rows, weights, n_drawn, random);
      grown[i].emplace(values, random, std::move(drawn));
    });
    IsolationTrees trees;
    for (const Column* column : columns) trees.columns.push_back(column->name());
    for (const auto& tree : grown) tree->append_to(trees);
    trees.usual_length = std::max(search_length(static_cast<double>(n_drawn)), 1.0);
    if (params_.contamination) trees.limit = limit_of(trees, input, *params_.contamination, context);
    return trees;
  }

  /// The score that the share `contamination` of the rows stays below.
  static double limit_of(const IsolationTrees& trees, const TransformerInput& input, double contamination, const FitContext& context) {
    const Column scores = Column::numeric("score", isolation_scores(trees, input.table, *context.threads, &context));
    Sample sample = finite_sample(scores, input.weights);
    sort_sample(sample);
    return sorted_quantile(sample, contamination);
  }

  IsolationParams params_;
};

}  // namespace

void register_isolation_forest_outliers(Catalog<Transformer>& catalog) {
  catalog.add<IsolationForestOutliers, IsolationParams>(
      "isolation_forest_outliers", "Rows that random splits part from the others soon are scored, flagged, or removed from training.",
      {"isolation_forest"});
}

}  // namespace kolosal
