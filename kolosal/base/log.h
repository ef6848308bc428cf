// Structured logging: messages with key=value fields, as text or JSON lines, passed explicitly and silent by default.
#pragma once

#include <array>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kolosal/base/value.h"

namespace kolosal {

/// How much is told; a Logger drops what is below its level.
enum class LogLevel { Debug, Info, Warning, Error, Off };
constexpr std::array<std::pair<LogLevel, std::string_view>, 5> enum_names(LogLevel) {
  return {{{LogLevel::Debug, "debug"},
           {LogLevel::Info, "info"},
           {LogLevel::Warning, "warning"},
           {LogLevel::Error, "error"},
           {LogLevel::Off, "off"}}};
}

/// Text for people ("time LEVEL message key=value"), Json for programs (one object a line).
enum class LogFormat { Text, Json };
constexpr std::array<std::pair<LogFormat, std::string_view>, 2> enum_names(LogFormat) {
  return {{{LogFormat::Text, "text"}, {LogFormat::Json, "json"}}};
}

/// One fact of a message. A key that speaks of a secret (password, token, api_key ...) is logged as "***", and so is the
/// password inside a URL.
struct LogField {
  std::string key;
  Value value;
};

/// Writes messages. Copies share their output; safe from any thread. A failing output never reaches the caller.
class Logger {
 public:
  /// Silent.
  Logger() = default;
  /// Lines on standard error.
  static Logger to_stderr(LogLevel level, LogFormat format = LogFormat::Text);
  /// Lines appended to a file. Past `max_bytes` it is renamed to `path`.1 (an older one goes to .2, up to 3). Throws Error(Io).
  static Logger to_file(const std::string& path, LogLevel level, LogFormat format = LogFormat::Json, size_t max_bytes = size_t{64} << 20);
  /// Lines, without their end, to a function, one at a time.
  static Logger to_function(std::function<void(std::string_view line)> write, LogLevel level, LogFormat format = LogFormat::Text);

  /// A logger to the same output whose every message has these fields too.
  Logger with(std::vector<LogField> fields) const;

  /// True where a message of `level` is written; ask before making an expensive one.
  bool enabled(LogLevel level) const noexcept;
  void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {}) const noexcept;
  void debug(std::string_view message, std::initializer_list<LogField> fields = {}) const noexcept {
    log(LogLevel::Debug, message, fields);
  }
  void info(std::string_view message, std::initializer_list<LogField> fields = {}) const noexcept { log(LogLevel::Info, message, fields); }
  void warning(std::string_view message, std::initializer_list<LogField> fields = {}) const noexcept {
    log(LogLevel::Warning, message, fields);
  }
  void error(std::string_view message, std::initializer_list<LogField> fields = {}) const noexcept {
    log(LogLevel::Error, message, fields);
  }
  /// Hands what is buffered to the output.
  void flush() const noexcept;

 private:
  struct Output;
  std::shared_ptr<Output> output_;
  std::vector<LogField> fields_;
};

}  // namespace kolosal
