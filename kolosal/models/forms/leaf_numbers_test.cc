#include "kolosal/models/forms/leaf_numbers.h"

#include <gtest/gtest.h>

namespace kolosal {
namespace {

TEST(LeafNumbers, CountFromEachTreesFirstNode) {
  // x0 <= 0 ? leaf : (x0 <= 1 ? leaf : leaf), and a tree of one leaf.
  Forest forest;
  forest.n_features = 1;
  forest.base_score = {0};
  forest.feature_gain = {1};
  forest.nodes = {{.feature = 0, .threshold = 0, .left = 1},
                  {.left = 0},
                  {.feature = 0, .threshold = 1, .left = 3},
                  {.left = 0},
                  {.left = 0},
                  {.left = 0}};
  forest.roots = {0, 5};
  forest.tree_output = {0, 0};
  forest.leaf_values = {1};
  FeatureMatrix x({{"a", 0}}, 3);
  std::ranges::copy(std::vector<float>{-1, 0.5F, 2}, x.column(0).begin());
  std::vector<int32_t> leaves(6);
  find_leaf_numbers(forest, x, Threads(2), leaves);
  EXPECT_EQ(leaves, (std::vector<int32_t>{1, 0, 3, 0, 4, 0}));
  EXPECT_THROW(find_leaf_numbers(forest, FeatureMatrix({{"a", 0}, {"b", 0}}, 1), Threads(1), leaves), Error);
}

}  // namespace
}  // namespace kolosal
