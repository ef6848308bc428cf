// An input that can be read from its beginning again and again: a file as it is, anything else as a copy on disk.
//
// The copy has no name, so that nothing is left of it however the program ends.
//
// Checked  preprocess_file_test.cc, tests/scenarios.
#pragma once

#include <cstdint>
#include <string>

#include "kolosal/base/fit_context.h"

namespace kolosal {

/// Where to read a source several times.
class RepeatableInput {
 public:
  /// `path` as read_table takes it. Where it is standard input, a pipe or a device, all of it is copied to `folder` first. Throws
  /// Error(Io), and as context.check does.
  RepeatableInput(const std::string& path, const std::string& folder, const FitContext& context);
  ~RepeatableInput();
  RepeatableInput(const RepeatableInput&) = delete;
  RepeatableInput& operator=(const RepeatableInput&) = delete;

  /// What to open, and what messages call it.
  const std::string& path() const noexcept { return path_; }
  const std::string& name() const noexcept { return name_; }
  /// Throws Error(BadFile) where the file was changed or replaced since: what was learnt from it may not suit it any more.
  void check_unchanged() const;

 private:
  /// What tells one state of a file from another.
  struct State {
    uint64_t device = 0, inode = 0;
    int64_t size = 0, seconds = 0, nanoseconds = 0;  // of the last change
    bool operator==(const State&) const = default;
  };
  State state() const;

  std::string path_, name_;
  State at_first_;
  int copy_ = -1;
};

}  // namespace kolosal
