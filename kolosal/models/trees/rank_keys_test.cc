#include "kolosal/models/trees/rank_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

TEST(RankKeys, AreSortedByRankAndThenByPlace) {
  RandomStream random(1, "ranks");
  for (const size_t n : {0, 1, 2, 63, 64, 65, 300, 5000})
    for (const uint64_t n_ranks : {1, 7, 255, 256, 257, 65'535}) {
      std::vector<uint64_t> keys, other(n);
      for (size_t i = 0; i < n; ++i) keys.push_back(make_key(static_cast<uint32_t>(random.below(n_ranks)), i));
      std::vector<uint64_t> expected = keys;
      std::ranges::stable_sort(expected, {}, rank_of);
      sort_keys(keys, other);
      EXPECT_EQ(keys, expected) << n << " keys of " << n_ranks << " ranks";
    }
}

}  // namespace
}  // namespace kolosal
