// Where table bytes come from: a file, or standard input for the path "-".
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "kolosal/base/guarded_map.h"

namespace kolosal {

/// How many bytes are read at once.
constexpr size_t kReadBytes = size_t{1} << 20;

/// The bytes of a whole input and the name that messages call it by.
struct InputBytes {
  std::string name;
  std::shared_ptr<const void> owner;
  std::string_view bytes;
  std::shared_ptr<const GuardedMap> map;  ///< where it is a map of a file, whose pages may be dropped and come back; else null

  /// Tells the system that `part` of a mapped input is not needed for now, so that a large file is never wholly in memory.
  void drop_pages(std::string_view part) const noexcept;
};

/// The whole file, memory-mapped; for "-" all of standard input, in memory. Throws Error(Io).
InputBytes load_input(const std::string& path);

/// Bytes read in order, in bounded memory.
class InputStream {
 public:
  /// Opens a file, or standard input for "-". `name` is what messages call it; empty: the path. Throws Error(Io).
  explicit InputStream(const std::string& path, const std::string& name = {});
  ~InputStream();
  InputStream(const InputStream&) = delete;
  InputStream& operator=(const InputStream&) = delete;

  /// "standard input" for "-", else the path, where no other was given.
  const std::string& name() const noexcept { return name_; }
  /// The next bytes without taking them: `n`, or all that are left where those are fewer.
  std::string_view peek(size_t n);
  /// Takes up to `room.size()` bytes; 0 at the end. Throws Error(Io), and Error(BadFile) where a file ends before it did when it was
  /// opened.
  size_t read(std::span<char> room);
  /// Takes all that is left, into memory.
  InputBytes read_rest();
  /// All bytes, of which none has been taken: memory-mapped where the input is a file.
  InputBytes whole();
  /// The path where the input is a file whose bytes can be read in any order; else empty.
  std::string file_path() const;

 private:
  size_t read_descriptor(char* room, size_t n);

  std::string path_, name_;
  int descriptor_;
  int64_t size_ = 0;      // of a file as it was opened; 0 of anything else
  int64_t position_ = 0;  // of what was read, taken or not
  std::string peeked_;
};

}  // namespace kolosal
