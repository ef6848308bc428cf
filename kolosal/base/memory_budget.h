// A hard budget of memory, shared by everything that runs under it.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string_view>

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

  /// Takes `bytes` from the budget; false where they are not there.
  bool try_reserve(size_t bytes) noexcept;
  /// Takes `bytes`; throws Error(OutOfMemory) that says for what they were wanted where they are not there.
  void reserve(size_t bytes, std::string_view purpose);
  void release(size_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }

 private:
  size_t limit_;
  std::atomic<size_t> used_{0};
};

/// Bytes held from a budget for the life of the object.
class MemoryLease {
 public:
  /// Throws Error(OutOfMemory) where the budget does not have `bytes` left. A null budget is no limit.
  MemoryLease(std::shared_ptr<MemoryBudget> budget, size_t bytes, std::string_view purpose);
  ~MemoryLease();
  MemoryLease(MemoryLease&& other) noexcept;
  MemoryLease& operator=(MemoryLease&& other) noexcept;

 private:
  std::shared_ptr<MemoryBudget> budget_;
  size_t bytes_ = 0;
};

}  // namespace kolosal
