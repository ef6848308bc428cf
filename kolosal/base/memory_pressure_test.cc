#include "kolosal/base/memory_pressure.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "kolosal/base/clock.h"

namespace kolosal {
namespace {

namespace fs = std::filesystem;

class FakeMemory : public testing::Test {
 protected:
  FakeMemory() : root_(fs::temp_directory_path() / ("kolosal_pressure_test_" + std::to_string(getpid()))) {
    put("proc/meminfo", "MemTotal:        1000 kB\nMemFree:  10 kB\nMemAvailable:     400 kB\n");
    put("proc/self/statm", "100 25 3 1 0 5 0\n");
  }
  ~FakeMemory() override { fs::remove_all(root_); }
  void put(const std::string& path, const std::string& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  std::string root() const { return root_.string(); }

 private:
  fs::path root_;
};

TEST(MemoryState, TheRealOneIsPlausible) {
  const MemoryState before = read_memory_state();
  EXPECT_GT(before.process_bytes, size_t{1} << 20);
  EXPECT_GT(before.available_bytes, before.process_bytes / 100);
  EXPECT_LE(before.available_bytes, before.limit_bytes);
  const size_t size = size_t{64} << 20;  // mapped afresh: the allocator may hold pages that were counted before
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  std::memset(memory, 1, size);
  EXPECT_GT(read_memory_state().process_bytes, before.process_bytes + size / 2);
  munmap(memory, size);
  EXPECT_GT(read_memory_state().peak_bytes, before.process_bytes + size / 2);
}

TEST_F(FakeMemory, WithoutAGroupTheMachineCounts) {
  const MemoryState state = read_memory_state(root());
  EXPECT_EQ(state.limit_bytes, 1000u << 10);
  EXPECT_EQ(state.available_bytes, 400u << 10);
  EXPECT_EQ(state.process_bytes, 25u * static_cast<size_t>(sysconf(_SC_PAGESIZE)));
}

TEST_F(FakeMemory, TheTightestGroupCountsAndFileCacheIsNotInUse) {
  put("proc/self/cgroup", "0::/a/b\n");
  put("sys/fs/cgroup/a/b/memory.max", "max\n");
  put("sys/fs/cgroup/a/memory.max", "102400\n");
  put("sys/fs/cgroup/a/memory.current", "90000\n");
  put("sys/fs/cgroup/a/memory.stat", "anon 3\ninactive_file 40000\n");
  const MemoryState state = read_memory_state(root());
  EXPECT_EQ(state.limit_bytes, 102400u);
  EXPECT_EQ(state.available_bytes, 102400u - 50000u);
}

TEST_F(FakeMemory, Version1GroupsCountAndTheirHugeDefaultDoesNot) {
  put("proc/self/cgroup", "9:memory:/x\n");
  put("sys/fs/cgroup/memory/x/memory.limit_in_bytes", "9223372036854771712\n");
  put("sys/fs/cgroup/memory/x/memory.usage_in_bytes", "5000\n");
  EXPECT_EQ(read_memory_state(root()).limit_bytes, 1000u << 10);
  put("sys/fs/cgroup/memory/x/memory.limit_in_bytes", "20000\n");
  EXPECT_EQ(read_memory_state(root()).limit_bytes, 20000u);
  EXPECT_EQ(read_memory_state(root()).available_bytes, 15000u);
}

TEST(MemoryPressure, FollowsItsThresholds) {
  EXPECT_EQ(memory_pressure({0, 150, 1000}), MemoryPressure::Normal);
  EXPECT_EQ(memory_pressure({0, 149, 1000}), MemoryPressure::High);
  EXPECT_EQ(memory_pressure({0, 49, 1000}), MemoryPressure::Critical);
  EXPECT_EQ(memory_pressure({0, 0, 0}), MemoryPressure::Normal);
  EXPECT_EQ(memory_pressure({0, 400, 1000}, {.high_below = 0.5, .critical_below = 0.1}), MemoryPressure::High);
}

TEST(MemoryMonitor, CallsBackOncePerChangeAndSurvivesWhatGoesWrong) {
  std::atomic<size_t> available{1000};
  std::atomic<int> n_calls{0};
  std::atomic<MemoryPressure> last{MemoryPressure::Normal};
  MemoryMonitor monitor(
      [&](MemoryPressure pressure, const MemoryState&) {
        last = pressure;
        ++n_calls;
        throw std::runtime_error("callback");
      },
      {}, 0.001,
      [&] {
        if (available == 7) throw std::runtime_error("read");
        return MemoryState{0, available, 1000};
      });
  const auto reached = [&](MemoryPressure pressure, int calls) {
    for (const Stopwatch watch; watch.seconds() < 5;)
      if (monitor.pressure() == pressure && n_calls == calls) return last == pressure;
    return false;
  };
  EXPECT_TRUE(reached(MemoryPressure::Normal, 0));
  available = 100;
  EXPECT_TRUE(reached(MemoryPressure::High, 1));
  available = 7;
  available = 10;
  EXPECT_TRUE(reached(MemoryPressure::Critical, 2));
  available = 900;
  EXPECT_TRUE(reached(MemoryPressure::Normal, 3));
}

}  // namespace
}  // namespace kolosal
