#include "kolosal/models/trees/tree_grower.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "kolosal/models/trees/split_scan.h"
#include "kolosal/models/trees/trees_test_rows.h"

namespace kolosal {
namespace {

// Rows enough for wide histograms at the root and packed ones below it, with their bins and gradients in steps.
struct Steps {
  explicit Steps(size_t n) : rows(trees_test::make_rows(Task::Regression, n)), all(n) {
    std::iota(all.begin(), all.end(), 0U);
    bins = make_bins(rows.x, all, {}, nullptr, 255, context);
    RandomStream stream(5, "steps");
    for (const uint32_t row : all) {
      const double signal = 100 * rows.target.values[row];
      const auto gradient = static_cast<int16_t>(std::clamp(-signal, -2047.0, 2047.0));
      listed.push_back({row, gradient, static_cast<uint16_t>(1 + stream.below(1023))});
    }
  }

  GrownTree grow(const GrowthLimits& limits, int n_threads) const {
    const FitContext threads = trees_test::context_of(n_threads);
    const BinnedMatrix x(rows.x, all, bins, threads, true);
    TreeGrower grower(x, bins, limits, threads);
    std::vector<GradientRow> to_grow_on = listed;
    const std::vector<uint32_t> features = {0, 1, 2, 3, 4};
    GrownTree tree;
    EXPECT_TRUE(grower.grow({}, scale(), to_grow_on, features, 1, tree));
    return tree;
  }
  GradientScale scale() const { return GradientScale::coarse(all.size(), 2047, 1023); }

  FitContext context = trees_test::context_of(1);
  trees_test::Rows rows;
  std::vector<uint32_t> all;
  std::vector<FeatureBins> bins;
  std::vector<GradientRow> listed;
};

TEST(TreeGrower, LeavesAreWorthWhatTheirRowsSumTo) {
  const Steps steps(60'000);
  GrowthLimits limits;
  limits.max_leaves = 120;
  limits.l2 = 0;
  const BinnedMatrix x(steps.rows.x, steps.all, steps.bins, steps.context);
  std::map<int, GrownTree> trees;
  for (const int n_threads : {1, 3}) trees[n_threads] = steps.grow(limits, n_threads);
  const GrownTree& tree = trees[1];
  ASSERT_EQ(tree.leaves.size(), 120U);
  std::map<int32_t, GradientSum> sums;
  for (const GradientRow& row : steps.listed) {
    int32_t node = 0;
    while (tree.nodes[static_cast<size_t>(node)].left >= 0) {
      const GrownNode& at = tree.nodes[static_cast<size_t>(node)];
      const uint8_t bin = x.column(at.feature)[row.row * x.stride()];
      node = at.left + (((at.left_bins[bin / 64] >> (bin % 64)) & 1) != 0 ? 0 : 1);
    }
    sums[node] += GradientSum{row.gradient, (int64_t{row.hessian} << steps.scale().count_bits) + 1};
  }
  ASSERT_EQ(sums.size(), tree.leaves.size());
  size_t n_small = 0;
  for (const GrownLeaf& leaf : tree.leaves) {
    EXPECT_EQ(tree.nodes[static_cast<size_t>(leaf.node)].value, leaf_value(sums[leaf.node], leaf.range, limits, steps.scale()));
    n_small += leaf.count <= PackedSum::kMost;
  }
  EXPECT_GT(n_small, 100U);
  for (size_t i = 0; i < tree.nodes.size(); ++i) {
    EXPECT_EQ(trees[3].nodes[i].value, tree.nodes[i].value);
    EXPECT_EQ(trees[3].nodes[i].gain, tree.nodes[i].gain);
  }
}

TEST(TreeGrower, GrowsTheSameWhereHistogramsMakeWayForOthers) {
  const Steps steps(40'000);
  GrowthLimits limits;
  limits.max_leaves = 60;
  const GrownTree tree = steps.grow(limits, 1);
  // With room for few histograms, many are filled anew.
  FitContext poor = trees_test::context_of(1);
  poor.memory = std::make_shared<MemoryBudget>(size_t{1} << 20);
  const BinnedMatrix x(steps.rows.x, steps.all, steps.bins, steps.context, true);
  TreeGrower grower(x, steps.bins, limits, poor);
  std::vector<GradientRow> listed = steps.listed;
  const std::vector<uint32_t> features = {0, 1, 2, 3, 4};
  GrownTree again;
  ASSERT_TRUE(grower.grow({}, steps.scale(), listed, features, 1, again));
  ASSERT_EQ(again.nodes.size(), tree.nodes.size());
  for (size_t i = 0; i < tree.nodes.size(); ++i) {
    EXPECT_EQ(again.nodes[i].feature, tree.nodes[i].feature);
    EXPECT_EQ(again.nodes[i].left_bins, tree.nodes[i].left_bins);
    EXPECT_EQ(again.nodes[i].gain, tree.nodes[i].gain);
  }
}

}  // namespace
}  // namespace kolosal
