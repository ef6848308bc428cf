// A bump arena: blocks that double, aligned to a page, merged into one at reset so that a steady batch size needs no second block.
//
// Cost     an addition and a comparison an allocation. Checked: arena_test.cc.
#include "kolosal/base/arena.h"

#include <algorithm>
#include <bit>
#include <new>
#include <string>
#include <utility>

#include "kolosal/base/error.h"

namespace kolosal {
namespace {

constexpr size_t kBlockAlignment = 4096;

size_t rounded_up(size_t n, size_t multiple) { return (n + multiple - 1) / multiple * multiple; }

[[noreturn]] void too_large() {
  throw Error(ErrorCode::OutOfMemory, "a temporary is larger than the address space", "Use fewer rows or columns.");
}

}  // namespace

void Arena::FreeBlock::operator()(std::byte* block) const noexcept { ::operator delete(block, std::align_val_t(kBlockAlignment)); }

Arena::Arena(size_t first_block_bytes, std::shared_ptr<MemoryBudget> budget)
    : budget_(std::move(budget)), next_block_bytes_(std::max(first_block_bytes, kBlockAlignment)) {}

size_t Arena::bytes_of(size_t n, size_t size) {
  if (n > (~size_t{0} >> 2) / size) too_large();
  return n * size;
}

void Arena::add_block(size_t bytes) {
  bytes = rounded_up(bytes, kBlockAlignment);
  MemoryLease lease(budget_, bytes, "temporary memory");
  auto* start = static_cast<std::byte*>(::operator new(bytes, std::align_val_t(kBlockAlignment), std::nothrow));
  if (start == nullptr)
    throw Error(ErrorCode::OutOfMemory, "the system has no " + std::to_string(bytes >> 20) + " MiB left for temporary memory",
                "Use fewer rows or columns.");
  std::unique_ptr<std::byte, FreeBlock> owned(start);
  blocks_.push_back({std::move(lease), std::move(owned), bytes});
  offset_ = 0;
  reserved_ += bytes;
  next_block_bytes_ = std::max(next_block_bytes_, bytes) * 2;
}

void* Arena::allocate(size_t bytes, size_t alignment) {
  if (!std::has_single_bit(alignment) || alignment > kBlockAlignment)
    throw Error(ErrorCode::BadValue, "an alignment of " + std::to_string(alignment) + " is not a power of two up to 4096");
  if (bytes > ~size_t{0} >> 2) too_large();
  size_t begin = rounded_up(offset_, alignment);
  if (blocks_.empty() || begin > blocks_.back().size || bytes > blocks_.back().size - begin) {
    add_block(std::max(bytes, next_block_bytes_));
    begin = 0;
    used_ += bytes;
  } else {
    used_ += begin - offset_ + bytes;
  }
  offset_ = begin + bytes;
  return blocks_.back().bytes.get() + begin;
}

void Arena::reset() {
  if (blocks_.size() > 1) {
    const size_t together = reserved_;
    blocks_.clear();
    reserved_ = 0;
    next_block_bytes_ = together;  // the next allocation makes one block of this size
  }
  offset_ = 0;
  used_ = 0;
}

}  // namespace kolosal
