// The isolation form. The score is -2^(-mean path length / usual length): that of Liu, Ting, Zhou (2008) with the sign of scikit-learn's
// score_samples. Missing values and NaN go where most training rows of the node went.
//
// Cost     O(n_trees depth) a row.
// Checked  isolation_forest_test.cc.
#include "kolosal/preprocess/forms/isolation.h"

#include <cmath>

namespace kolosal {
namespace {

constexpr size_t kGrain = 512;

double path_length(const IsolationTrees& trees, size_t node, const std::vector<std::vector<double>>& values, size_t row) {
  while (trees.feature[node] >= 0) {
    const double value = values[static_cast<size_t>(trees.feature[node])][row];
    const bool goes_left = std::isnan(value) ? trees.missing_left[node] != 0 : value <= trees.threshold[node];
    node = static_cast<size_t>(trees.left[node]) + (goes_left ? 0 : 1);
  }
  return trees.threshold[node];
}

class Isolation : public FittedTransformer {
 public:
  explicit Isolation(IsolationTrees trees) : trees_(std::move(trees)) {}
  std::string_view form() const override { return "isolation"; }
  bool invertible() const override { return true; }

  Table transform(const Table& table, const Threads& threads) const override {
    std::vector<double> scores = isolation_scores(trees_, table, threads);
    Table scored = table;
    if (!trees_.flag_column.empty()) {
      std::vector<uint8_t> flags(scores.size());
      for (size_t row = 0; row < flags.size(); ++row) flags[row] = scores[row] < trees_.limit;
      scored = scored.with_column(Column::boolean(trees_.flag_column, std::move(flags)));
    }
    if (!trees_.score_column.empty()) scored = scored.with_column(Column::numeric(trees_.score_column, std::move(scores)));
    return scored;
  }

  Table inverse_transform(const Table& table) const override {
    std::vector<std::string> added;
    for (const std::string& name : {trees_.score_column, trees_.flag_column})
      if (!name.empty()) added.push_back(needed_column(table, name).name());
    return table.drop(added);
  }

  size_t bytes_a_row() const override { return (trees_.score_column.empty() ? 0 : sizeof(double)) + (trees_.flag_column.empty() ? 0 : 1); }
  Value to_value() const override { return kolosal::to_value(trees_); }

 private:
  IsolationTrees trees_;
};

/// Children stand after their parent, so that every path ends.
void require_trees(const IsolationTrees& trees) {
  const size_t n = trees.feature.size();
  require_fitted(trees.left.size() == n && trees.threshold.size() == n && trees.missing_left.size() == n, "isolation",
                 "its parts differ in length");
  for (const int32_t root : trees.roots) require_fitted(root >= 0 && static_cast<size_t>(root) < n, "isolation", "a tree has no root");
  for (size_t node = 0; node < n; ++node) {
    require_fitted(std::isfinite(trees.threshold[node]), "isolation", "a threshold is not finite");
    if (trees.feature[node] < 0) continue;
    require_fitted(static_cast<size_t>(trees.feature[node]) < trees.columns.size(), "isolation", "a node splits no column");
    require_fitted(trees.left[node] > static_cast<int64_t>(node) && static_cast<size_t>(trees.left[node]) + 1 < n, "isolation",
                   "a node has no children");
  }
  require_fitted(trees.usual_length > 0 && std::isfinite(trees.usual_length) && std::isfinite(trees.limit), "isolation",
                 "a number is not finite");
}

class IsolationForm : public TransformerForm {
 public:
  std::unique_ptr<FittedTransformer> from_value(const Value& value) const override {
    IsolationTrees trees;
    try {
      trees = kolosal::from_value<IsolationTrees>(value, "isolation");
    } catch (const Error& error) {
      require_fitted(false, "isolation", error.message());
    }
    require_trees(trees);
    return make_isolation(std::move(trees));
  }
};

}  // namespace

std::vector<double> isolation_scores(const IsolationTrees& trees, const Table& table, const Threads& threads, const FitContext* context) {
  std::vector<std::vector<double>> values;
  for (const std::string& name : trees.columns) {
    const Column& column = needed_column(table, name);
    if (!is_number(column.kind())) wrong_column_kind(column, "a number");
    values.push_back(column.numbers());
  }
  std::vector<double> scores(table.n_rows(), -0.5);
  if (trees.roots.empty()) return scores;
  const double n_trees = static_cast<double>(trees.roots.size());
  threads.parallel_for(scores.size(), kGrain, [&](size_t begin, size_t end) {
    if (context != nullptr) context->check();
    std::vector<double> lengths(end - begin);
    for (const int32_t root : trees.roots)  // a tree stays in the cache for all rows of the block
      for (size_t row = begin; row < end; ++row) lengths[row - begin] += path_length(trees, static_cast<size_t>(root), values, row);
    for (size_t row = begin; row < end; ++row) scores[row] = -std::exp2(-lengths[row - begin] / n_trees / trees.usual_length);
  });
  return scores;
}

void describe(Fields<IsolationTrees>& fields) {
  using T = IsolationTrees;
  fields.add("columns", &T::columns, "The columns that trees split.");
  fields.add("roots", &T::roots, "The node of each tree's root.");
  fields.add("feature", &T::feature, "The column that each node splits; -1 for a leaf.");
  fields.add("left", &T::left, "The left child of each node; the right one stands after it.");
  fields.add("threshold", &T::threshold, "Up to which rows go left; the path length of a leaf.");
  fields.add("missing_left", &T::missing_left, "Whether rows without the column go left.");
  fields.add("usual_length", &T::usual_length, "The path length that makes a score of -0.5.");
  fields.add("limit", &T::limit, "The score below which a row is far out.");
  fields.add("score_column", &T::score_column, "Name of the column of scores; empty for none.");
  fields.add("flag_column", &T::flag_column, "Name of the column that tells rows far out; empty for none.");
}

std::unique_ptr<FittedTransformer> make_isolation(IsolationTrees trees) { return std::make_unique<Isolation>(std::move(trees)); }

void register_isolation(Catalog<TransformerForm>& catalog) {
  catalog.add<IsolationForm>("isolation", "How soon random splits part a row from the others, and whether that is far out.");
}

}  // namespace kolosal
