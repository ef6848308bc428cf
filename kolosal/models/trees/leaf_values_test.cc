#include "kolosal/models/trees/leaf_values.h"

#include <gtest/gtest.h>

namespace kolosal {
namespace {

TEST(LeafValues, AreSharedByLeavesOfTheSameNumbers) {
  Forest tree;
  tree.leaf_width = 2;
  LeafValues leaves(tree, nullptr);
  for (int i = 0; i < 100; ++i) {
    const float a = static_cast<float>(i % 40), b = 1;
    EXPECT_EQ(leaves.add(std::vector<float>{a, b}), i % 40);
  }
  EXPECT_EQ(tree.leaf_values.size(), 80U);
  tree = Forest();
  LeafValues single(tree, nullptr);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(single.add(std::vector<float>{7}), i);
}

TEST(LeafValues, EndWhereMemoryDoes) {
  Forest tree;
  tree.leaf_width = 1000;
  const auto memory = std::make_shared<MemoryBudget>(1'000'000);
  LeafValues leaves(tree, memory);
  std::vector<float> numbers(1000);
  size_t n = 0;
  for (; !leaves.is_full() && n < 300; ++n) {
    numbers[0] = static_cast<float>(n);
    (void)leaves.add(numbers);
    ASSERT_GE(memory->used(), tree.leaf_values.capacity() * sizeof(float));
  }
  EXPECT_TRUE(leaves.is_full());
  EXPECT_GT(n, 80U);
}

}  // namespace
}  // namespace kolosal
