// What the commands of the kolosal program share: how they are added, how they speak, how they fail.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "kolosal/base/clock.h"
#include "kolosal/base/fields.h"
#include "kolosal/base/fit_context.h"
#include "kolosal/base/value.h"

namespace kolosal::cli {

/// Exit codes of every command.
enum ExitCode : int { kSuccess = 0, kFailure = 1, kUsage = 2, kInterrupted = 130 };

/// A wrong use of the program: a value that a flag, the environment or a configuration file may not have. Exit code 2.
class UsageError : public Error {
 public:
  explicit UsageError(const Error& error) : Error(error) {}
};

/// Whether the error is a wrong use: a UsageError, or a name of something that is not there, wherever that shows.
inline bool is_misuse(const Error& error) {
  return dynamic_cast<const UsageError*>(&error) != nullptr || error.code() == ErrorCode::UnknownParameter ||
         error.code() == ErrorCode::UnknownName;
}

/// What `read` makes of flags, environment and configuration; what these may not say is a UsageError.
template <class Read>
auto usage(Read read) {
  try {
    return read();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::BadValue) throw UsageError(error);
    throw;
  }
}

/// What every command gets: when the program began, the flag that Ctrl-C sets, and how to write.
struct Session {
  Clock::time_point started = Clock::now();
  CancelToken cancel;
  bool json = false;      ///< results as JSON on standard output
  bool quiet = false;     ///< no progress
  bool color = false;     ///< standard error is a terminal that wants colour
  bool terminal = false;  ///< standard error is a terminal
};

/// The end of a time limit, in seconds since the program began.
inline Deadline deadline_of(const Session& session, double time_limit) {
  return Deadline::after(time_limit - std::chrono::duration<double>(Clock::now() - session.started).count());
}

/// Adds a command to the program; `run` is called when the user chose it and returns the exit code.
using AddCommand = void (*)(CLI::App& program, Session& session, int& exit_code);
void add_train(CLI::App& program, Session& session, int& exit_code);
void add_predict(CLI::App& program, Session& session, int& exit_code);
void add_evaluate(CLI::App& program, Session& session, int& exit_code);
void add_info(CLI::App& program, Session& session, int& exit_code);
void add_import(CLI::App& program, Session& session, int& exit_code);
void add_preprocess(CLI::App& program, Session& session, int& exit_code);
void add_benchmark(CLI::App& program, Session& session, int& exit_code);
void add_tune(CLI::App& program, Session& session, int& exit_code);
void add_studies(CLI::App& program, Session& session, int& exit_code);
void add_completions(CLI::App& program, Session& session, int& exit_code);

/// Writes a whole result to standard output, followed by a line end. Throws Error(Io) where it cannot be written.
void write_output(std::string_view text);
/// Writes a line to standard error, unless the session is quiet.
void write_note(const Session& session, std::string_view line);
/// Writes an error as users see it: "error[code]: message" and the remedy on a line of its own; as JSON with --json.
void write_error(const Session& session, const Error& error);

/// A table of texts with aligned columns; the first row is the header.
std::string aligned(const std::vector<std::vector<std::string>>& rows);
/// A number in few digits: "0.9274", "12,345" is never grouped.
std::string short_number(double number);
/// "1.2 MB".
std::string short_bytes(double bytes);

/// A context for work without a plan: the session's cancellation, and threads.
FitContext make_context(const Session& session, const ThreadOptions& threads);

}  // namespace kolosal::cli
