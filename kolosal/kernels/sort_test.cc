#include "kolosal/kernels/sort.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "kolosal/base/random.h"
#include "kolosal/kernels/kernels.h"

namespace kolosal {
namespace {

TEST(SortAscending, SortsAsTheScalarSortWithEveryInstructionSet) {
  RandomStream random(1, "sort");
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const size_t n : {0U, 1U, 2U, 17U, 1000U, 50'000U}) {
      std::vector<double> values(n);
      for (double& value : values) value = n == 1000 ? static_cast<double>(random.below(7)) : 1e300 * random.normal();
      if (n > 20) values[5] = -std::numeric_limits<double>::infinity();
      std::vector<double> expected = values;
      std::ranges::sort(expected);
      sort_ascending(values);
      EXPECT_EQ(values, expected) << target << " " << n;
    }
  }
  set_simd_target(simd_targets().front());
}

}  // namespace
}  // namespace kolosal
