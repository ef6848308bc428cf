// The kolosal program. Results go to standard output, everything else to standard error; exit codes are 0, 1 failure, 2 usage
// (also the name of something that is not there), 130 interrupted.

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <new>

#include "cli/command.h"
#include "kolosal/base/version.h"

namespace kolosal::cli {
namespace {

CancelToken* interrupted = nullptr;

// The first Ctrl-C asks to stop and keep the best so far; a second one ends the program at once.
void on_interrupt(int signal) {
  interrupted->cancel();
  std::signal(signal, SIG_DFL);
}

bool wants_color() {
  const char* no_color = std::getenv("NO_COLOR");
  return isatty(STDERR_FILENO) != 0 && (no_color == nullptr || *no_color == '\0');
}

int run(int argc, char** argv) {
  Session session;
  interrupted = &session.cancel;
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow further is an error of the write
  session.terminal = isatty(STDERR_FILENO) != 0;
  session.color = wants_color();

  CLI::App program("AutoML for tables: train, predict and judge models from the command line.", "kolosal");
  program.set_version_flag("--version", version());
  program.set_help_all_flag("--help-all", "Help of every command");
  program.add_flag("--json", session.json, "Write results as JSON");
  program.add_flag("-q,--quiet", session.quiet, "No progress and notes");
  program.require_subcommand(1);
  program.fallthrough();
  program.footer("Example: kolosal train adult.csv --target income --time-limit 60s");
  int exit_code = kSuccess;
  for (const AddCommand add :
       {add_train, add_predict, add_evaluate, add_info, add_import, add_preprocess, add_tune, add_studies, add_benchmark, add_completions})
    add(program, session, exit_code);
  try {
    program.parse(argc, argv);
    return exit_code;
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? kSuccess : kUsage;
  } catch (const Error& error) {
    write_error(session, error);
    if (error.code() == ErrorCode::Cancelled) return kInterrupted;
    return is_misuse(error) ? kUsage : kFailure;
  } catch (const std::bad_alloc&) {
    write_error(session, Error(ErrorCode::OutOfMemory, "memory ran out", "Use fewer rows or columns, or a machine with more memory."));
    return kFailure;
  } catch (const std::exception& error) {
    write_error(session,
                Error(ErrorCode::Internal, error.what(), "This is a defect of Kolosal: please report it with the command you ran."));
    return kFailure;
  }
}

}  // namespace
}  // namespace kolosal::cli

int main(int argc, char** argv) { return kolosal::cli::run(argc, argv); }
