#include "kolosal/base/guarded_map.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "kolosal/base/error.h"

namespace kolosal {
namespace {

class GuardedMaps : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    path_ = testing::TempDir() + "/kolosal_map_" + std::to_string(::getpid()) + info->name();
  }
  void TearDown() override { std::filesystem::remove(path_); }
  void write(size_t n_bytes) const { std::ofstream(path_, std::ios::binary) << std::string(n_bytes, 'a'); }
  std::string message_of(const GuardedMap& map) const {
    try {
      map.check_unchanged("in.csv");
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::BadFile);
      return error.message();
    }
    return {};
  }

  std::string path_;
};

TEST_F(GuardedMaps, HasTheBytesOfTheFile) {
  write(100'000);
  const GuardedMap map(path_);
  EXPECT_EQ(map.bytes(), std::string(100'000, 'a'));
  EXPECT_EQ(message_of(map), "");
  EXPECT_THROW(GuardedMap("/no/such/file"), Error);
}

TEST_F(GuardedMaps, ReadsZerosAndTellsWhereTheFileIsCutShort) {
  write(100'000);
  const GuardedMap map(path_), other(path_);
  std::filesystem::resize_file(path_, 10'000);
  EXPECT_EQ(std::ranges::count(map.bytes(), 'a'), 10'000);
  EXPECT_EQ(std::ranges::count(map.bytes(), '\0'), 90'000);
  EXPECT_EQ(message_of(map), "in.csv was cut short while it was read");
  EXPECT_EQ(message_of(other), "in.csv was cut short while it was read");  // though nothing was read there
}

TEST_F(GuardedMaps, TellsWhereTheFileWasCutShortAndGrewAgain) {
  write(100'000);
  const GuardedMap map(path_);
  std::filesystem::resize_file(path_, 0);
  EXPECT_EQ(std::ranges::count(map.bytes(), '\0'), 100'000);
  write(100'000);
  EXPECT_EQ(message_of(map), "in.csv was cut short while it was read");
}

TEST_F(GuardedMaps, TellsWhereTheFileWasWrittenTo) {
  write(100'000);
  std::filesystem::last_write_time(path_, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  const GuardedMap map(path_);
  std::ofstream(path_, std::ios::app) << "b";
  EXPECT_EQ(message_of(map), "in.csv was changed while it was read");
}

TEST_F(GuardedMaps, AreSafeFromManyThreads) {
  write(400'000);
  std::vector<std::thread> threads;
  std::vector<std::optional<GuardedMap>> maps(8);
  for (auto& map : maps) map.emplace(path_);
  std::filesystem::resize_file(path_, 0);
  std::vector<std::ptrdiff_t> zeros(maps.size());
  for (size_t i = 0; i < maps.size(); ++i)
    threads.emplace_back([&, i] { zeros[i] = std::ranges::count(maps[i]->bytes(), '\0') + std::ranges::count(maps[0]->bytes(), '\0'); });
  for (std::thread& thread : threads) thread.join();
  for (const std::ptrdiff_t n : zeros) EXPECT_EQ(n, 800'000);
}

TEST_F(GuardedMaps, LeavesOtherFaultsToEndTheProgram) {
  write(10);
  const GuardedMap map(path_);
  EXPECT_DEATH((void)::raise(SIGBUS), "");  // by the signal, or by the sanitizer that handled it before
}

}  // namespace
}  // namespace kolosal
