// Structured logging on spdlog's sinks; a line is made here, so both formats treat fields, secrets and control characters alike.
//
// Text     2026-01-31T12:00:00.123Z INFO    trained model=ridge seconds=0.12       (values that hold spaces are JSON texts)
// JSON     {"time":"2026-01-31T12:00:00.123Z","level":"info","message":"trained","model":"ridge","seconds":0.12}
// Cost     one allocation or two a line; nothing below the level. Checked: log_test.cc.
#include "kolosal/base/log.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <mutex>

#include "kolosal/base/error.h"
#include "kolosal/base/fields.h"
#include "kolosal/base/json.h"

namespace kolosal {
namespace {

constexpr std::string_view kHidden = "***";

std::string now_text() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[40];
  const size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text + length, sizeof text - length, ".%03dZ", static_cast<int>(millis));
  return text;
}

bool is_secret(std::string_view key) {
  std::string letters;
  for (const char c : key)
    if (c != '_' && c != '-' && c != '.' && c != ' ') letters += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const std::string_view word :
       {"password", "passwd", "secret", "token", "apikey", "accesskey", "privatekey", "authorization", "credential", "cookie"})
    if (letters.find(word) != std::string::npos) return true;
  return false;
}

// Hides the password of each scheme://user:password@host in a text.
std::string without_passwords(std::string text) {
  for (size_t at = 0; (at = text.find("://", at)) != std::string::npos;) {
    at += 3;
    const size_t host_end = std::min(text.find_first_of("/?# \t\n\"'", at), text.size());
    const size_t sign = text.substr(0, host_end).rfind('@');
    const size_t colon = text.find(':', at);
    if (sign == std::string::npos || sign < at || colon >= sign) continue;
    text.replace(colon + 1, sign - colon - 1, kHidden);
  }
  return text;
}

Value hidden(std::string_view key, const Value& value) {
  if (is_secret(key)) return Value(kHidden);
  if (value.is_text()) return Value(without_passwords(value.as_text()));
  if (value.is_list()) {
    Value::List list;
    for (const Value& element : value.as_list()) list.push_back(hidden("", element));
    return Value(std::move(list));
  }
  if (value.is_object()) {
    Value object{Value::Object()};
    for (const auto& [name, member] : value.as_object()) object.set(name, hidden(name, member));
    return object;
  }
  return value;
}

// A text as it stands where that is one harmless word, else as JSON writes it.
std::string word_text(const std::string& text) {
  const bool harmless = !text.empty() && std::ranges::none_of(text, [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '"' || c == '=' || c == '\\';
  });
  return harmless ? text : to_json(Value(text));
}

// Without line ends and other control characters, so that one message is one line.
std::string one_line(std::string_view text) {
  const std::string json = to_json(Value(text));
  if (std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) return std::string(text);
  return json.substr(1, json.size() - 2);
}

std::string text_line(LogLevel level, std::string_view message, const std::vector<const LogField*>& fields) {
  std::string name(enum_name(level));
  std::ranges::transform(name, name.begin(), [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  name.resize(7, ' ');
  std::string line = now_text() + " " + name + " " + one_line(without_passwords(std::string(message)));
  for (const LogField* field : fields) {
    const Value value = hidden(field->key, field->value);
    line += " " + word_text(field->key) + "=" + (value.is_text() ? word_text(value.as_text()) : to_json(value));
  }
  return line;
}

std::string json_line(LogLevel level, std::string_view message, const std::vector<const LogField*>& fields) {
  Value line{Value::Object()};
  line.set("time", now_text()).set("level", enum_name(level)).set("message", without_passwords(std::string(message)));
  for (const LogField* field : fields) {
    const bool taken = field->key == "time" || field->key == "level" || field->key == "message";
    line.set(taken ? field->key + "_" : field->key, hidden(field->key, field->value));
  }
  return to_json(line);
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::Debug: return spdlog::level::debug;
    case LogLevel::Info: return spdlog::level::info;
    case LogLevel::Warning: return spdlog::level::warn;
    case LogLevel::Error: return spdlog::level::err;
    case LogLevel::Off: return spdlog::level::off;
  }
  return spdlog::level::off;
}

// Hands lines to a function, one at a time.
class FunctionSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FunctionSink(std::function<void(std::string_view)> write) : write_(std::move(write)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    write_(std::string_view(message.payload.data(), message.payload.size()));
  }
  void flush_() override {}

  std::function<void(std::string_view)> write_;
};

}  // namespace

struct Logger::Output {
  Output(spdlog::sink_ptr sink, LogLevel lowest, LogFormat how) : logger("kolosal", std::move(sink)), level(lowest), format(how) {
    logger.set_pattern("%v");
    logger.set_level(spdlog::level::trace);
    logger.flush_on(spdlog::level::warn);
    logger.set_error_handler([](const std::string&) {});
  }
  ~Output() { logger.flush(); }

  spdlog::logger logger;
  LogLevel level;
  LogFormat format;
};

Logger Logger::to_stderr(LogLevel level, LogFormat format) {
  Logger logger;
  logger.output_ = std::make_shared<Output>(std::make_shared<spdlog::sinks::stderr_sink_mt>(), level, format);
  return logger;
}

Logger Logger::to_file(const std::string& path, LogLevel level, LogFormat format, size_t max_bytes) {
  Logger logger;
  try {
    logger.output_ = std::make_shared<Output>(
        std::make_shared<spdlog::sinks::rotating_file_sink_mt>(path, std::max<size_t>(max_bytes, 1), 3), level, format);
  } catch (const spdlog::spdlog_ex& error) {
    throw Error(ErrorCode::Io, "cannot write the log '" + path + "': " + error.what(), "Check the path and its permissions.");
  }
  return logger;
}

Logger Logger::to_function(std::function<void(std::string_view)> write, LogLevel level, LogFormat format) {
  Logger logger;
  logger.output_ = std::make_shared<Output>(std::make_shared<FunctionSink>(std::move(write)), level, format);
  return logger;
}

Logger Logger::with(std::vector<LogField> fields) const {
  Logger logger = *this;
  for (LogField& field : fields) logger.fields_.push_back(std::move(field));
  return logger;
}

bool Logger::enabled(LogLevel level) const noexcept { return output_ && level != LogLevel::Off && level >= output_->level; }

void Logger::log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) const noexcept {
  if (!enabled(level)) return;
  try {
    std::vector<const LogField*> all;
    for (const LogField& field : fields_) all.push_back(&field);
    for (const LogField& field : fields) all.push_back(&field);
    const std::string line = output_->format == LogFormat::Json ? json_line(level, message, all) : text_line(level, message, all);
    output_->logger.log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
  } catch (...) {  // a message that cannot be made or written is lost; the work it speaks of goes on
  }
}

void Logger::flush() const noexcept {
  if (!output_) return;
  try {
    output_->logger.flush();
  } catch (...) {
  }
}

}  // namespace kolosal
