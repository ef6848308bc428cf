#include "kolosal/tune/storages/wait_check.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>

#include "kolosal/base/clock.h"
#include "kolosal/tune/storage.h"
#include "kolosal/tune/storages/sqlite_connection.h"

namespace kolosal {
namespace {

class WaitCheck : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override {
    set_wait_check(nullptr);
    std::filesystem::remove_all(folder_);
  }

  // A storage that another holds is waited for until the check says no: then the call is over at once.
  static void expect_end(Storage& storage) {
    const Stopwatch watch;
    set_wait_check([&] { return watch.seconds() > 0.3; });
    try {
      storage.create_study("second", {Direction::Minimize});
      ADD_FAILURE() << "the lock was not there";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::Cancelled) << error.what();
    }
    EXPECT_GT(watch.seconds(), 0.2);
    EXPECT_LT(watch.seconds(), 3);
    set_wait_check(nullptr);
  }

  std::filesystem::path folder_ = std::filesystem::temp_directory_path() / ("kolosal-wait-" + std::to_string(::getpid()));
};

TEST_F(WaitCheck, EndsTheWaitForALockedDatabase) {
  const std::string path = folder_ / "a.db";
  const auto storage = storages().make("sqlite", Value::Object{{"path", path}});
  storage->create_study("first", {Direction::Minimize});
  SqliteConnection other(path);
  other.run("BEGIN IMMEDIATE");
  expect_end(*storage);
  other.run("COMMIT");
  storage->create_study("second", {Direction::Minimize});
  EXPECT_EQ(storage->studies().size(), 2);
}

TEST_F(WaitCheck, EndsTheWaitForALockedJournal) {
  const std::string path = folder_ / "a.log";
  const auto storage = storages().make("journal", Value::Object{{"path", path}});
  storage->create_study("first", {Direction::Minimize});
  const int other = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::flock(other, LOCK_EX), 0);
  expect_end(*storage);
  ::flock(other, LOCK_UN);
  ::close(other);
  storage->create_study("second", {Direction::Minimize});
  EXPECT_EQ(storage->studies().size(), 2);
}

}  // namespace
}  // namespace kolosal
