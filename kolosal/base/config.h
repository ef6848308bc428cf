// Configuration: files in JSON, YAML or TOML, environment variables, and the order in which they override each other.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "kolosal/base/error.h"
#include "kolosal/base/fields.h"
#include "kolosal/base/value.h"

namespace kolosal {

/// How a config file is written.
enum class ConfigFormat { Json, Yaml, Toml };

/// By the ending of the path: .json, .yaml or .yml, .toml. Throws Error(BadFile) for any other.
ConfigFormat config_format_of(std::string_view path);

/// Parses one document. Throws Error(BadFile) that says the line, the column and what was wrong there.
Value parse_config(std::string_view text, ConfigFormat format);

/// Reads a config file; an empty one is an empty object. Throws Error(Io) or Error(BadFile), which name the file.
Value read_config_file(const std::string& path);

/// The text of a config file that reads back as `value`, an object. TOML has no null: members that are null are left out there.
/// With `table`, YAML and TOML say what each top-level field is for in a comment above it.
/// Throws Error(Unsupported) where TOML cannot hold the value.
std::string write_config(const Value& value, ConfigFormat format, const ParameterTable* table = nullptr);

/// Looks a variable of the environment up; nothing where it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// The environment of the process.
Environment process_environment();

/// "KOLOSAL_LEARNING_RATE" for learning_rate; members of nested objects follow two underscores: "KOLOSAL_SERVER__PORT".
std::string environment_name(std::string_view field_name, std::string_view prefix = "KOLOSAL_");

/// The fields of `table` that the environment sets, as an object. Throws Error(BadValue) that names the variable.
Value environment_overrides(const ParameterTable& table, const Environment& environment, std::string_view prefix = "KOLOSAL_");

/// Where parameters come from, the strongest last.
struct ParameterSources {
  std::string config_path;                          ///< a config file; none where empty
  Environment environment = process_environment();  ///< variables that override it
  Value flags;                                      ///< what the command line says (an object, or null); overrides both
};

/// The parameters that result: flags > environment > file > defaults of T. Nested objects are merged field by field. `file` is what the
/// config file says of T, where there is one.
/// Throws Error(BadValue), Error(UnknownParameter), Error(BadFile) or Error(Io), which name the source.
template <Described T>
T resolve_parameters(const ParameterSources& sources, const Value& file) {
  T parameters{};
  if (!sources.config_path.empty()) {
    try {
      update_from_value(parameters, file);
    } catch (const Error& error) {
      throw Error(error.code(), sources.config_path + ": " + error.message(), error.remedy());
    }
  }
  if (sources.environment) update_from_value(parameters, environment_overrides(parameter_table<T>(), sources.environment));
  if (!sources.flags.is_null()) update_from_value(parameters, sources.flags);
  return parameters;
}

/// The same where the whole file is of T.
template <Described T>
T resolve_parameters(const ParameterSources& sources) {
  return resolve_parameters<T>(sources, sources.config_path.empty() ? Value() : read_config_file(sources.config_path));
}

/// Follows a config file while a program runs. A change is read, validated and handed on; a bad file is reported once and the last
/// good config stays. The calls come from a thread of its own, one at a time.
class ConfigWatcher {
 public:
  /// What is called when the file changes.
  struct Callbacks {
    std::function<void(const Value& config)> validate;   ///< throws Error where the config is not acceptable; may be empty
    std::function<void(const Value& config)> on_change;  ///< a new good config; what it throws goes to on_error
    std::function<void(const Error& error)> on_error;    ///< why a changed file was refused; may be empty
  };

  /// Reads `path` at once (no call of on_change) and then looks every `poll_seconds`. Throws what reading or validate throws.
  ConfigWatcher(std::string path, Callbacks callbacks, double poll_seconds = 1.0);
  /// Stops and waits for a call under way.
  ~ConfigWatcher();
  ConfigWatcher(const ConfigWatcher&) = delete;
  ConfigWatcher& operator=(const ConfigWatcher&) = delete;

  /// The last good config.
  Value current() const;
  /// Looks now, in the calling thread; true where a new config was taken. Must not be called from a callback.
  bool check_now();

 private:
  void run(const std::stop_token& stop, double poll_seconds);

  std::string path_;
  Callbacks callbacks_;
  std::mutex check_mutex_;    // one look at a time
  std::string last_seen_;     // contents, or the error, of the last look
  mutable std::mutex mutex_;  // guards current_
  Value current_;
  std::mutex sleep_mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: stops before what it uses goes
};

}  // namespace kolosal
