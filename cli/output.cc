#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "cli/command.h"
#include "kolosal/base/json.h"

namespace kolosal::cli {

void write_output(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fputc('\n', stdout) != EOF;
  if (!written || std::fflush(stdout) != 0) throw Error(ErrorCode::Io, std::string("standard output: ") + std::strerror(errno));
}

void write_note(const Session& session, std::string_view line) {
  if (!session.quiet) std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
}

void write_error(const Session& session, const Error& error) {
  const std::string code(error_code_name(error.code()));
  if (session.json) {
    const Value value(Value::Object{
        {"error", Value(Value::Object{{"code", Value(code)}, {"message", Value(error.message())}, {"remedy", Value(error.remedy())}})}});
    std::fprintf(stderr, "%s\n", to_json(value).c_str());
    return;
  }
  const char* begin = session.color ? "\033[1;31m" : "";
  const char* end = session.color ? "\033[0m" : "";
  std::fprintf(stderr, "%serror[%s]%s: %s\n", begin, code.c_str(), end, error.message().c_str());
  if (!error.remedy().empty()) std::fprintf(stderr, "  %s\n", error.remedy().c_str());
}

std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) line += row[i] + std::string(widths[i] - row[i].size() + 2, ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string short_number(double number) {
  char text[32];
  std::snprintf(text, sizeof text, std::abs(number) >= 1000 ? "%.1f" : "%.4g", number);
  return text;
}

std::string short_bytes(double bytes) {
  static constexpr const char* kUnits[] = {"B", "KB", "MB", "GB", "TB"};
  size_t unit = 0;
  for (; bytes >= 1000 && unit + 1 < std::size(kUnits); ++unit) bytes /= 1000;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, kUnits[unit]);
  return text;
}

FitContext make_context(const Session& session, const ThreadOptions& threads) {
  FitContext context;
  context.cancel = session.cancel;
  context.threads = std::make_shared<const Threads>(threads);
  return context;
}

}  // namespace kolosal::cli
