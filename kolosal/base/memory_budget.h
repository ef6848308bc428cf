// A hard budget of memory, shared by everything that runs under it.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace kolosal {

/// Counts bytes promised to the parts of a run. Safe from any thread.
class MemoryBudget {
 public:
  /// `limit` bytes; the default is no limit.
  explicit MemoryBudget(size_t limit = ~size_t{0}) : limit_(limit) {}

  /// Bytes: the limit, what is reserved, what is left.
  size_t limit() const noexcept { return limit_; }
  size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }
  size_t available() const noexcept {
    const size_t taken = used();
    return taken >= limit_ ? 0 : limit_ - taken;
  }

  /// What is asked, from any thread, where bytes are missing, to give back what is held but could be made again; it returns when that is
  /// given back, whichever thread asked first. To be set before others use the budget.
  void on_shortage(std::function<void()> give_back) { give_back_ = std::move(give_back); }

  /// Whether there are `bytes`, after what can be given back was, if need be.
  bool make_room(size_t bytes) {
    if (bytes > available() && give_back_) give_back_();
    return bytes <= available();
  }
  /// Takes `bytes` from the budget; false where they are not there.
  bool try_reserve(size_t bytes) noexcept;
  /// Takes `bytes`, making room if need be; throws Error(OutOfMemory) that says for what they were wanted where they are not there.
  void reserve(size_t bytes, std::string_view purpose);
  void release(size_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }

 private:
  size_t limit_;
  std::atomic<size_t> used_{0};
  std::function<void()> give_back_;
};

/// Bytes held from a budget for the life of the object.
class MemoryLease {
 public:
  /// Throws Error(OutOfMemory) where the budget does not have `bytes` left. A null budget is no limit.
  MemoryLease(std::shared_ptr<MemoryBudget> budget, size_t bytes, std::string_view purpose);
  ~MemoryLease();
  MemoryLease(MemoryLease&& other) noexcept;
  MemoryLease& operator=(MemoryLease&& other) noexcept;

  /// A lease where the bytes are there without anything being given back for them.
  static std::optional<MemoryLease> if_free(const std::shared_ptr<MemoryBudget>& budget, size_t bytes);

 private:
  MemoryLease() = default;

  std::shared_ptr<MemoryBudget> budget_;
  size_t bytes_ = 0;
};

}  // namespace kolosal
