#include "kolosal/base/cache.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <string>
#include <thread>
#include <vector>

namespace kolosal {
namespace {

struct ModelEntry {
  int key;
  int value;
  size_t bytes;
  double made;
};

// The same rules over a plain list, the one used last first.
struct Model {
  CacheLimits limits;
  std::deque<ModelEntry> entries;

  size_t n_bytes() const {
    size_t sum = 0;
    for (const ModelEntry& entry : entries) sum += entry.bytes;
    return sum;
  }
  void erase(int key) {
    std::erase_if(entries, [&](const ModelEntry& entry) { return entry.key == key; });
  }
  std::optional<int> find(int key, double now) {
    for (size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].key != key) continue;
      const ModelEntry entry = entries[i];
      erase(key);
      if (now - entry.made > limits.ttl_seconds) return std::nullopt;
      entries.push_front(entry);
      return entry.value;
    }
    return std::nullopt;
  }
  void put(int key, int value, size_t bytes, double now) {
    erase(key);
    if (bytes > limits.max_bytes) return;
    entries.push_front({key, value, bytes, now});
    while (entries.size() > limits.max_entries || n_bytes() > limits.max_bytes) entries.pop_back();
  }
};

RC_GTEST_PROP(LruCache, BehavesAsAPlainListDoes, ()) {
  const CacheLimits limits{*rc::gen::inRange<size_t>(1, 6), *rc::gen::inRange<size_t>(1, 40), 5.0};
  double now = 0;
  LruCache<int, int> cache(
      limits, [&] { return Clock::time_point() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(now)); });
  Model model{limits, {}};
  const int n_steps = *rc::gen::inRange(0, 200);
  size_t n_finds = 0;
  for (int step = 0; step < n_steps; ++step) {
    now += *rc::gen::inRange(0, 3);
    const int key = *rc::gen::inRange(0, 8);
    if (*rc::gen::arbitrary<bool>()) {
      RC_ASSERT(cache.find(key) == model.find(key, now));
      ++n_finds;
    } else if (*rc::gen::inRange(0, 6) == 0) {
      cache.erase(key);
      model.erase(key);
    } else {
      const size_t bytes = *rc::gen::inRange<size_t>(0, 45);
      cache.put(key, step, bytes);
      model.put(key, step, bytes, now);
    }
    const CacheStats stats = cache.stats();
    RC_ASSERT(stats.n_entries == model.entries.size());
    RC_ASSERT(stats.n_bytes == model.n_bytes());
    RC_ASSERT(stats.n_hits + stats.n_misses == n_finds);
  }
}

TEST(LruCache, CountsHitsMissesEvictionsAndExpirations) {
  double now = 0;
  LruCache<std::string, int> cache({.max_entries = 2, .ttl_seconds = 10},
                                   [&] { return Clock::time_point() + std::chrono::seconds(static_cast<int>(now)); });
  cache.put("a", 1);
  cache.put("b", 2);
  EXPECT_EQ(cache.find("a"), 1);
  cache.put("c", 3);
  EXPECT_EQ(cache.find("b"), std::nullopt) << "b was used longest ago";
  now = 10;
  EXPECT_EQ(cache.find("a"), 1) << "exactly as old as allowed";
  now = 11;
  EXPECT_EQ(cache.find("a"), std::nullopt);
  const CacheStats stats = cache.stats();
  EXPECT_EQ(stats.n_hits, 2u);
  EXPECT_EQ(stats.n_misses, 2u);
  EXPECT_EQ(stats.n_evictions, 1u);
  EXPECT_EQ(stats.n_expirations, 1u);
  EXPECT_EQ(stats.n_entries, 1u);
  cache.clear();
  EXPECT_EQ(cache.stats().n_bytes, 0u);
}

TEST(LruCache, MakesWhatIsNotThere) {
  LruCache<int, int> cache;
  int n_made = 0;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(cache.find_or_make(5, [&] { return ++n_made; }), 1);
  LruCache<int, int> none({.max_entries = 0});
  none.put(1, 1);
  EXPECT_EQ(none.find(1), std::nullopt);
}

TEST(LruCache, IsSafeFromManyThreads) {
  LruCache<int, int> cache({.max_entries = 10});
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (size_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2000; ++i) wrong[t] += cache.find_or_make(i % 20, [&] { return i % 20 * 3; }) != i % 20 * 3;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4));
  const CacheStats stats = cache.stats();
  EXPECT_EQ(stats.n_hits + stats.n_misses, 8000u);
  EXPECT_LE(stats.n_entries, 10u);
}

}  // namespace
}  // namespace kolosal
