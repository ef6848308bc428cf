#include "kolosal/models/trees/out_of_bag.h"

#include <limits>

namespace kolosal {
namespace {

constexpr size_t kBlockRows = 512;

// For each tree from the first on, whether it was grown without each row of x.
std::vector<std::vector<bool>> rows_left_out(const TrainingRows& rows, size_t first, size_t n_trees,
                                             const std::function<std::vector<double>(size_t)>& weights_of, const FitContext& context) {
  std::vector<std::vector<bool>> left_out(n_trees);
  context.threads->parallel_each(n_trees - first, [&](size_t i) {
    const size_t t = first + i;
    if (context.should_stop()) return;
    const std::vector<double> weights = weights_of(t);
    left_out[t].assign(rows.x.n_rows(), true);
    for (size_t row = 0; row < weights.size(); ++row)
      if (weights[row] > 0) left_out[t][rows.rows[row]] = false;
  });
  context.check();
  return left_out;
}

}  // namespace

std::vector<double> predict_out_of_bag(const ForestModel& model, const TrainingRows& rows, size_t first,
                                       const std::function<std::vector<double>(size_t tree)>& weights_of, const FitContext& context) {
  const Forest& f = model.forest();
  const FeatureMatrix& x = rows.x;
  const size_t n_trees = f.roots.size(), n_raw = f.n_raw(), width = model.n_outputs();
  const MemoryLease lease(context.memory, x.n_rows() * n_trees / 8, "rows out of bag");
  const std::vector<std::vector<bool>> left_out = rows_left_out(rows, first, n_trees, weights_of, context);
  std::vector<double> out(x.n_rows() * width, std::numeric_limits<double>::quiet_NaN());
  context.threads->parallel_for(x.n_rows(), kBlockRows, [&](size_t begin, size_t end) {
    std::vector<double> raw(n_raw);
    for (size_t row = begin; row < end && !context.should_stop(); ++row) {
      begin_sums(f, raw);
      size_t n_without = 0;
      for (size_t t = first; t < n_trees; ++t) {
        if (!left_out[t][row]) continue;
        ++n_without;
        const auto leaf = static_cast<size_t>(f.nodes[static_cast<size_t>(leaf_of(f, f.roots[t], x, row))].left);
        for (size_t j = 0; j < f.leaf_width; ++j) raw[j] += static_cast<double>(f.leaf_values[leaf * f.leaf_width + j]);
      }
      if (n_without == 0) continue;
      finish_sums(f, n_without, raw);
      apply_link(f, raw.data(), out.data() + row * width);
    }
  });
  context.check();
  return out;
}

}  // namespace kolosal
