// Errors that users meet: what kind, where and what was found, and what to do.
#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace kolosal {

/// Kinds of failure. The name (`error_code_name`) is part of the public interface: programs match on it.
enum class ErrorCode {
  BadValue,            ///< a cell, a parameter value or an argument is not allowed
  UnknownColumn,       ///< a column is named that the table does not have
  UnknownParameter,    ///< a parameter is named that does not exist
  UnknownName,         ///< a learner, metric, file format ... is named that is not in its catalog
  EmptyInput,          ///< no rows or no columns where some are needed
  FeatureMismatch,     ///< columns at prediction differ from those seen in training
  NotFitted,           ///< used before fit
  BadFile,             ///< a file cannot be understood
  CorruptArtifact,     ///< an artifact fails a check
  UnsupportedVersion,  ///< an artifact of a newer format
  Unsupported,         ///< a combination that cannot work
  Io,                  ///< the operating system refused
  OutOfMemory,         ///< the memory budget is spent
  Timeout,             ///< the deadline passed before there was a result
  Cancelled,           ///< the caller asked to stop
  Internal,            ///< a defect of Kolosal
};

/// Name of a code as programs see it: "bad_value", "unknown_column", ...
std::string_view error_code_name(ErrorCode code) noexcept;

/// What every function of the library throws on a failure. `what()` is "message" and, on a second line, the remedy.
class Error : public std::runtime_error {
 public:
  /// `message` says where, what was found and what is allowed; `remedy` what to do (may be empty).
  Error(ErrorCode code, std::string message, std::string remedy = {});

  /// The parts that the error was made of.
  ErrorCode code() const noexcept { return code_; }
  const std::string& message() const noexcept { return message_; }
  const std::string& remedy() const noexcept { return remedy_; }

 private:
  ErrorCode code_;
  std::string message_;
  std::string remedy_;
};

/// The candidate nearest to `word` in edit distance, or an empty view where none is near enough to suggest.
std::string_view nearest_name(std::string_view word, std::span<const std::string> candidates);

/// "; did you mean 'income'?" or "" where no candidate is near.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

}  // namespace kolosal
