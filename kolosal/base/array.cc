// Memory of Arrays: aligned and zeroed, or private pages of a file (MAP_PRIVATE: the system copies a page at its first write).
//
// A file that is cut short while mapped would fault at the missing pages, as any map does; artifacts are replaced, never changed.
// Checked  array_test.cc.
#include "kolosal/base/array.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <new>

#include "kolosal/base/buffer_pool.h"
#include "kolosal/base/error.h"

namespace kolosal {
namespace {

constexpr std::align_val_t kAlignment{64};
constexpr size_t kPooledFrom = size_t{1} << 20;
constexpr size_t kMostIdleBytes = size_t{128} << 20;

// Large arrays come and go a column at a time; the first touch of new memory costs more than the arithmetic on it.
BufferPool& large_arrays() {
  static BufferPool pool(kMostIdleBytes);
  return pool;
}

std::shared_ptr<void> pooled_bytes(size_t size) {
  auto buffer = std::make_shared<BufferPool::Buffer>(large_arrays().take(size));
  void* start = buffer->bytes().data();
  return {std::move(buffer), start};
}

std::shared_ptr<void> new_bytes(size_t size) {
  if (size >= kPooledFrom) return pooled_bytes(size);
  void* start = ::operator new(size, kAlignment, std::nothrow);
  if (start == nullptr)
    throw Error(ErrorCode::OutOfMemory, "the system has no " + std::to_string(size) + " bytes left for an array",
                "Use fewer rows or columns.");
  return {start, [](void* bytes) { ::operator delete(bytes, kAlignment); }};
}

[[noreturn]] void fail(const std::string& path, int code) {
  throw Error(ErrorCode::Io, "cannot map '" + path + "': " + std::strerror(code));
}

}  // namespace

void release_idle_arrays() noexcept { large_arrays().trim(); }

ArrayBytes ArrayBytes::unset(size_t size) {
  ArrayBytes bytes;
  if (size == 0) return bytes;
  bytes.owner_ = new_bytes(size);
  bytes.start_ = static_cast<std::byte*>(bytes.owner_.get());
  bytes.size_ = size;
  return bytes;
}

ArrayBytes ArrayBytes::zeros(size_t size) {
  ArrayBytes bytes = unset(size);
  if (size > 0) std::memset(bytes.start_, 0, size);
  return bytes;
}

ArrayBytes ArrayBytes::map(const std::string& path, size_t offset, size_t size) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail(path, errno);
  const std::shared_ptr<void> closing(nullptr, [fd](void*) { ::close(fd); });
  struct stat status {};
  if (::fstat(fd, &status) != 0) fail(path, errno);
  const size_t file_size = S_ISREG(status.st_mode) ? static_cast<size_t>(status.st_size) : 0;
  if (offset > file_size || size > file_size - offset)
    throw Error(ErrorCode::BadFile,
                "'" + path + "' has " + std::to_string(file_size) + " bytes; " + std::to_string(size) + " from " + std::to_string(offset) +
                    " on are wanted",
                "The file is cut short or not what it should be; make it again.");
  ArrayBytes bytes;
  if (size == 0) return bytes;
  const size_t skipped = offset % static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  const size_t length = size + skipped;
  void* start = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, static_cast<off_t>(offset - skipped));
  if (start == MAP_FAILED) fail(path, errno);
  bytes.owner_ = std::shared_ptr<void>(start, [length](void* mapped) { ::munmap(mapped, length); });
  bytes.start_ = static_cast<std::byte*>(start) + skipped;
  bytes.size_ = size;
  return bytes;
}

std::byte* ArrayBytes::begin_writing() {
  if (owner_.use_count() > 1) {
    std::shared_ptr<void> own = new_bytes(size_);
    std::memcpy(own.get(), start_, size_);
    start_ = static_cast<std::byte*>(own.get());
    owner_ = std::move(own);
  }
  // What a former sharer read before it let go happens before the writes that follow.
  std::atomic_thread_fence(std::memory_order_acquire);
  return start_;
}

}  // namespace kolosal
