#include "kolosal/models/trees/tree_router.h"

#include <gtest/gtest.h>

#include <numeric>

#include "kolosal/models/trees/trees_test_rows.h"

namespace kolosal {
namespace {

// The leaf of a row that walks alone.
int32_t leaf_of(const GrownTree& tree, const BinnedMatrix& x, size_t row) {
  int32_t node = 0;
  while (tree.nodes[static_cast<size_t>(node)].left >= 0) {
    const GrownNode& at = tree.nodes[static_cast<size_t>(node)];
    const uint8_t bin = x.column(at.feature)[row * x.stride()];
    node = at.left + (((at.left_bins[bin / 64] >> (bin % 64)) & 1) != 0 ? 0 : 1);
  }
  return node;
}

TEST(TreeRouter, LeadsEachRowToTheLeafThatItWalksToAlone) {
  constexpr size_t kRows = 9003;  // more than a block
  const auto rows = trees_test::make_rows(Task::Regression, kRows);
  std::vector<uint32_t> all(kRows);
  std::iota(all.begin(), all.end(), 0U);
  const FitContext context = trees_test::context_of(1);
  const auto bins = make_bins(rows.x, all, {}, nullptr, 255, context);
  const BinnedMatrix x(rows.x, all, bins, context);
  GrowthLimits limits;
  limits.max_leaves = 60;
  limits.min_rows_in_leaf = 2;
  TreeGrower grower(x, bins, limits, context);
  const auto scale = GradientScale::fine(kRows, 100, 1);
  std::vector<GradientSum> sums;
  std::vector<GradientRow> listed;
  for (uint32_t i = 0; i < kRows; ++i) {
    sums.push_back(scale.pack(-rows.target.values[i], 1));
    listed.push_back({i, 0, 0});
  }
  const std::vector<uint32_t> features = {0, 1, 2, 3, 4};
  GrownTree tree;
  ASSERT_TRUE(grower.grow(sums, scale, listed, features, 1, tree));
  ASSERT_GT(tree.leaves.size(), 40U);
  std::vector<int32_t> leaves(kRows);
  TreeRouter(tree, x).route(all, leaves);
  for (const uint32_t row : all) EXPECT_EQ(leaves[row], leaf_of(tree, x, row));
  for (const GrownLeaf& leaf : tree.leaves)
    for (size_t i = leaf.begin; i < leaf.begin + leaf.count; ++i) EXPECT_EQ(leaves[listed[i].row], leaf.node);
}

TEST(TreeRouter, LeavesAllRowsAtTheRootOfATreeWithoutSplits) {
  const auto rows = trees_test::make_rows(Task::Regression, 20);
  std::vector<uint32_t> all(20);
  std::iota(all.begin(), all.end(), 0U);
  const FitContext context = trees_test::context_of(1);
  const BinnedMatrix x(rows.x, all, make_bins(rows.x, all, {}, nullptr, 255, context), context);
  GrownTree tree;
  tree.nodes.resize(1);
  std::vector<int32_t> leaves(20, -1);
  TreeRouter(tree, x).route(all, leaves);
  EXPECT_EQ(leaves, std::vector<int32_t>(20, 0));
}

}  // namespace
}  // namespace kolosal
