// Arena: memory for the temporaries of one batch, given back all at once.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "kolosal/base/memory_budget.h"

namespace kolosal {

/// Hands out memory by moving a pointer; reset() makes all of it free again and keeps the blocks. One thread at a time.
class Arena {
 public:
  /// `first_block_bytes` is what the first block holds; later ones double. Blocks are taken from `budget` where there is one.
  explicit Arena(size_t first_block_bytes = size_t{64} << 10, std::shared_ptr<MemoryBudget> budget = nullptr);
  Arena(Arena&&) noexcept = default;
  Arena& operator=(Arena&&) noexcept = default;

  /// `bytes` of memory that hold nothing yet, valid until reset(). `alignment` is a power of two, at most 4096; else
  /// Error(BadValue). Throws Error(OutOfMemory) where the budget is spent.
  void* allocate(size_t bytes, size_t alignment = 64);

  /// `n` elements, uninitialised, aligned to 64 bytes.
  template <class T>
  requires std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T> std::span<T> make(size_t n) {
    return {static_cast<T*>(allocate(bytes_of(n, sizeof(T)))), n};
  }

  /// Frees everything handed out. Where the last round needed several blocks, the next has one of their size together.
  void reset();

  size_t used_bytes() const noexcept { return used_; }          ///< handed out since the last reset, with padding
  size_t reserved_bytes() const noexcept { return reserved_; }  ///< held in blocks

 private:
  struct FreeBlock {
    void operator()(std::byte* block) const noexcept;
  };
  struct Block {
    MemoryLease lease;
    std::unique_ptr<std::byte, FreeBlock> bytes;
    size_t size = 0;
  };
  static size_t bytes_of(size_t n, size_t size);
  void add_block(size_t bytes);

  std::shared_ptr<MemoryBudget> budget_;
  size_t next_block_bytes_;
  std::vector<Block> blocks_;  // the last one is being filled
  size_t offset_ = 0;
  size_t used_ = 0;
  size_t reserved_ = 0;
};

}  // namespace kolosal
