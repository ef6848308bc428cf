// A pool of large buffers.
//
// Capacities are rounded up to an eighth of a power of two, so near sizes share buffers and at most an eighth is wasted (an idle
// buffer up to twice as large as asked is used too). From 4 MiB on a buffer is aligned to 2 MiB and asked to be made of huge
// pages. Pages are placed by the system at the first touch, on the NUMA node of the thread that touches them; a buffer that was
// used last is handed out first, so its pages are likely in the caches.
//
// Checked  buffer_pool_test.cc.
#include "kolosal/base/buffer_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <mutex>
#include <new>
#include <string>
#include <vector>

#include "kolosal/base/error.h"

namespace kolosal {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kHugeFrom = size_t{4} << 20;

size_t capacity_for(size_t bytes) {
  const size_t step = std::max<size_t>(std::bit_floor(bytes) / 8, 64);
  return (bytes + step - 1) / step * step;
}

std::align_val_t alignment_of(size_t capacity) { return std::align_val_t(capacity >= kHugeFrom ? kHugePage : 64); }

std::byte* new_memory(size_t capacity) {
  void* start = ::operator new(capacity, alignment_of(capacity), std::nothrow);
  if (start != nullptr && capacity >= kHugeFrom) ::madvise(start, capacity / kHugePage * kHugePage, MADV_HUGEPAGE);  // a wish only
  return static_cast<std::byte*>(start);
}

void free_memory(std::byte* start, size_t capacity) noexcept { ::operator delete(start, alignment_of(capacity)); }

}  // namespace

struct BufferPool::Shared {
  struct Idle {
    std::byte* start;
    size_t capacity;
  };

  Shared(size_t most, std::shared_ptr<MemoryBudget> limit) : max_idle_bytes(most), budget(std::move(limit)) {}
  ~Shared() { drop_to(0); }

  void give_back(const Idle& buffer) noexcept {
    free_memory(buffer.start, buffer.capacity);
    if (budget) budget->release(buffer.capacity);
  }

  // Gives up the idle buffers unused for longest until at most `bytes` are kept. The caller holds the mutex.
  void drop_to(size_t bytes) noexcept {
    size_t n_dropped = 0;
    for (; stats.idle_bytes > bytes; ++n_dropped) {
      stats.idle_bytes -= idle[n_dropped].capacity;
      give_back(idle[n_dropped]);
    }
    idle.erase(idle.begin(), idle.begin() + static_cast<std::ptrdiff_t>(n_dropped));
  }

  void put_back(const Idle& buffer) noexcept {
    const std::lock_guard lock(mutex);
    stats.taken_bytes -= buffer.capacity;
    try {
      idle.push_back(buffer);
    } catch (const std::bad_alloc&) {
      return give_back(buffer);
    }
    stats.idle_bytes += buffer.capacity;
    drop_to(max_idle_bytes);
  }

  const size_t max_idle_bytes;
  const std::shared_ptr<MemoryBudget> budget;
  std::mutex mutex;
  std::vector<Idle> idle;  // the one used last at the end
  BufferPoolStats stats;
};

BufferPool::BufferPool(size_t max_idle_bytes, std::shared_ptr<MemoryBudget> budget)
    : shared_(std::make_shared<Shared>(max_idle_bytes, std::move(budget))) {}

BufferPool::Buffer BufferPool::take(size_t bytes) {
  Buffer buffer;
  if (bytes == 0) return buffer;
  if (bytes > ~size_t{0} >> 2) throw Error(ErrorCode::OutOfMemory, "a buffer is larger than the address space");
  const size_t capacity = capacity_for(bytes);
  const std::lock_guard lock(shared_->mutex);
  auto best = shared_->idle.rend();
  for (auto it = shared_->idle.rbegin(); it != shared_->idle.rend(); ++it)
    if (it->capacity >= bytes && it->capacity / 2 <= capacity && (best == shared_->idle.rend() || it->capacity < best->capacity)) best = it;
  if (best != shared_->idle.rend()) {
    buffer.start_ = best->start;
    buffer.capacity_ = best->capacity;
    shared_->stats.idle_bytes -= best->capacity;
    shared_->idle.erase(std::next(best).base());
    ++shared_->stats.n_reused;
  } else {
    if (shared_->budget && !shared_->budget->try_reserve(capacity)) {
      shared_->drop_to(0);
      shared_->budget->reserve(capacity, "a buffer");
    }
    buffer.start_ = new_memory(capacity);
    if (buffer.start_ == nullptr) {
      if (shared_->budget) shared_->budget->release(capacity);
      throw Error(ErrorCode::OutOfMemory, "the system has no " + std::to_string(capacity >> 20) + " MiB left for a buffer",
                  "Use fewer rows or columns.");
    }
    buffer.capacity_ = capacity;
    ++shared_->stats.n_made;
  }
  shared_->stats.taken_bytes += buffer.capacity_;
  buffer.size_ = bytes;
  buffer.pool_ = shared_;
  return buffer;
}

void BufferPool::trim() noexcept {
  const std::lock_guard lock(shared_->mutex);
  shared_->drop_to(0);
}

BufferPoolStats BufferPool::stats() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->stats;
}

BufferPool::Buffer::~Buffer() {
  if (pool_) pool_->put_back({start_, capacity_});
}

BufferPool::Buffer::Buffer(Buffer&& other) noexcept
    : pool_(std::move(other.pool_)),
      start_(std::exchange(other.start_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

BufferPool::Buffer& BufferPool::Buffer::operator=(Buffer&& other) noexcept {
  std::swap(pool_, other.pool_);
  std::swap(start_, other.start_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
  return *this;
}

}  // namespace kolosal
