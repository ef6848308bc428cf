// Output to files and standard output.
//
// Checked  table_io_test.cc: nothing is at the path before close, and nothing stays of a writer that is given up.
#include "kolosal/table/io/output.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "kolosal/base/error.h"

namespace kolosal {
namespace {

constexpr size_t kBufferBytes = size_t{1} << 18;

/// The file that a symbolic link stands for, so that the link itself stays.
std::string resolved(const std::string& path) {
  char real[PATH_MAX];
  return ::realpath(path.c_str(), real) != nullptr ? real : path;
}

/// Whether `name` is that of a part of `of`: of.part71_0.
bool is_part_of(std::string_view name, std::string_view of) {
  if (!name.starts_with(of)) return false;
  name.remove_prefix(of.size());
  return name.starts_with(".part") && name.size() > 5 && name.find_first_not_of("0123456789_", 5) == std::string_view::npos;
}

/// Removes the parts of `path` that programs left which were killed: those that nobody holds locked, a minute old or older.
void remove_abandoned_parts(const std::string& path) noexcept {
  constexpr time_t kYoung = 60;
  try {
    const std::filesystem::path whole(path);
    const std::filesystem::path folder = whole.has_parent_path() ? whole.parent_path() : ".";
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (!is_part_of(entry.path().filename().string(), whole.filename().string())) continue;
      const int descriptor = ::open(entry.path().c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
      if (descriptor < 0) continue;
      struct stat status {};
      const bool is_old = ::fstat(descriptor, &status) == 0 && ::time(nullptr) - status.st_mtime >= kYoung;
      if (is_old && ::flock(descriptor, LOCK_EX | LOCK_NB) == 0) ::unlink(entry.path().c_str());
      ::close(descriptor);
    }
  } catch (const std::exception&) {  // a folder that cannot be listed
  }
}

}  // namespace

OutputFile::OutputFile(const std::string& path) : path_(path) {
  static std::atomic<unsigned> counter{0};
  struct stat status {};
  if (path == "-") {
    descriptor_ = STDOUT_FILENO;
  } else if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    descriptor_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    const bool replaces = ::stat(path.c_str(), &status) == 0;
    path_ = resolved(path);
    remove_abandoned_parts(path_);
    temporary_ = path_ + ".part" + std::to_string(::getpid()) + "_" + std::to_string(counter++);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ >= 0) (void)::flock(descriptor_, LOCK_EX | LOCK_NB);
    if (descriptor_ >= 0 && replaces) (void)::fchmod(descriptor_, status.st_mode & 07777);
  }
  if (descriptor_ < 0) {
    temporary_.clear();
    fail("write");
  }
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0 && descriptor_ != STDOUT_FILENO) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void OutputFile::fail(const char* verb) const {
  const std::string reason = std::strerror(errno);
  throw Error(ErrorCode::Io, "cannot " + std::string(verb) + " '" + (path_ == "-" ? "standard output" : path_) + "': " + reason,
              "Check the folder, its permissions and the space left.");
}

void OutputFile::write(std::string_view bytes) {
  buffer_ += bytes;
  if (buffer_.size() >= kBufferBytes) flush();
}

void OutputFile::flush() {
  std::string_view left = buffer_;
  while (!left.empty()) {
    const ssize_t n = ::write(descriptor_, left.data(), left.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("write");
    left.remove_prefix(static_cast<size_t>(n));
  }
  buffer_.clear();
}

void OutputFile::close() {
  flush();
  if (descriptor_ == STDOUT_FILENO) return;
  if (!temporary_.empty() && ::fsync(descriptor_) != 0) fail("sync");
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) fail("close");
  if (temporary_.empty()) return;
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail("put in place");
  temporary_.clear();
}

}  // namespace kolosal
