// BatchQueue: single items in, batches out: what a micro-batcher waits on.
//
// A batch is given once `max_items` items wait, or once the one that came first has waited `max_wait_seconds`, or once the queue is
// closed. Items of higher priority leave first, equal ones in the order in which they came; under steady load beyond what is
// taken, items of low priority wait as long as it lasts. At most `capacity` items wait; who brings more waits for room.
//
// Cost     O(log n) an item.
// Checked  batch_queue_test.cc, also under ThreadSanitizer.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "kolosal/base/clock.h"
#include "kolosal/stream/ordered_queue.h"

namespace kolosal {

template <class T>
class BatchQueue {
 public:
  static constexpr Clock::time_point kForever = Clock::time_point::max();

  /// `capacity` >= 1 items may wait.
  explicit BatchQueue(size_t capacity) : capacity_(capacity) {}

  /// Takes the item, once there is room for it, if that is before `until`; else leaves it as it is.
  Pushed push(T&& item, int64_t priority = 0, Clock::time_point until = kForever) {
    std::unique_lock lock(mutex_);
    const auto ready = [this] { return closed_ || items_.size() < capacity_; };
    const bool in_time = until == kForever ? (room_.wait(lock, ready), true) : room_.wait_until(lock, until, ready);
    if (closed_) return Pushed::Closed;
    if (!in_time) return Pushed::Full;
    arrivals_.emplace(n_pushed_, Clock::now());
    // The complement turns the order of priorities round, for every number there is.
    items_.emplace(std::pair(~priority, n_pushed_++), std::move(item));
    changed_.notify_one();
    return Pushed::Accepted;
  }

  /// The next batch, 1 to `max_items` items; none once the queue is closed and every item was given.
  std::vector<T> pop_batch(size_t max_items, double max_wait_seconds) {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return closed_ || !items_.empty(); });
      if (closed_ || items_.size() >= std::min(max_items, capacity_)) break;
      const Clock::time_point due = arrivals_.begin()->second + std::chrono::duration_cast<Clock::duration>(
                                                                    std::chrono::duration<double>(std::clamp(max_wait_seconds, 0.0, 1e6)));
      if (Clock::now() >= due) break;
      changed_.wait_until(lock, due);
    }
    std::vector<T> batch;
    while (!items_.empty() && batch.size() < max_items) {
      const auto first = items_.begin();
      arrivals_.erase(first->first.second);
      batch.push_back(std::move(first->second));
      items_.erase(first);
    }
    room_.notify_all();
    if (!items_.empty()) changed_.notify_one();
    return batch;
  }

  /// Takes no more; what waits is still given.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    room_.notify_all();
    changed_.notify_all();
  }

  /// Items that wait.
  size_t size() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_, room_;
  size_t capacity_;
  bool closed_ = false;
  uint64_t n_pushed_ = 0;
  std::map<std::pair<int64_t, uint64_t>, T> items_;  // by priority, highest first, then by number of arrival
  std::map<uint64_t, Clock::time_point> arrivals_;   // of the items that wait
};

}  // namespace kolosal
