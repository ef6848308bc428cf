// Where table bytes go: a new file that takes its name only when it is whole, or standard output for the path "-".
#pragma once

#include <string>
#include <string_view>

namespace kolosal {

/// Bytes written in order. Unless close() is reached, nothing is left behind.
class OutputFile {
 public:
  /// Opens a temporary name beside `path`; standard output for "-". What is not a regular file (a pipe, a device) is written
  /// through. Throws Error(Io).
  explicit OutputFile(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// Throws Error(Io).
  void write(std::string_view bytes);
  /// Syncs, and puts the file in place. Throws Error(Io).
  void close();

 private:
  void flush();
  [[noreturn]] void fail(const char* verb) const;

  std::string path_, temporary_;  // temporary_ is empty where bytes go straight to their place
  int descriptor_ = -1;
  std::string buffer_;
};

}  // namespace kolosal
