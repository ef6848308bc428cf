#include "kolosal/base/fit_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kolosal/base/error.h"
#include "kolosal/base/fit_context.h"
#include "kolosal/base/memory_budget.h"
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

TEST(FitCache, KeepsNothingOnceItIsCleared) {
  FitCache cache(100);
  int n_made = 0;
  cache.clear();
  (void)text_of(cache, 1, 60, n_made);
  cache.clear();
  EXPECT_EQ(cache.n_bytes(), 0);
  (void)text_of(cache, 1, 60, n_made);
  EXPECT_EQ(n_made, 2);
}

// What takes its time to go, and holds its bytes until it is gone.
struct Slow {
  MemoryLease lease;
  explicit Slow(MemoryLease held) : lease(std::move(held)) {}
  Slow(const Slow&) = delete;
  Slow& operator=(const Slow&) = delete;
  ~Slow() { std::this_thread::sleep_for(std::chrono::milliseconds(2)); }
};

TEST(FitCache, GivesWayToAllThatAreShortOfMemoryAtOnce) {
  FitContext context;
  context.memory = std::make_shared<MemoryBudget>(1000);
  context.share_work();
  const MemoryLease others(context.memory, 700, "what stays");
  int n_refused = 0;
  for (uint64_t round = 0; round < 100; ++round) {
    Digest key;
    key.add(round);
    (void)context.cache->find_or_make<Slow>(key, 200, [&] { return std::make_shared<const Slow>(MemoryLease(context.memory, 200, "x")); });
    std::array<std::optional<MemoryLease>, 2> leases;
    std::array<std::thread, 2> threads;
    std::atomic<int> n_failed = 0;
    for (size_t t = 0; t < 2; ++t)
      threads[t] = std::thread([&, t] {
        try {
          leases[t].emplace(context.memory, 150, "a fit");
        } catch (const Error&) {
          ++n_failed;
        }
      });
    for (std::thread& thread : threads) thread.join();
    n_refused += n_failed;
  }
  EXPECT_EQ(n_refused, 0);
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
