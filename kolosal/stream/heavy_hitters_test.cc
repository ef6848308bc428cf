#include "kolosal/stream/heavy_hitters.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>

#include "kolosal/base/error.h"

namespace kolosal {
namespace {

/// Small numbers are far more frequent than large ones.
rc::Gen<std::vector<int>> skewed() {
  return rc::gen::container<std::vector<int>>(300, rc::gen::map(rc::gen::inRange(0, 1000), [](int u) { return u < 500 ? u % 3 : u; }));
}

std::map<std::string, int64_t> counted(const std::vector<int>& numbers) {
  std::map<std::string, int64_t> counts;
  for (const int number : numbers) ++counts[std::to_string(number)];
  return counts;
}

/// Whether what was found keeps to the bound that it tells, and the bound to the one promised.
void check(const HeavyHitters& found, std::map<std::string, int64_t> counts, size_t width) {
  int64_t total = 0;
  for (const auto& [text, count] : counts) total += count;
  RC_ASSERT(found.total() == total);
  RC_ASSERT(found.error() * static_cast<int64_t>(width + 1) <= total);
  RC_ASSERT(found.most_frequent().size() <= width);
  for (const auto& [text, count] : found.most_frequent()) {
    RC_ASSERT(count <= counts[text]);
    RC_ASSERT(count >= counts[text] - found.error());
  }
}

RC_GTEST_PROP(HeavyHitters, CountsNeverTooHighAndTooLowByNoMoreThanItsError, ()) {
  const std::vector<int> numbers = *skewed();
  const size_t width = *rc::gen::inRange<size_t>(1, 12);
  HeavyHitters found(width);
  for (const int number : numbers) found.add(std::to_string(number));
  check(found, counted(numbers), width);
}

RC_GTEST_PROP(HeavyHitters, OfAnySplitMergedInAnyOrderKeepsTheSameBound, ()) {
  const std::vector<int> numbers = *skewed();
  const size_t width = *rc::gen::inRange<size_t>(1, 12);
  std::vector<HeavyHitters> parts(*rc::gen::inRange<size_t>(1, 6), HeavyHitters(width));
  for (const int number : numbers) parts[*rc::gen::inRange<size_t>(0, parts.size())].add(std::to_string(number));
  while (parts.size() > 1) {
    const auto from = static_cast<std::ptrdiff_t>(*rc::gen::inRange<size_t>(1, parts.size()));
    parts.front().merge(parts[static_cast<size_t>(from)]);
    parts.erase(parts.begin() + from);
  }
  check(parts.front(), counted(numbers), width);
}

TEST(HeavyHitters, LosesNothingOfFewTexts) {
  HeavyHitters found(3);
  for (int i = 0; i < 100; ++i) found.add(i % 2 == 0 ? "even" : "odd");
  found.add("odd", 5);
  found.add("none", 0);
  EXPECT_EQ(found.error(), 0);
  EXPECT_EQ(found.most_frequent(), (std::vector<std::pair<std::string, int64_t>>{{"odd", 55}, {"even", 50}}));
}

TEST(HeavyHitters, OfOtherWidthAreNotMerged) {
  HeavyHitters found(3);
  EXPECT_THROW(found.merge(HeavyHitters(4)), Error);
}

}  // namespace
}  // namespace kolosal
