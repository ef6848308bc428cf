// BufferPool: large buffers that are used again instead of being given back to the system and zeroed anew.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include "kolosal/base/memory_budget.h"

namespace kolosal {

/// What a pool did so far.
struct BufferPoolStats {
  size_t n_reused = 0;    ///< takes that found an idle buffer
  size_t n_made = 0;      ///< takes that needed new memory
  size_t idle_bytes = 0;  ///< held for later takes
  size_t taken_bytes = 0;
};

/// Keeps buffers that came back, up to `max_idle_bytes`. Safe from any thread; buffers may outlive the pool.
class BufferPool {
  struct Shared;

 public:
  /// A buffer, aligned to 64 bytes, that goes back to its pool at the end of its life. Its contents are whatever was there.
  class Buffer {
   public:
    Buffer() = default;
    ~Buffer();
    Buffer(Buffer&& other) noexcept;
    Buffer& operator=(Buffer&& other) noexcept;

    /// As many bytes as were asked for.
    std::span<std::byte> bytes() const noexcept { return {start_, size_}; }
    /// The bytes as elements of T.
    template <class T>
    std::span<T> as() const noexcept {
      return {reinterpret_cast<T*>(start_), size_ / sizeof(T)};
    }

   private:
    friend class BufferPool;
    std::shared_ptr<Shared> pool_;
    std::byte* start_ = nullptr;
    size_t size_ = 0;
    size_t capacity_ = 0;
  };

  /// Idle buffers and those in use count against `budget` where there is one.
  explicit BufferPool(size_t max_idle_bytes = size_t{256} << 20, std::shared_ptr<MemoryBudget> budget = nullptr);

  /// A buffer of `bytes`: the idle one that fits best and was used last, else a new one. Idle buffers are given up where the budget
  /// needs it. Throws Error(OutOfMemory).
  Buffer take(size_t bytes);

  /// Gives all idle buffers back to the system, as under memory pressure.
  void trim() noexcept;

  /// What the pool did so far.
  BufferPoolStats stats() const;

 private:
  std::shared_ptr<Shared> shared_;
};

}  // namespace kolosal
