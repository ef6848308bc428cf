#include "kolosal/base/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "kolosal/base/error.h"
#include "kolosal/base/file.h"
#include "kolosal/base/json.h"

namespace kolosal {
namespace {

namespace fs = std::filesystem;

struct Lines {
  std::vector<std::string> all;
  Logger logger(LogLevel level, LogFormat format) {
    return Logger::to_function([this](std::string_view line) { all.emplace_back(line); }, level, format);
  }
};

// The line without its time.
std::string after_time(const std::string& line) { return line.substr(25); }

TEST(Logger, IsSilentByDefault) {
  const Logger logger;
  EXPECT_FALSE(logger.enabled(LogLevel::Error));
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  logger.error("lost");
  logger.flush();
  EXPECT_EQ(testing::internal::GetCapturedStderr() + testing::internal::GetCapturedStdout(), "");
}

TEST(Logger, WritesTextLinesWithFields) {
  Lines lines;
  const Logger logger = lines.logger(LogLevel::Info, LogFormat::Text);
  logger.info("trained", {{"model", "ridge"}, {"seconds", 0.5}, {"note", "two words"}, {"n", 3}, {"ok", true}});
  ASSERT_EQ(lines.all.size(), 1u);
  EXPECT_EQ(after_time(lines.all[0]), R"(INFO    trained model=ridge seconds=0.5 note="two words" n=3 ok=true)");
  EXPECT_EQ(lines.all[0][10], 'T');
  EXPECT_EQ(lines.all[0][23], 'Z');
}

TEST(Logger, WritesJsonLinesThatParse) {
  Lines lines;
  lines.logger(LogLevel::Debug, LogFormat::Json)
      .debug("a \"quoted\"\nmessage", {{"x", 1.5}, {"list", Value::List{1, "b"}}, {"level", "mine"}});
  const Value line = parse_json(lines.all.at(0));
  EXPECT_EQ(line.at("message"), Value("a \"quoted\"\nmessage"));
  EXPECT_EQ(line.at("level"), Value("debug"));
  EXPECT_EQ(line.at("level_"), Value("mine"));
  EXPECT_EQ(line.at("list"), (Value(Value::List{1, "b"})));
}

TEST(Logger, DropsWhatIsBelowItsLevel) {
  Lines lines;
  const Logger logger = lines.logger(LogLevel::Warning, LogFormat::Text);
  logger.debug("a");
  logger.info("b");
  logger.warning("c");
  logger.error("d");
  logger.log(LogLevel::Off, "e");
  ASSERT_EQ(lines.all.size(), 2u);
  EXPECT_EQ(after_time(lines.all[0]), "WARNING c");
  EXPECT_EQ(after_time(lines.all[1]), "ERROR   d");
  EXPECT_FALSE(lines.logger(LogLevel::Off, LogFormat::Text).enabled(LogLevel::Error));
}

TEST(Logger, NeverWritesASecret) {
  for (const LogFormat format : {LogFormat::Text, LogFormat::Json}) {
    Lines lines;
    const Value nested = parse_json(R"({"user": "me", "db_password": "hunter2", "inner": [{"Authorization": "hunter2"}]})");
    lines.logger(LogLevel::Info, format)
        .with({{"API-Key", "hunter2"}})
        .info("opened postgres://me:hunter2@host/db and http://a:hunter2@b", {{"password", "hunter2"},
                                                                              {"accessToken", 987654321},
                                                                              {"config", nested},
                                                                              {"url", "postgres://me:hunter2@host:5432/db?x=1"},
                                                                              {"plain", "http://host:80/a@b"}});
    const std::string& line = lines.all.at(0);
    EXPECT_EQ(line.find("hunter2"), std::string::npos) << line;
    EXPECT_EQ(line.find("987654321"), std::string::npos) << line;
    EXPECT_NE(line.find("postgres://me:***@host:5432/db?x=1"), std::string::npos) << line;
    EXPECT_NE(line.find("http://host:80/a@b"), std::string::npos) << line;
  }
}

TEST(Logger, OneMessageIsOneLineWhateverItHolds) {
  Lines lines;
  lines.logger(LogLevel::Info, LogFormat::Text).info("a\nERROR forged", {{"b\nc", "d\r\ne"}});
  EXPECT_EQ(lines.all.at(0).find_first_of("\r\n"), std::string::npos);
}

TEST(Logger, BoundFieldsComeFirstAndOnlyInTheirLogger) {
  Lines lines;
  const Logger logger = lines.logger(LogLevel::Info, LogFormat::Text);
  logger.with({{"run", 7}}).with({{"fold", 1}}).info("x", {{"y", 2}});
  logger.info("z");
  EXPECT_EQ(after_time(lines.all.at(0)), "INFO    x run=7 fold=1 y=2");
  EXPECT_EQ(after_time(lines.all.at(1)), "INFO    z");
}

TEST(Logger, AFailingOutputDoesNotReachTheCaller) {
  const Logger logger = Logger::to_function([](std::string_view) { throw std::runtime_error("full"); }, LogLevel::Info);
  EXPECT_NO_THROW(logger.info("x"));
}

TEST(Logger, AppendsToAFileAndTurnsItOver) {
  const fs::path folder = fs::temp_directory_path() / ("kolosal_log_test_" + std::to_string(getpid()));
  fs::create_directories(folder);
  const std::string path = (folder / "run.log").string();
  {
    const Logger logger = Logger::to_file(path, LogLevel::Info, LogFormat::Json, 4096);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&logger, t] {
        for (int i = 0; i < 50; ++i) logger.info("step", {{"thread", t}, {"i", i}});
      });
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_TRUE(fs::exists(folder / "run.1.log") || fs::exists(folder / "run.log.1"));
  const std::string text = read_file(path);
  EXPECT_LE(text.size(), 4096u);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    EXPECT_EQ(parse_json(text.substr(begin, end - begin)).at("message"), Value("step"));
    begin = end + 1;
  }
  EXPECT_THROW(Logger::to_file((folder / "run.log" / "x.log").string(), LogLevel::Info), Error);
  fs::remove_all(folder);
}

TEST(Logger, WritesToStandardErrorOnly) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  {
    const Logger logger = Logger::to_stderr(LogLevel::Info);
    logger.info("hello");
    logger.flush();
  }
  EXPECT_NE(testing::internal::GetCapturedStderr().find("hello\n"), std::string::npos);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

}  // namespace
}  // namespace kolosal
