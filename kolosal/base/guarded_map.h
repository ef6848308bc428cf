// GuardedMap: a file mapped to be read once. Where it is cut short meanwhile, the pages that are gone read as zeros, and
// check_unchanged() tells; under a plain map the system ends the process (SIGBUS).
//
// The first GuardedMap installs a handler of SIGBUS, which hands on every fault that lies in no GuardedMap to what was installed before.
//
// Cost     nothing but at a fault.
// Checked  guarded_map_test.cc; tests/scenarios/test_bad_input.py.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kolosal {

class GuardedMap {
 public:
  /// Maps a regular file that is not empty. Throws Error(Io).
  explicit GuardedMap(const std::string& path);
  ~GuardedMap();
  GuardedMap(const GuardedMap&) = delete;
  GuardedMap& operator=(const GuardedMap&) = delete;

  /// The file's bytes, as they are now.
  std::string_view bytes() const noexcept { return {start_, size_}; }
  const std::string& path() const noexcept { return path_; }
  /// Throws Error(BadFile), which calls the file `name`, where it was cut short or written to since it was mapped.
  void check_unchanged(const std::string& name) const;

 private:
  struct Guarded;

  std::string path_;
  int descriptor_ = -1;
  const char* start_ = nullptr;
  size_t size_ = 0;
  int64_t seconds_ = 0, nanoseconds_ = 0;  // of the last change before
  Guarded* guarded_ = nullptr;
};

}  // namespace kolosal
