// Config files to and from Value, environment overrides, and hot reload.
//
// YAML follows the core schema of YAML 1.2: an unquoted `no` is text, not false. One document a file, keys once, at most
// 64 levels and a million nodes after aliases are expanded (an alias bomb is an error, not an outage). TOML keeps the order of
// its keys; dates and times become text.
//
// Checked  config_test.cc: each format's round trip on random trees, malformed files with positions, precedence, reload.
#include "kolosal/base/config.h"

#include <toml++/toml.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <sstream>
#include <utility>
#include <vector>

#include "kolosal/base/file.h"
#include "kolosal/base/json.h"

namespace kolosal {
namespace {

constexpr int kMaxDepth = 64;
constexpr size_t kMaxNodes = 1000000;

std::string place(std::string_view format, long line, long column) {
  return std::string(format) + ", line " + std::to_string(line) + ", column " + std::to_string(column) + ": ";
}

// What an unquoted YAML scalar means in the core schema of YAML 1.2.
Value yaml_plain(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return Value();
  if (text == "true" || text == "True" || text == "TRUE") return Value(true);
  if (text == "false" || text == "False" || text == "FALSE") return Value(false);
  const bool negative = text[0] == '-';
  const char* begin = text.data() + (text[0] == '-' || text[0] == '+' ? 1 : 0);
  const char* end = text.data() + text.size();
  const std::string_view digits(begin, static_cast<size_t>(end - begin));
  if (digits == ".inf" || digits == ".Inf" || digits == ".INF") {
    const double infinity = std::numeric_limits<double>::infinity();
    return Value(negative ? -infinity : infinity);
  }
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return Value(std::numeric_limits<double>::quiet_NaN());
  for (const auto& [mark, base] : {std::pair("0x", 16), std::pair("0o", 8)}) {
    int64_t number = 0;
    if (!digits.starts_with(mark)) continue;
    const auto [stop, status] = std::from_chars(begin + 2, end, number, base);
    if (status == std::errc() && stop == end && number >= 0) return Value(negative ? -number : number);
  }
  if (digits.empty() || digits.find_first_not_of("0123456789.eE+-") != std::string_view::npos) return Value(text);
  if (digits[0] == '-' || digits[0] == '+') return Value(text);
  if (digits.find_first_not_of("0123456789") == std::string_view::npos) {
    int64_t number = 0;
    const char* start = negative ? text.data() : begin;
    if (const auto [stop, status] = std::from_chars(start, end, number); status == std::errc() && stop == end) return Value(number);
  }
  double number = 0;
  const auto [stop, status] = std::from_chars(begin, end, number);
  if (status == std::errc() && stop == end) return Value(negative ? -number : number);
  return Value(text);
}

class YamlReader {
 public:
  Value read(const YAML::Node& node, int depth = 0) {
    if (depth > kMaxDepth) fail(node, "more than " + std::to_string(kMaxDepth) + " levels of nesting");
    if (++n_nodes_ > kMaxNodes) fail(node, "more than " + std::to_string(kMaxNodes) + " values, aliases expanded");
    switch (node.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null: return Value();
      case YAML::NodeType::Scalar: return node.Tag() == "?" ? yaml_plain(node.Scalar()) : Value(node.Scalar());
      case YAML::NodeType::Sequence: {
        Value::List list;
        for (const YAML::Node& element : node) list.push_back(read(element, depth + 1));
        return Value(std::move(list));
      }
      case YAML::NodeType::Map: break;
    }
    Value::Object members;
    std::vector<std::string> keys;
    for (const auto& member : node) {
      if (!member.first.IsScalar() && !member.first.IsNull()) fail(member.first, "a key must be a word, not a list or an object");
      keys.push_back(member.first.IsNull() ? "" : member.first.Scalar());
      members.emplace_back(keys.back(), read(member.second, depth + 1));
    }
    std::ranges::sort(keys);
    const auto twice = std::ranges::adjacent_find(keys);
    if (twice != keys.end()) fail(node, "the key '" + *twice + "' is there twice in one object");
    return Value(std::move(members));
  }

 private:
  [[noreturn]] static void fail(const YAML::Node& node, const std::string& why) {
    throw Error(ErrorCode::BadFile, place("YAML", node.Mark().line + 1, node.Mark().column + 1) + why);
  }

  size_t n_nodes_ = 0;
};

// Takes no notice of what the parser finds.
struct IgnoreEvents : YAML::EventHandler {
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

// Looks for a second document only: on some malformed texts (a lone comma) yaml-cpp 0.7 finds documents without end.
void check_one_document(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  IgnoreEvents ignored;
  if (parser.HandleNextDocument(ignored) && parser.HandleNextDocument(ignored))
    throw Error(ErrorCode::BadFile, "YAML: the file holds more than one document, or something that follows its end");
}

Value parse_yaml(std::string_view text) {
  try {
    const std::string copy(text);
    check_one_document(copy);
    return YamlReader().read(YAML::Load(copy));
  } catch (const YAML::Exception& error) {
    throw Error(ErrorCode::BadFile, place("YAML", error.mark.line + 1, error.mark.column + 1) + error.msg);
  }
}

Value from_toml(const toml::node& node, int depth = 0) {
  const toml::source_position begin = node.source().begin;
  if (depth > kMaxDepth)
    throw Error(ErrorCode::BadFile,
                place("TOML", begin.line, begin.column) + "more than " + std::to_string(kMaxDepth) + " levels of nesting");
  if (const auto* flag = node.as_boolean()) return Value(flag->get());
  if (const auto* number = node.as_integer()) return Value(number->get());
  if (const auto* number = node.as_floating_point()) return Value(number->get());
  if (const auto* text = node.as_string()) return Value(text->get());
  if (const auto* elements = node.as_array()) {
    Value::List list;
    for (const toml::node& element : *elements) list.push_back(from_toml(element, depth + 1));
    return Value(std::move(list));
  }
  if (const auto* table = node.as_table()) {
    std::vector<std::pair<const toml::key*, const toml::node*>> members;
    for (const auto& [key, member] : *table) members.emplace_back(&key, &member);
    std::ranges::stable_sort(members, [](const auto& a, const auto& b) {
      const toml::source_position first = a.first->source().begin, second = b.first->source().begin;
      return std::pair(first.line, first.column) < std::pair(second.line, second.column);
    });
    Value::Object object;
    for (const auto& [key, member] : members) object.emplace_back(std::string(key->str()), from_toml(*member, depth + 1));
    return Value(std::move(object));
  }
  std::ostringstream text;  // a date, a time, or both
  if (const auto* date = node.as_date()) text << date->get();
  else if (const auto* time = node.as_time()) text << time->get();
  else if (const auto* both = node.as_date_time()) text << both->get();
  return Value(text.str());
}

Value parse_toml(std::string_view text) {
  try {
    return from_toml(toml::parse(text));
  } catch (const toml::parse_error& error) {
    const toml::source_position begin = error.source().begin;
    throw Error(ErrorCode::BadFile, place("TOML", begin.line, begin.column) + std::string(error.description()));
  }
}

}  // namespace

ConfigFormat config_format_of(std::string_view path) {
  if (path.ends_with(".json")) return ConfigFormat::Json;
  if (path.ends_with(".yaml") || path.ends_with(".yml")) return ConfigFormat::Yaml;
  if (path.ends_with(".toml")) return ConfigFormat::Toml;
  throw Error(ErrorCode::BadFile, "the config file '" + std::string(path) + "' has an unknown ending",
              "Name it .json, .yaml, .yml or .toml.");
}

Value parse_config(std::string_view text, ConfigFormat format) {
  switch (format) {
    case ConfigFormat::Json: return parse_json(text);
    case ConfigFormat::Yaml: return parse_yaml(text);
    case ConfigFormat::Toml: return parse_toml(text);
  }
  throw Error(ErrorCode::Internal, "no such config format");
}

namespace {

Value config_from_text(const std::string& path, std::string_view text) {
  const ConfigFormat format = config_format_of(path);
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return Value(Value::Object());
  try {
    Value config = parse_config(text, format);
    if (config.is_null()) return Value(Value::Object());
    if (!config.is_object())
      throw Error(ErrorCode::BadFile, "the file holds " + std::string(config.kind_name()) + " where an object of parameters has to be",
                  "Write one 'name: value' for each parameter.");
    return config;
  } catch (const Error& error) {
    throw Error(error.code(), path + ": " + error.message(), error.remedy());
  }
}

}  // namespace

Value read_config_file(const std::string& path) {
  config_format_of(path);
  return config_from_text(path, read_file(path));
}

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* text = std::getenv(name.c_str());
    if (text == nullptr) return std::nullopt;
    return std::string(text);
  };
}

std::string environment_name(std::string_view field_name, std::string_view prefix) {
  std::string name(prefix);
  for (const char c : field_name) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : (c == '-' || c == '.' ? '_' : c);
  return name;
}

Value environment_overrides(const ParameterTable& table, const Environment& environment, std::string_view prefix) {
  Value overrides{Value::Object()};
  for (const FieldSpec& field : table.fields) {
    const std::string name = environment_name(field.name, prefix);
    if (const auto text = environment(name)) overrides.set(field.name, parse_field_text(field, *text, name));
    if (field.members == nullptr) continue;
    const Value members = environment_overrides(*field.members, environment, name + "__");
    if (members.as_object().empty()) continue;
    const Value* before = overrides.find(field.name);
    Value whole = before != nullptr ? *before : Value(Value::Object());
    for (const auto& [member, value] : members.as_object()) whole.set(member, value);
    overrides.set(field.name, std::move(whole));
  }
  return overrides;
}

ConfigWatcher::ConfigWatcher(std::string path, Callbacks callbacks, double poll_seconds)
    : path_(std::move(path)), callbacks_(std::move(callbacks)) {
  last_seen_ = read_file(path_);
  current_ = config_from_text(path_, last_seen_);
  if (callbacks_.validate) callbacks_.validate(current_);
  thread_ = std::jthread([this, poll_seconds](const std::stop_token& stop) { run(stop, poll_seconds); });
}

ConfigWatcher::~ConfigWatcher() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

Value ConfigWatcher::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

bool ConfigWatcher::check_now() {
  const std::lock_guard one_at_a_time(check_mutex_);
  const auto report = [&](const Error& error) {
    if (callbacks_.on_error) callbacks_.on_error(error);
    return false;
  };
  std::string text;
  try {
    text = read_file(path_);
  } catch (const Error& error) {  // gone for a moment while an editor replaces it, or for good: told once
    if (std::exchange(last_seen_, error.what()) == error.what()) return false;
    return report(error);
  }
  if (text == last_seen_) return false;
  last_seen_ = text;
  try {
    Value config = config_from_text(path_, text);
    if (config == current()) return false;
    if (callbacks_.validate) callbacks_.validate(config);
    if (callbacks_.on_change) callbacks_.on_change(config);
    const std::lock_guard lock(mutex_);
    current_ = std::move(config);
    return true;
  } catch (const Error& error) {
    return report(error);
  } catch (const std::exception& error) {
    return report(Error(ErrorCode::BadFile, path_ + ": the new config could not be taken over: " + error.what()));
  }
}

void ConfigWatcher::run(const std::stop_token& stop, double poll_seconds) {
  std::unique_lock lock(sleep_mutex_);
  const auto pause = std::chrono::duration<double>(std::clamp(poll_seconds, 0.001, 3600.0));
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, pause, [] { return false; });
    if (!stop.stop_requested()) check_now();
  }
}

}  // namespace kolosal
