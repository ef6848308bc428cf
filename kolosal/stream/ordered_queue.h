// OrderedQueue: a bounded queue whose items carry consecutive numbers and leave in the order of these, in whichever order they come.
//
// It is queue and reorder buffer in one: a ring of `capacity` places for the numbers [head, head + capacity), where head is the number
// that leaves next. Who brings a later number waits; the head itself always has a place, so workers that took numbers in order can
// never wait for each other in a circle. A number may be put without an item (a gap): its turn passes.
//
// Cost     O(1) an item, memory of `capacity` items.
// Checked  ordered_queue_test.cc, also under ThreadSanitizer.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "kolosal/base/clock.h"

namespace kolosal {

/// What came of bringing an item to a queue.
enum class Pushed {
  Accepted,
  Full,    ///< there was no room in time
  Closed,  ///< the queue takes no more
};

/// What came of asking a queue for an item.
enum class Popped {
  Item,
  Empty,  ///< there was none in time
  End,    ///< there will be none: all numbers have left, or the queue was stopped
};

template <class T>
class OrderedQueue {
 public:
  /// A number and its item; no item: a gap.
  struct Slot {
    uint64_t number = 0;
    std::optional<T> item;
  };
  static constexpr Clock::time_point kForever = Clock::time_point::max();

  /// `capacity` >= 1 places.
  explicit OrderedQueue(size_t capacity) : places_(capacity) {}

  /// Gives the next number to what `make(number)` returns; waits for room until then. `make` is called where the answer is Accepted alone.
  template <class Make>
  Pushed append(Make make, Clock::time_point until = kForever) {
    std::unique_lock lock(mutex_);
    const bool in_time = wait(lock, room_, until, [this] { return stopped_ || next_ == end_ || next_ < head_ + places_.size(); });
    if (stopped_ || next_ == end_) return Pushed::Closed;
    if (!in_time) return Pushed::Full;
    place(next_).item = make(next_);
    fill(next_++);
    return Pushed::Accepted;
  }

  /// Puts the item, or a gap, of a number that was not put yet; waits for room. False where the queue was stopped: `item` is left alone.
  bool put(uint64_t number, std::optional<T>& item) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return stopped_ || number < head_ + places_.size(); });
    if (stopped_) return false;
    place(number).item = std::exchange(item, std::nullopt);
    fill(number);
    return true;
  }

  /// The item or gap of the lowest number, once it is there; waits until then.
  Popped pop(Slot& slot, Clock::time_point until = kForever) {
    std::unique_lock lock(mutex_);
    const bool in_time = wait(lock, items_, until, [this] { return stopped_ || head_ == end_ || place(head_).filled; });
    if (stopped_ || head_ == end_) return Popped::End;
    if (!in_time) return Popped::Empty;
    slot = {head_, std::exchange(place(head_).item, std::nullopt)};
    place(head_++).filled = false;
    --depth_;
    room_.notify_all();
    if (head_ == end_) items_.notify_all();
    else if (place(head_).filled) items_.notify_one();
    return Popped::Item;
  }

  /// Waits until pop would not wait, and takes nothing: Item where an item or a gap is there.
  Popped wait_for_next(Clock::time_point until = kForever) {
    std::unique_lock lock(mutex_);
    const bool in_time = wait(lock, items_, until, [this] { return stopped_ || head_ == end_ || place(head_).filled; });
    if (stopped_ || head_ == end_) return Popped::End;
    if (in_time && place(head_).filled) items_.notify_one();  // who waited in pop may not have been told
    return in_time ? Popped::Item : Popped::Empty;
  }

  /// No number from `end` on will come.
  void close(uint64_t end) {
    const std::lock_guard lock(mutex_);
    end_ = end;
    room_.notify_all();
    items_.notify_all();
  }
  /// No more is appended. Returns how many numbers there are.
  uint64_t close() {
    const std::lock_guard lock(mutex_);
    end_ = std::min(end_, next_);
    room_.notify_all();
    items_.notify_all();
    return end_;
  }
  /// Nothing comes and nothing leaves any more; who waits is told.
  void stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    room_.notify_all();
    items_.notify_all();
  }

  /// Takes out the items that are there, in order of number.
  std::vector<T> take_all() {
    const std::lock_guard lock(mutex_);
    std::vector<T> items;
    for (uint64_t number = head_; number < head_ + places_.size(); ++number) {
      if (place(number).item) items.push_back(*std::exchange(place(number).item, std::nullopt));
      place(number).filled = false;
    }
    depth_ = 0;
    return items;
  }

  /// Numbers that are there now, and the most that ever were.
  size_t depth() const {
    const std::lock_guard lock(mutex_);
    return depth_;
  }
  size_t max_depth() const {
    const std::lock_guard lock(mutex_);
    return max_depth_;
  }
  /// How many numbers were appended.
  uint64_t n_appended() const {
    const std::lock_guard lock(mutex_);
    return next_;
  }

 private:
  struct Place {
    bool filled = false;
    std::optional<T> item;
  };

  template <class Ready>
  static bool wait(std::unique_lock<std::mutex>& lock, std::condition_variable& changed, Clock::time_point until, Ready ready) {
    if (until != kForever) return changed.wait_until(lock, until, ready);
    changed.wait(lock, ready);
    return true;
  }
  Place& place(uint64_t number) { return places_[number % places_.size()]; }
  void fill(uint64_t number) {
    place(number).filled = true;
    max_depth_ = std::max(max_depth_, ++depth_);
    if (number == head_) items_.notify_one();
  }

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable room_, items_;
  std::vector<Place> places_;
  uint64_t head_ = 0;  // leaves next
  uint64_t next_ = 0;  // is appended next
  uint64_t end_ = ~uint64_t{0};
  bool stopped_ = false;
  size_t depth_ = 0, max_depth_ = 0;
};

}  // namespace kolosal
