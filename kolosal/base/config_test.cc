#include "kolosal/base/config.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "kolosal/base/clock.h"
#include "kolosal/base/file.h"
#include "kolosal/base/json.h"

namespace kolosal {
namespace {

namespace fs = std::filesystem;

struct Server {
  int port = 8080;
  std::string host = "localhost";
};
void describe(Fields<Server>& f) {
  f.add("port", &Server::port, "Where it listens.").min(0).max(65535);
  f.add("host", &Server::host, "Its name.");
}
struct App {
  double learning_rate = 0.1;
  int n_trees = 100;
  std::vector<int> sizes;
  std::optional<int> limit;
  Server server;
};
void describe(Fields<App>& f) {
  f.add("learning_rate", &App::learning_rate, "Step of each tree.").above(0).max(1).alias("eta");
  f.add("n_trees", &App::n_trees, "How many trees.").min(1);
  f.add("sizes", &App::sizes, "Sizes.");
  f.add("limit", &App::limit, "A limit.");
  f.add("server", &App::server, "The server.");
}

template <class Body>
Error error_of(Body body) {
  try {
    body();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return Error(ErrorCode::Internal, "none");
}

Environment environment_of(std::map<std::string, std::string> variables) {
  return [variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

class ConfigFile : public testing::Test {
 protected:
  ConfigFile() : folder_(fs::temp_directory_path() / ("kolosal_config_test_" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~ConfigFile() override { fs::remove_all(folder_); }
  std::string put(const std::string& name, const std::string& text) const {
    std::string path = (folder_ / name).string();
    write_file_atomically(path, [&](const auto& sink) { sink(text); });
    return path;
  }

 private:
  fs::path folder_;
};

std::string random_text() {
  std::string text;
  const int length = *rc::gen::inRange(0, 5);
  for (int i = 0; i < length; ++i)
    text += *rc::gen::element<std::string>("a", "null", "true", "no", "1", ".", "-", "\"", "'", "#", ": ", "\\", "\n", "\t", "\x7f", "é",
                                           "🎲", " ", "[", "{", "~", "0x1", "e5", "=");
  return text;
}

Value random_value(int depth, bool with_null) {
  switch (*rc::gen::inRange(with_null ? 0 : 1, depth > 0 ? 8 : 6)) {
    case 0: return Value();
    case 1: return Value(*rc::gen::arbitrary<bool>());
    case 2: return Value(*rc::gen::arbitrary<int64_t>());
    case 3: return Value(*rc::gen::arbitrary<double>());
    case 4: return Value(*rc::gen::element(1e300, -0.0, 5e-324, 3.0, std::numeric_limits<double>::infinity()));
    case 5: return Value(random_text());
    case 6: {
      Value::List list;
      for (int n = *rc::gen::inRange(0, 4); n > 0; --n) list.push_back(random_value(depth - 1, with_null));
      return Value(std::move(list));
    }
    default: {
      Value object{Value::Object()};
      for (int n = *rc::gen::inRange(0, 4); n > 0; --n) object.set(random_text(), random_value(depth - 1, with_null));
      return object;
    }
  }
}

Value random_object(bool with_null) {
  Value object{Value::Object()};
  for (int n = *rc::gen::inRange(0, 5); n > 0; --n) object.set(random_text(), random_value(3, with_null));
  return object;
}

// Without regard to the order of members, which TOML changes: tables come last.
bool same(const Value& a, const Value& b) {
  if (a.is_list() && b.is_list()) {
    if (a.as_list().size() != b.as_list().size()) return false;
    for (size_t i = 0; i < a.as_list().size(); ++i)
      if (!same(a.as_list()[i], b.as_list()[i])) return false;
    return true;
  }
  if (!a.is_object() || !b.is_object()) return a == b;
  if (a.as_object().size() != b.as_object().size()) return false;
  for (const auto& [key, member] : a.as_object())
    if (b.find(key) == nullptr || !same(member, *b.find(key))) return false;
  return true;
}

RC_GTEST_PROP(Config, YamlReadsBackWhatWasWritten, ()) {
  const Value value = random_object(true);
  const std::string text = write_config(value, ConfigFormat::Yaml);
  RC_LOG() << text;
  RC_ASSERT(parse_config(text, ConfigFormat::Yaml) == value);
}

RC_GTEST_PROP(Config, TomlReadsBackWhatWasWritten, ()) {
  const Value value = random_object(false);
  const std::string text = write_config(value, ConfigFormat::Toml);
  RC_LOG() << text;
  RC_ASSERT(same(parse_config(text, ConfigFormat::Toml), value));
}

RC_GTEST_PROP(Config, MangledFilesGiveAValueOrABadFileError, ()) {
  const ConfigFormat format = *rc::gen::element(ConfigFormat::Json, ConfigFormat::Yaml, ConfigFormat::Toml);
  std::string text = write_config(random_object(false), format);
  for (int i = *rc::gen::inRange(1, 4); i > 0 && !text.empty(); --i)
    text[*rc::gen::inRange<size_t>(0, text.size())] = *rc::gen::arbitrary<char>();
  try {
    parse_config(text, format);
  } catch (const Error& error) {
    RC_ASSERT(error.code() == ErrorCode::BadFile);
  }
}

TEST(Config, TheThreeFormatsSayTheSame) {
  const Value json = parse_config(R"({"a": 1, "b": 2.5, "c": "x", "d": [1, 2], "e": {"f": true}})", ConfigFormat::Json);
  EXPECT_EQ(parse_config("a: 1\nb: 2.5\nc: x\nd: [1, 2]\ne:\n  f: true\n", ConfigFormat::Yaml), json);
  EXPECT_EQ(parse_config("a = 1\nb = 2.5\nc = 'x'\nd = [1, 2]\n[e]\nf = true\n", ConfigFormat::Toml), json);
}

TEST(Config, YamlFollowsTheCoreSchema) {
  const Value value =
      parse_config("{a: no, b: '1', c: 0x1F, d: ~, e: .inf, f: -.inf, g: 1e3, h: +5, i: 0o17, j: 1_000, k: 2024-01-01, l: -, m: -7}",
                   ConfigFormat::Yaml);
  EXPECT_EQ(to_json(value),
            R"({"a":"no","b":"1","c":31,"d":null,"e":null,"f":null,"g":1000.0,"h":5,"i":15,"j":"1_000","k":"2024-01-01","l":"-","m":-7})");
  EXPECT_TRUE(std::isinf(value.at("e").as_real()));
  EXPECT_TRUE(parse_config("99999999999999999999", ConfigFormat::Yaml).is_real());
  EXPECT_TRUE(std::isnan(parse_config(".nan", ConfigFormat::Yaml).as_real()));
}

TEST(Config, TomlDatesBecomeText) {
  EXPECT_EQ(parse_config("a = 2024-01-02\nb = 07:30:00\nc = 2024-01-02T07:30:00Z", ConfigFormat::Toml),
            parse_json(R"({"a": "2024-01-02", "b": "07:30:00", "c": "2024-01-02T07:30:00Z"})"));
}

TEST(Config, BadFilesSayWhere) {
  EXPECT_TRUE(error_of([] { parse_config("a: 1\nb: [1\n", ConfigFormat::Yaml); }).message().starts_with("YAML, line 3, column"));
  EXPECT_TRUE(error_of([] { parse_config("a = 1\nb = [1\n", ConfigFormat::Toml); }).message().starts_with("TOML, line "));
  EXPECT_NE(error_of([] { parse_config("a: 1\na: 2", ConfigFormat::Yaml); }).message().find("'a' is there twice"), std::string::npos);
  EXPECT_EQ(error_of([] { parse_config("a = 1\na = 2", ConfigFormat::Toml); }).code(), ErrorCode::BadFile);
  EXPECT_EQ(error_of([] { parse_config("a: 1\n---\nb: 1", ConfigFormat::Yaml); }).code(), ErrorCode::BadFile);
  EXPECT_EQ(error_of([] { parse_config("[1]: 2", ConfigFormat::Yaml); }).code(), ErrorCode::BadFile);
  EXPECT_EQ(error_of([] { parse_config(std::string(200, '['), ConfigFormat::Yaml); }).code(), ErrorCode::BadFile);
  EXPECT_EQ(error_of([] { parse_config("a = " + std::string(200, '[') + std::string(200, ']'), ConfigFormat::Toml); }).code(),
            ErrorCode::BadFile);
}

TEST(Config, ALoneCommaInYamlIsAnErrorAndNotAnEndlessLoop) {
  for (const char* text : {",", "*a", "[,", ",?~"})
    EXPECT_EQ(error_of([&] { parse_config(text, ConfigFormat::Yaml); }).code(), ErrorCode::BadFile) << text;
}

TEST(Config, AnAliasBombIsAnError) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 0; k < 9; ++k) text += ", " + before;
    text += "]\n";
  }
  EXPECT_NE(error_of([&] { parse_config(text, ConfigFormat::Yaml); }).message().find("aliases expanded"), std::string::npos);
}

TEST(Config, YamlAndTomlExplainFieldsInComments) {
  EXPECT_EQ(write_config(to_value(App()), ConfigFormat::Yaml, &parameter_table<App>()),
            "# Step of each tree.\nlearning_rate: 0.1\n# How many trees.\nn_trees: 100\n# Sizes.\nsizes: []\n# A limit.\nlimit: null\n"
            "# The server.\nserver:\n  port: 8080\n  host: localhost\n");
  EXPECT_EQ(write_config(to_value(App()), ConfigFormat::Toml, &parameter_table<App>()),
            "# Step of each tree.\nlearning_rate = 0.1\n# How many trees.\nn_trees = 100\n# Sizes.\nsizes = []\n\n# The server.\n[server]\n"
            "port = 8080\nhost = \"localhost\"\n");
  EXPECT_EQ(error_of([] { write_config(parse_json(R"({"a": [null]})"), ConfigFormat::Toml); }).code(), ErrorCode::Unsupported);
}

TEST_F(ConfigFile, FlagsBeatEnvironmentBeatsFileBeatsDefaults) {
  const std::string path = put("app.yaml", "eta: 0.2\nn_trees: 7\nserver:\n  port: 1\n  host: file\n");
  const Environment environment =
      environment_of({{"KOLOSAL_N_TREES", "8"}, {"KOLOSAL_SERVER__PORT", "2"}, {"KOLOSAL_SIZES", "3,4"}, {"KOLOSAL_LIMIT", "none"}});
  const App app = resolve_parameters<App>({path, environment, parse_json(R"({"server": {"port": 3}, "limit": 9})")});
  EXPECT_EQ(app.learning_rate, 0.2);
  EXPECT_EQ(app.n_trees, 8);
  EXPECT_EQ(app.sizes, (std::vector<int>{3, 4}));
  EXPECT_EQ(app.server.port, 3);
  EXPECT_EQ(app.server.host, "file");
  EXPECT_EQ(app.limit, 9);
  EXPECT_EQ(resolve_parameters<App>({"", environment_of({}), Value()}).n_trees, 100);
}

TEST_F(ConfigFile, ErrorsNameTheirSource) {
  const std::string path = put("app.toml", "n_trees = 0\n");
  EXPECT_EQ(error_of([&] {
              resolve_parameters<App>({path, environment_of({}), Value()});
            }).message(),
            path + ": n_trees is 0, which is out of bounds");
  const Environment bad = environment_of({{"KOLOSAL_SERVER__PORT", "70000"}});
  EXPECT_EQ(error_of([&] {
              resolve_parameters<App>({"", bad, Value()});
            }).message(),
            "KOLOSAL_SERVER__PORT is 70000, which is out of bounds");
  EXPECT_TRUE(error_of([&] { read_config_file(put("b.json", "{")); }).message().find("b.json: JSON, line 1") != std::string::npos);
  EXPECT_EQ(error_of([&] { read_config_file(put("c.yaml", "- 1")); }).code(), ErrorCode::BadFile);
  EXPECT_NE(error_of([] { read_config_file("a.ini"); }).remedy().find(".toml"), std::string::npos);
  EXPECT_EQ(read_config_file(put("empty.json", " \n")), Value(Value::Object()));
  EXPECT_EQ(read_config_file(put("comment.yaml", "# nothing\n")), Value(Value::Object()));
}

TEST(Config, TheProcessEnvironmentIsRead) {
  setenv("KOLOSAL_N_TREES", "55", 1);
  EXPECT_EQ(resolve_parameters<App>({}).n_trees, 55);
  unsetenv("KOLOSAL_N_TREES");
  EXPECT_EQ(resolve_parameters<App>({}).n_trees, 100);
}

TEST_F(ConfigFile, AWatcherTakesGoodChangesAndKeepsTheLastGoodConfigOnABadOne) {
  const std::string path = put("app.yaml", "n_trees: 1\n");
  std::vector<Value> changes;
  std::vector<std::string> errors;
  ConfigWatcher watcher(path,
                        {[](const Value& config) { from_value<App>(config); }, [&](const Value& config) { changes.push_back(config); },
                         [&](const Error& error) { errors.push_back(error.message()); }},
                        3600);
  EXPECT_EQ(watcher.current(), parse_json(R"({"n_trees": 1})"));
  EXPECT_FALSE(watcher.check_now());
  put("app.yaml", "n_trees: 2\n");
  EXPECT_TRUE(watcher.check_now());
  EXPECT_FALSE(watcher.check_now());
  put("app.yaml", "n_trees: 2  # a comment only\n");
  EXPECT_FALSE(watcher.check_now());
  EXPECT_EQ(changes.size(), 1u);
  for (const char* bad : {"n_trees: 0\n", "n_trees: [\n", "tree: 1\n"}) {
    put("app.yaml", bad);
    EXPECT_FALSE(watcher.check_now());
    EXPECT_FALSE(watcher.check_now());
  }
  fs::remove(path);
  EXPECT_FALSE(watcher.check_now());
  EXPECT_FALSE(watcher.check_now());
  EXPECT_EQ(errors.size(), 4u);
  EXPECT_EQ(watcher.current(), parse_json(R"({"n_trees": 2})"));
  put("app.yaml", "n_trees: 3\n");
  EXPECT_TRUE(watcher.check_now());
  EXPECT_EQ(watcher.current(), parse_json(R"({"n_trees": 3})"));
}

TEST_F(ConfigFile, AWatcherSeesAChangeByItself) {
  const std::string path = put("app.json", R"({"a": 1})");
  std::atomic<int> seen{0};
  ConfigWatcher watcher(path, {{}, [&](const Value& config) { seen = static_cast<int>(config.at("a").as_integer()); }, {}}, 0.005);
  put("app.json", R"({"a": 2})");
  for (const Stopwatch watch; seen != 2 && watch.seconds() < 5;) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  EXPECT_EQ(seen, 2);
}

TEST_F(ConfigFile, AWatcherRefusesToStartOnABadFile) {
  EXPECT_THROW(ConfigWatcher(put("app.json", "{"), {}), Error);
  EXPECT_THROW(ConfigWatcher("absent.json", {}), Error);
}

}  // namespace
}  // namespace kolosal
