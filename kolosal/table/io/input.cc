// Input from files and standard input.
//
// Checked  table_io_test.cc reads every format through both.
#include "kolosal/table/io/input.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "kolosal/base/error.h"
#include "kolosal/base/file.h"

namespace kolosal {
namespace {

std::string shown_name(const std::string& path) { return path == "-" ? "standard input" : path; }

InputBytes own(std::string name, std::string bytes) {
  auto owner = std::make_shared<const std::string>(std::move(bytes));
  return {std::move(name), owner, *owner, nullptr};
}

/// Whether the path is a file that can be mapped, rather than a pipe or a device.
bool is_regular(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
}

}  // namespace

InputBytes load_input(const std::string& path) {
  if (path == "-") return InputStream(path).read_rest();
  if (!is_regular(path)) return own(path, read_file(path));
  const auto map = std::make_shared<const GuardedMap>(path);
  return {path, map, map->bytes(), map};
}

void InputBytes::drop_pages(std::string_view part) const noexcept {
  if (map == nullptr) return;
  static const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<uintptr_t>(part.data()) + page - 1) / page * page;
  const auto end = (reinterpret_cast<uintptr_t>(part.data()) + part.size()) / page * page;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

InputStream::InputStream(const std::string& path, const std::string& name)
    : path_(path),
      name_(name.empty() ? shown_name(path) : name),
      descriptor_(path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (descriptor_ < 0)
    throw Error(ErrorCode::Io, "cannot read '" + name_ + "': " + std::strerror(errno), "Check the path and its permissions.");
  struct stat status {};
  if (descriptor_ != STDIN_FILENO && ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode)) size_ = status.st_size;
}

InputStream::~InputStream() {
  if (descriptor_ != STDIN_FILENO) ::close(descriptor_);
}

size_t InputStream::read_descriptor(char* room, size_t n) {
  for (;;) {
    const ssize_t got = ::read(descriptor_, room, n);
    if (got == 0 && n > 0 && position_ < size_)
      throw Error(ErrorCode::BadFile, name_ + " was cut short while it was read", "Run again when nothing writes to it, or on a copy.");
    position_ += std::max<ssize_t>(got, 0);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) throw Error(ErrorCode::Io, "cannot read '" + name_ + "': " + std::strerror(errno));
  }
}

std::string_view InputStream::peek(size_t n) {
  while (peeked_.size() < n) {
    const size_t before = peeked_.size();
    peeked_.resize(n);
    const size_t got = read_descriptor(peeked_.data() + before, n - before);
    peeked_.resize(before + got);
    if (got == 0) break;
  }
  return std::string_view(peeked_).substr(0, n);
}

size_t InputStream::read(std::span<char> room) {
  if (peeked_.empty()) return room.empty() ? 0 : read_descriptor(room.data(), room.size());
  const size_t n = std::min(room.size(), peeked_.size());
  std::memcpy(room.data(), peeked_.data(), n);
  peeked_.erase(0, n);
  return n;
}

std::string InputStream::file_path() const { return path_ != "-" && is_regular(path_) ? path_ : std::string(); }

InputBytes InputStream::whole() {
  if (file_path().empty()) return read_rest();
  InputBytes bytes = load_input(path_);
  bytes.name = name_;
  return bytes;
}

InputBytes InputStream::read_rest() {
  std::string all = std::exchange(peeked_, {});
  for (;;) {
    const size_t before = all.size();
    all.resize(before + std::max(kReadBytes, before / 2));
    const size_t got = read_descriptor(all.data() + before, all.size() - before);
    all.resize(before + got);
    if (got == 0) break;
  }
  return own(name_, std::move(all));
}

}  // namespace kolosal
