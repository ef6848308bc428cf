#include "kolosal/stream/repeatable_input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "kolosal/base/error.h"
#include "kolosal/table/io/input.h"

namespace kolosal {
namespace {

constexpr size_t kCopiedBytes = size_t{1} << 20;

[[noreturn]] void fail(const std::string& verb, const std::string& name) {
  throw Error(ErrorCode::Io, "cannot " + verb + " " + name + ": " + std::strerror(errno), "Check the folder and the space left.");
}

/// A new file of `folder` that has no name.
int open_unnamed(const std::string& folder, const std::string& name) {
  if (const int file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600); file >= 0) return file;
  std::string named = folder + "/kolosal_input_XXXXXX";
  const int file = ::mkostemp(named.data(), O_CLOEXEC);
  if (file < 0) fail("keep a copy in '" + folder + "' of", name);
  ::unlink(named.c_str());
  return file;
}

void write_all(int file, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("keep a copy of", name);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

}  // namespace

RepeatableInput::RepeatableInput(const std::string& path, const std::string& folder, const FitContext& context) : path_(path) {
  InputStream input(path);
  name_ = input.name();
  struct stat status {};
  if (path != "-" && ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
    at_first_ = state();
    return;
  }
  copy_ = open_unnamed(folder, name_);
  try {
    std::vector<char> room(kCopiedBytes);
    while (const size_t n = input.read(room)) {
      context.check();
      write_all(copy_, {room.data(), n}, name_);
    }
  } catch (...) {
    ::close(std::exchange(copy_, -1));
    throw;
  }
  path_ = "/proc/self/fd/" + std::to_string(copy_);
}

RepeatableInput::State RepeatableInput::state() const {
  struct stat status {};
  if (::stat(path_.c_str(), &status) != 0) fail("read", name_);
  return {status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

void RepeatableInput::check_unchanged() const {
  if (copy_ >= 0 || state() == at_first_) return;
  throw Error(ErrorCode::BadFile, name_ + " was changed while it was read", "Run again when nothing writes to it, or on a copy.");
}

RepeatableInput::~RepeatableInput() {
  if (copy_ >= 0) ::close(copy_);
}

}  // namespace kolosal
