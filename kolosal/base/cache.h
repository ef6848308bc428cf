// LruCache: keeps the entries used last, within a number of entries, of bytes, and an age. Safe from any thread.
//
// Cost     O(1) a call, under one mutex. Values are copied out: let V be a shared_ptr where it is large.
// Checked  cache_test.cc, against a plain model.
#pragma once

#include <chrono>
#include <functional>
#include <iterator>
#include <limits>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "kolosal/base/clock.h"

namespace kolosal {

/// How much a cache keeps and for how long.
struct CacheLimits {
  size_t max_entries = 1024;
  size_t max_bytes = std::numeric_limits<size_t>::max();
  double ttl_seconds = std::numeric_limits<double>::infinity();  ///< an entry older than this is gone
};

/// What a cache did since it was made.
struct CacheStats {
  size_t n_hits = 0;
  size_t n_misses = 0;
  size_t n_evictions = 0;    ///< dropped for lack of room
  size_t n_expirations = 0;  ///< dropped for age
  size_t n_entries = 0;
  size_t n_bytes = 0;
};

template <class K, class V, class Hash = std::hash<K>>
class LruCache {
 public:
  using Now = std::function<Clock::time_point()>;

  /// `now` tells the time; tests give their own.
  explicit LruCache(CacheLimits limits = {}, Now now = Clock::now) : limits_(limits), now_(std::move(now)) {}

  /// The value of `key`, which then counts as used last; nothing where it is not there or too old.
  std::optional<V> find(const K& key) {
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(key);
    if (found == index_.end() || expired(*found->second)) {
      if (found != index_.end()) {
        ++stats_.n_expirations;
        remove(found->second);
      }
      ++stats_.n_misses;
      return std::nullopt;
    }
    ++stats_.n_hits;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->value;
  }

  /// Keeps `value`, which takes `bytes`, in place of an older one; entries used longest ago make room. A value larger than
  /// max_bytes is not kept.
  void put(const K& key, V value, size_t bytes = sizeof(V)) {
    const std::lock_guard lock(mutex_);
    if (const auto found = index_.find(key); found != index_.end()) remove(found->second);
    if (bytes > limits_.max_bytes || limits_.max_entries == 0) return;
    while (stats_.n_entries >= limits_.max_entries || stats_.n_bytes > limits_.max_bytes - bytes) {
      const auto last = std::prev(entries_.end());
      ++(expired(*last) ? stats_.n_expirations : stats_.n_evictions);
      remove(last);
    }
    entries_.push_front({key, std::move(value), bytes, now_()});
    index_.emplace(key, entries_.begin());
    ++stats_.n_entries;
    stats_.n_bytes += bytes;
  }

  /// The value of `key`, made by `make()` and kept where it is not there. `make` runs without the lock: two threads may both
  /// make the value of one key.
  template <class Make>
  V find_or_make(const K& key, Make make, size_t bytes = sizeof(V)) {
    if (std::optional<V> found = find(key)) return std::move(*found);
    V made = make();
    put(key, made, bytes);
    return made;
  }

  /// True where there was such an entry.
  bool erase(const K& key) {
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(key);
    if (found == index_.end()) return false;
    remove(found->second);
    return true;
  }

  /// Drops all entries; the counts of hits and misses stay.
  void clear() {
    const std::lock_guard lock(mutex_);
    entries_.clear();
    index_.clear();
    stats_.n_entries = stats_.n_bytes = 0;
  }

  /// What the cache did since it was made.
  CacheStats stats() const {
    const std::lock_guard lock(mutex_);
    return stats_;
  }

 private:
  struct Entry {
    K key;
    V value;
    size_t bytes;
    Clock::time_point made;
  };
  using Iterator = typename std::list<Entry>::iterator;

  bool expired(const Entry& entry) const { return std::chrono::duration<double>(now_() - entry.made).count() > limits_.ttl_seconds; }

  void remove(Iterator entry) {
    stats_.n_bytes -= entry->bytes;
    --stats_.n_entries;
    index_.erase(entry->key);
    entries_.erase(entry);
  }

  CacheLimits limits_;
  Now now_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // the one used last first
  std::unordered_map<K, Iterator, Hash> index_;
  CacheStats stats_;
};

}  // namespace kolosal
