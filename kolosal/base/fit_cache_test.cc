#include "kolosal/base/fit_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "kolosal/base/threads.h"

namespace kolosal {
namespace {

// Asks for the text of a number, of so many bytes; `n_made` counts how often it is made.
std::string text_of(FitCache& cache, uint64_t number, size_t bytes, int& n_made) {
  Digest key;
  key.add("text");
  key.add(number);
  return *cache.find_or_make<std::string>(key, bytes, [&] {
    ++n_made;
    return std::make_shared<const std::string>(std::to_string(number));
  });
}

TEST(FitCache, MakesOnceWhatIsAskedForTwice) {
  FitCache cache(100);
  int n_made = 0;
  EXPECT_EQ(text_of(cache, 1, 40, n_made), "1");
  EXPECT_EQ(text_of(cache, 2, 40, n_made), "2");
  EXPECT_EQ(text_of(cache, 1, 40, n_made), "1");
  EXPECT_EQ(n_made, 2);
  EXPECT_EQ(cache.n_found(), 1);
  EXPECT_EQ(cache.n_bytes(), 80);
}

TEST(FitCache, DropsTheLeastRecentlyUsedBeyondItsBytes) {
  FitCache cache(100);
  int n_made = 0;
  for (const uint64_t number : {1, 2, 1, 3}) (void)text_of(cache, number, 50, n_made);
  EXPECT_EQ(cache.n_bytes(), 100);
  EXPECT_EQ(n_made, 3);
  (void)text_of(cache, 1, 50, n_made);
  EXPECT_EQ(n_made, 3);
  (void)text_of(cache, 2, 50, n_made);
  EXPECT_EQ(n_made, 4);
}

TEST(FitCache, KeepsNothingThatIsLargerThanAllOfIt) {
  FitCache cache(100);
  int n_made = 0;
  (void)text_of(cache, 1, 60, n_made);
  (void)text_of(cache, 2, 101, n_made);
  EXPECT_EQ(cache.n_bytes(), 60);
  EXPECT_EQ(text_of(cache, 2, 101, n_made), "2");
  EXPECT_EQ(n_made, 3);
}

TEST(FitCache, TellsWhetherThereWasAnythingToClear) {
  FitCache cache(100);
  int n_made = 0;
  EXPECT_FALSE(cache.clear());
  (void)text_of(cache, 1, 60, n_made);
  EXPECT_TRUE(cache.clear());
  EXPECT_EQ(cache.n_bytes(), 0);
  (void)text_of(cache, 1, 60, n_made);
  EXPECT_EQ(n_made, 2);
}

TEST(FitCache, GivesEachThreadWhatItAskedFor) {
  FitCache cache(1000);
  std::vector<char> right(2000);
  Threads(4).parallel_each(right.size(), [&](size_t i) {
    int n_made = 0;
    right[i] = text_of(cache, i % 30, 50, n_made) == std::to_string(i % 30);
  });
  EXPECT_EQ(std::ranges::count(right, 1), 2000);
  EXPECT_EQ(cache.n_bytes(), 1000);
}

}  // namespace
}  // namespace kolosal
