// Bins that tell the target: each column is cut by a small tree of its own, the cut that explains most of the target first.
//
//   gain(cut) = sum_k L_k^2 / W_L + R_k^2 / W_R - T_k^2 / W_T,   sums of weighted targets and of weights left, right, together
//
// This is the fall in squared error, and of the Gini impurity where a target is the indicator of each class. The part whose best cut
// gains most is cut next, halfway between two values, until there are `n_bins` parts. The cuts are learnt from the rows of the fit
// and tell their targets a little; `min_rows` bounds how much.
//
// Cost     O(n_rows log n_rows) a column for sorting, then O(n_rows n_outputs) for each level of cuts.
// Source   Breiman, Friedman, Olshen and Stone, "Classification and Regression Trees", 1984.
// Checked  bin_test.cc; scikit-learn's trees with max_leaf_nodes in tests/parity.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <queue>

#include "kolosal/preprocess/bin/bin_fit.h"

namespace kolosal {
namespace {

struct TreeBinParams {
  std::vector<std::string> columns;
  int n_bins = 5;
  BinEncode encode = BinEncode::Ordinal;
  double min_rows = 20;
};
void describe(Fields<TreeBinParams>& f) {
  describe_bins(f);
  f.add("min_rows", &TreeBinParams::min_rows, "Fewest rows (by weight) in a bin.").min(0).alias("min_samples_leaf");
}

/// The rows of a column in order of value, with what is to be told.
struct Ordered {
  std::vector<double> values, weights;
  std::vector<double> goals;  ///< (n, n_outputs) row-major, weighted
  size_t n_outputs = 1;
};

size_t n_goals(const Target& target) { return target.task == Task::Multiclass ? target.n_classes() : target.n_targets; }

Ordered order_rows(const Column& column, std::span<const double> weights, const Target& target) {
  std::vector<std::pair<double, uint32_t>> rows;
  for (size_t row = 0; row < column.size(); ++row)
    if (const double value = column.number(row); std::isfinite(value) && (weights.empty() || weights[row] > 0))
      rows.emplace_back(value, static_cast<uint32_t>(row));
  std::ranges::sort(rows);
  Ordered made;
  made.n_outputs = n_goals(target);
  made.goals.reserve(rows.size() * made.n_outputs);
  for (const auto& [value, row] : rows) {
    made.values.push_back(value);
    made.weights.push_back(weights.empty() ? 1.0 : weights[row]);
    for (size_t k = 0; k < made.n_outputs; ++k) {
      const double goal = target.task == Task::Multiclass ? static_cast<double>(target.values[row] == static_cast<double>(k))
                                                          : target.values[row * target.n_targets + k];
      made.goals.push_back(made.weights.back() * goal);
    }
  }
  return made;
}

/// Rows begin .. end - 1, and their best cut: before row `at`; without one, gain is 0.
struct Part {
  size_t begin = 0, end = 0, at = 0;
  double gain = 0;
  bool operator<(const Part& other) const { return gain != other.gain ? gain < other.gain : begin > other.begin; }
};

Part best_cut(const Ordered& rows, size_t begin, size_t end, double min_rows) {
  Part part{.begin = begin, .end = end};
  const size_t width = rows.n_outputs;
  std::vector<double> left(width), all(width);
  double weight = 0, total = 0;
  for (size_t i = begin; i < end; ++i) {
    total += rows.weights[i];
    for (size_t k = 0; k < width; ++k) all[k] += rows.goals[i * width + k];
  }
  double together = 0;
  for (size_t k = 0; k < width; ++k) together += all[k] * all[k] / total;
  for (size_t i = begin; i + 1 < end; ++i) {
    weight += rows.weights[i];
    for (size_t k = 0; k < width; ++k) left[k] += rows.goals[i * width + k];
    if (rows.values[i] == rows.values[i + 1] || weight < min_rows || total - weight < min_rows) continue;
    double gain = -together;
    for (size_t k = 0; k < width; ++k) gain += left[k] * left[k] / weight + (all[k] - left[k]) * (all[k] - left[k]) / (total - weight);
    if (gain > part.gain) {
      part.gain = gain;
      part.at = i + 1;
    }
  }
  return part;
}

std::vector<double> cut(const Ordered& rows, size_t n_bins, double min_rows, const FitContext& context) {
  std::vector<double> edges{rows.values.front(), rows.values.back()};
  std::priority_queue<Part> parts;
  parts.push(best_cut(rows, 0, rows.values.size(), min_rows));
  while (edges.size() <= n_bins && parts.top().gain > 0) {
    context.check();
    const Part part = parts.top();
    parts.pop();
    edges.push_back(std::midpoint(rows.values[part.at - 1], rows.values[part.at]));
    parts.push(best_cut(rows, part.begin, part.at, min_rows));
    parts.push(best_cut(rows, part.at, part.end, min_rows));
  }
  std::ranges::sort(edges);
  return edges;
}

class TreeBin : public Transformer {
 public:
  explicit TreeBin(TreeBinParams params) : params_(std::move(params)) {}

  std::unique_ptr<FittedTransformer> fit(const TransformerInput& input, const FitContext& context) const override {
    if (input.target == nullptr || input.target->n_rows != input.table.n_rows())
      throw Error(ErrorCode::BadValue, "tree_bin needs a target value for each row", "Fit it with a target, or use equal_frequency_bin.");
    const Target centered = center(*input.target);
    return fit_bins(input, context, params_.columns, params_.encode, "tree_bin",
                    [&](const Column& column, std::span<const double> weights) {
                      return cut(order_rows(column, weights, centered), static_cast<size_t>(params_.n_bins), params_.min_rows, context);
                    });
  }

 private:
  /// Targets less their mean, so that squares of large numbers keep their digits; classes stay.
  static Target center(Target target) {
    if (is_classification(target.task)) return target;
    for (size_t k = 0; k < target.n_targets; ++k) {
      double mean = 0;
      for (size_t row = 0; row < target.n_rows; ++row)
        mean += target.values[row * target.n_targets + k] / static_cast<double>(target.n_rows);
      for (size_t row = 0; row < target.n_rows; ++row) target.values[row * target.n_targets + k] -= mean;
    }
    return target;
  }

  TreeBinParams params_;
};

}  // namespace

void register_tree_bin(Catalog<Transformer>& catalog) {
  catalog.add<TreeBin, TreeBinParams>("tree_bin", "Each column is cut where the target changes most.");
}

}  // namespace kolosal
