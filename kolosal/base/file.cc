// Files on POSIX systems: read whole, mapped, or written so that a reader never sees half of one.
//
// An atomic write goes to a temporary name in the same folder (a rename works only inside one file system), is synced, takes the
// mode of the file it replaces, and is renamed; then the folder is synced, so that the name too survives a power cut. A
// symbolic link is followed. What is not a regular file (a pipe, a terminal, /dev/null) is written through directly.
//
// Checked  file_test.cc: contents, failures that leave the old file, leftovers, links, devices.
#include "kolosal/base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "kolosal/base/error.h"

namespace kolosal {
namespace {

constexpr size_t kWriteBuffer = size_t{256} << 10;

[[noreturn]] void fail(std::string_view verb, const std::string& path, int code) {
  std::string remedy;
  if (code == ENOENT) remedy = "Check the path; folders are not made.";
  if (code == ENOSPC || code == EDQUOT) remedy = "Free some space, or write to another folder.";
  if (code == EACCES || code == EPERM || code == EROFS) remedy = "Check the permissions of the file and its folder.";
  throw Error(ErrorCode::Io, "cannot " + std::string(verb) + " '" + path + "': " + std::strerror(code), remedy);
}

// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor(const std::string& path, int flags, mode_t mode = 0) : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  // 0, or the error that a delayed write brought up.
  int close() { return ::close(std::exchange(fd_, -1)) == 0 ? 0 : errno; }

 private:
  int fd_;
};

Descriptor open_to_read(const std::string& path, struct stat& status) {
  if (path.find('\0') != std::string::npos) fail("read", path, EINVAL);
  Descriptor file(path, O_RDONLY);
  if (!file.is_open()) fail("read", path, errno);
  if (::fstat(file.get(), &status) != 0) fail("read", path, errno);
  if (S_ISDIR(status.st_mode)) fail("read", path, EISDIR);
  return file;
}

// Reads to the end; `size` is how much is expected, which pipes and files under /proc do not know.
std::string read_to_end(const Descriptor& file, const std::string& path, size_t size) {
  std::string text(size + 1, '\0');
  size_t used = 0;
  for (;;) {
    if (used == text.size()) text.resize(text.size() + std::max<size_t>(text.size(), 65536));
    const ssize_t n = ::read(file.get(), text.data() + used, std::min<size_t>(text.size() - used, size_t{1} << 30));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("read", path, errno);
    if (n == 0) break;
    used += static_cast<size_t>(n);
  }
  text.resize(used);
  return text;
}

// Collects bytes and writes them in large pieces.
class BufferedWriter {
 public:
  BufferedWriter(int fd, const std::string& path) : fd_(fd), path_(path) {}

  void add(std::string_view bytes) {
    if (buffer_.size() + bytes.size() > kWriteBuffer) flush();
    if (bytes.size() >= kWriteBuffer) write_all(bytes);
    else buffer_ += bytes;
  }

  void flush() {
    write_all(buffer_);
    buffer_.clear();
  }

 private:
  void write_all(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), std::min<size_t>(bytes.size(), size_t{1} << 30));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail("write", path_, errno);
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }

  int fd_;
  const std::string& path_;
  std::string buffer_;
};

using Write = std::function<void(const std::function<void(std::string_view)>& sink)>;

void write_through(Descriptor& file, const std::string& path, const Write& write) {
  BufferedWriter writer(file.get(), path);
  write([&](std::string_view bytes) { writer.add(bytes); });
  writer.flush();
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// The file that `path` means once links are followed; `path` itself where there is nothing yet.
std::string resolved(const std::string& path) {
  char* real = ::realpath(path.c_str(), nullptr);
  if (real == nullptr) return path;
  std::string found(real);
  std::free(real);
  return found;
}

std::string temporary_name(const std::string& path) {
  static std::atomic<unsigned> counter{0};
  return path + ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(counter.fetch_add(1));
}

// Removes the temporary unless it was renamed.
struct RemoveOnFailure {
  const std::string& path;
  bool kept = false;
  ~RemoveOnFailure() {
    if (!kept) ::unlink(path.c_str());
  }
};

}  // namespace

std::string read_file(const std::string& path) {
  struct stat status {};
  const Descriptor file = open_to_read(path, status);
  return read_to_end(file, path, S_ISREG(status.st_mode) ? static_cast<size_t>(status.st_size) : 0);
}

void write_file_atomically(const std::string& path, const Write& write) {
  if (path.empty() || path.find('\0') != std::string::npos) fail("write", path, path.empty() ? ENOENT : EINVAL);
  struct stat old {};
  const bool exists = ::stat(path.c_str(), &old) == 0;
  if (exists && S_ISDIR(old.st_mode)) fail("write", path, EISDIR);
  if (exists && !S_ISREG(old.st_mode)) {
    Descriptor device(path, O_WRONLY);
    if (!device.is_open()) fail("write", path, errno);
    return write_through(device, path, write);
  }
  const std::string target = resolved(path);
  const std::string temporary = temporary_name(target);
  Descriptor file(temporary, O_WRONLY | O_CREAT | O_EXCL, 0666);
  if (!file.is_open()) fail("write", path, errno);
  RemoveOnFailure guard{temporary};
  if (exists && ::fchmod(file.get(), old.st_mode & 07777) != 0) fail("write", path, errno);
  write_through(file, path, write);
  if (::fsync(file.get()) != 0) fail("write", path, errno);
  if (const int code = file.close(); code != 0) fail("write", path, code);
  if (::rename(temporary.c_str(), target.c_str()) != 0) fail("write", path, errno);
  guard.kept = true;
  // Some file systems cannot sync a folder; the file is complete either way.
  const Descriptor folder(folder_of(target), O_RDONLY | O_DIRECTORY);
  if (folder.is_open()) ::fsync(folder.get());
}

MappedFile map_file(const std::string& path) {
  struct stat status {};
  const Descriptor file = open_to_read(path, status);
  const size_t size = S_ISREG(status.st_mode) ? static_cast<size_t>(status.st_size) : 0;
  if (size == 0) {  // empty, or of unknown length: a pipe, or a file under /proc
    auto text = std::make_shared<const std::string>(read_to_end(file, path, 0));
    return {text, std::as_bytes(std::span(text->data(), text->size()))};
  }
  void* start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (start == MAP_FAILED) fail("map", path, errno);
  std::shared_ptr<const void> owner(start, [size](const void* address) { ::munmap(const_cast<void*>(address), size); });
  return {owner, {static_cast<const std::byte*>(start), size}};
}

}  // namespace kolosal
