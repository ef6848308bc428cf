#include "kolosal/preprocess/ranked_numbers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

template <class T>
void expect_as_sorted(const std::vector<T>& numbers) {
  std::vector<T> sorted;
  std::ranges::copy_if(numbers, std::back_inserter(sorted), [](T number) { return std::isfinite(number); });
  std::ranges::sort(sorted);
  const RankedNumbers<T> ranked(numbers);
  ASSERT_EQ(ranked.size(), sorted.size());
  std::vector<size_t> ranks = {sorted.size() - 1, 0, sorted.size() / 2, sorted.size() / 4, sorted.size() / 4 + 1, 0};
  for (size_t& rank : ranks) rank = std::min(rank, sorted.size() - 1);
  const std::vector<double> found = ranked.at(ranks);
  for (size_t i = 0; i < ranks.size(); ++i) EXPECT_EQ(found[i], sorted[ranks[i]]) << "rank " << ranks[i] << " of " << sorted.size();
}

TEST(RankedNumbers, AreThoseOfASort) {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  RandomStream random(1, "numbers");
  for (const size_t n : {1, 2, 3, 1000, 5000}) {
    std::vector<double> wide(n), near(n), equal(n, -2.5), whole(n);
    for (size_t i = 0; i < n; ++i) {
      wide[i] = std::ldexp(random.uniform(-1, 1), static_cast<int>(random.below(2000)) - 1000);
      near[i] = 1 + 1e-9 * random.uniform();
      whole[i] = static_cast<double>(random.below(7)) - 3;
    }
    for (std::vector<double> numbers : {wide, near, equal, whole}) {
      expect_as_sorted(numbers);
      expect_as_sorted(std::vector<float>(numbers.begin(), numbers.end()));
      numbers.insert(numbers.begin(),
                     {inf, -inf, nan, -nan, std::numeric_limits<double>::max(), std::numeric_limits<double>::denorm_min()});
      expect_as_sorted(numbers);
    }
  }
}

TEST(RankedNumbers, AreNoneWhereNoneIsFinite) {
  const std::vector<double> numbers = {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()};
  EXPECT_EQ(RankedNumbers<double>(numbers).size(), 0);
}

}  // namespace
}  // namespace kolosal
