#include "kolosal/base/threads.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "kolosal/base/clock.h"
#include "kolosal/base/error.h"
#include "kolosal/base/numa.h"

namespace kolosal {
namespace {

namespace fs = std::filesystem;

RC_GTEST_PROP(Threads, ALoopCoversEachIndexOnceInTheSameBlocksOnAnyNumberOfThreads, ()) {
  static const Threads one(1), two(2), eight(8);
  const size_t n = *rc::gen::inRange<size_t>(0, 3000);
  const size_t grain = *rc::gen::inRange<size_t>(0, 200);
  std::set<std::pair<size_t, size_t>> expected;
  for (const Threads* threads : {&one, &two, &eight}) {
    std::vector<std::atomic<int>> seen(n);
    std::mutex mutex;
    std::set<std::pair<size_t, size_t>> blocks;
    threads->parallel_for(n, grain, [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) ++seen[i];
      const std::lock_guard lock(mutex);
      blocks.emplace(begin, end);
    });
    for (const auto& count : seen) RC_ASSERT(count == 1);
    if (threads == &one) expected = blocks;
    RC_ASSERT(blocks == expected);
  }
}

TEST(Threads, SumsInBlockOrderAreTheSameBytesOnAnyNumberOfThreads) {
  std::vector<double> numbers(100003);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = 1.0 / static_cast<double>(i + 1);
  std::set<double> sums;
  for (const int n_threads : {1, 2, 3, 8}) {
    std::vector<double> parts(numbers.size() / 1000 + 1);
    Threads(n_threads).parallel_for(numbers.size(), 1000, [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) parts[begin / 1000] += numbers[i];
    });
    sums.insert(std::accumulate(parts.begin(), parts.end(), 0.0));
  }
  EXPECT_EQ(sums.size(), 1u);
}

TEST(Threads, AnExceptionReachesTheCallerAndTheThreadsStayUsable) {
  for (const int n_threads : {1, 4}) {
    const Threads threads(n_threads);
    EXPECT_THROW(threads.parallel_for(1000, 1,
                                      [](size_t begin, size_t) {
                                        if (begin == 500) throw Error(ErrorCode::Timeout, "late");
                                      }),
                 Error);
    std::atomic<int> n{0};
    threads.parallel_each(100, [&](size_t) { ++n; });
    EXPECT_EQ(n, 100);
  }
}

TEST(Threads, LoopsEndBeforeTheNextBlockOnceTheyAreToStop) {
  for (const int n_threads : {1, 4}) {
    const CancelToken cancel;
    const Threads threads(n_threads, cancel);
    std::atomic<int> n{0};
    threads.parallel_each(100, [&](size_t) { ++n; });
    EXPECT_EQ(n, 100);
    const auto stop_at_once = [&](size_t) {
      ++n;
      cancel.cancel();
    };
    try {
      threads.parallel_each(100'000, stop_at_once);
      ADD_FAILURE() << "the loop went on";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::Cancelled);
    }
    EXPECT_LE(n, 100 + n_threads);
  }
}

TEST(Threads, LoopsNest) {
  const Threads threads(4);
  std::atomic<int> n{0};
  threads.parallel_each(10, [&](size_t) {
    threads.parallel_each(10, [&](size_t) { threads.parallel_for(100, 7, [&](size_t b, size_t e) { n += static_cast<int>(e - b); }); });
  });
  EXPECT_EQ(n, 10000);
}

TEST(Threads, ANestedLoopDoesNotRunOtherTasksOfTheOuterOneMeanwhile) {
  const Threads threads(4);
  std::atomic<int> mixed{0};
  threads.parallel_each(64, [&](size_t) {
    thread_local int depth = 0;
    if (depth++ != 0) ++mixed;
    threads.parallel_each(16, [&](size_t) { std::this_thread::sleep_for(std::chrono::microseconds(50)); });
    --depth;
  });
  EXPECT_EQ(mixed, 0);
}

TEST(Threads, UsesMoreThanOneThreadWhereAsked) {
  const Threads threads(4);
  EXPECT_EQ(threads.size(), 4);
  std::mutex mutex;
  std::set<std::thread::id> ids;
  const auto n_seen = [&] {
    const std::lock_guard lock(mutex);
    ids.insert(std::this_thread::get_id());
    return ids.size();
  };
  const Deadline deadline = Deadline::after(10);  // a busy machine may be slow to start the second
  threads.parallel_each(64, [&](size_t) {
    while (n_seen() < 2 && !deadline.passed()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  EXPECT_GT(ids.size(), 1u);
  EXPECT_LE(ids.size(), 4u);
}

TEST(Threads, AWideOneGetsItsWorkersBesideANarrowOneWithoutAWordOnStandardError) {
  testing::internal::CaptureStderr();
  const Threads narrow(1), wide(available_threads() + 5), wider(available_threads() + 9);
  for (const Threads* threads : {&wide, &wider}) {
    // Every thread waits until all are there, so each of them has to be a thread of its own.
    std::atomic<int> n_here{0};
    const Stopwatch all;
    threads->parallel_each(static_cast<size_t>(threads->size()), [&](size_t) {
      ++n_here;
      for (const Stopwatch watch; n_here < threads->size() && watch.seconds() < 5;) std::this_thread::yield();
    });
    EXPECT_LT(all.seconds(), 5);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Threads, AnAsyncTaskGivesItsResultOrItsException) {
  for (const int n_threads : {1, 3}) {
    const Threads threads(n_threads);
    auto sum = threads.run_async([&threads] {
      std::atomic<int> total{0};
      threads.parallel_each(100, [&](size_t i) { total += static_cast<int>(i); });
      return total.load();
    });
    EXPECT_EQ(sum.get(), 4950);
    std::future<void> nothing = threads.run_async([] {});
    nothing.get();
    EXPECT_THROW(threads.run_async([]() -> int { throw std::runtime_error("no"); }).get(), std::runtime_error);
  }
}

TEST(Threads, TheEndWaitsForAsyncTasks) {
  std::atomic<int> finished{0};
  {
    const Threads threads(2);
    for (int i = 0; i < 8; ++i)
      threads.run_async([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        ++finished;
      });
  }
  EXPECT_EQ(finished, 8);
}

int n_allowed() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  return CPU_COUNT(&set);
}

TEST(Threads, PinnedWorkersHaveOneCoreAndTheCallerGetsItsMaskBack) {
  const int before = n_allowed();
  std::atomic<int> wrong{0};
  {
    const Threads threads(ThreadOptions{.n_threads = 3, .pin_threads = true});
    threads.parallel_each(64, [&](size_t) {
      if (n_allowed() != 1) ++wrong;
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    });
    EXPECT_EQ(n_allowed(), before);
  }
  EXPECT_EQ(wrong, 0);
}

TEST(Threads, RunOnTheCoresOfANumaNodeAndRefuseOneThatIsNotThere) {
  const auto nodes = numa_node_cpus();
  if (nodes.empty() || nodes[0].empty()) GTEST_SKIP() << "the system tells of no nodes";
  const Threads threads(ThreadOptions{.n_threads = 2, .numa_node = 0});
  std::atomic<int> n{0}, elsewhere{0};
  threads.parallel_each(10, [&](size_t) {
    ++n;
    elsewhere += std::ranges::find(nodes[0], sched_getcpu()) == nodes[0].end();
    elsewhere += n_allowed() > static_cast<int>(nodes[0].size());
  });
  EXPECT_EQ(n, 10);
  EXPECT_EQ(elsewhere, 0);
  EXPECT_THROW(Threads(ThreadOptions{.numa_node = static_cast<int>(nodes.size())}), Error);
  EXPECT_THROW(Threads(ThreadOptions{.numa_node = -1}), Error);
  EXPECT_THROW(Threads(-1), Error);
}

TEST(Threads, DefaultsToWhatTheProcessMayUse) {
  EXPECT_EQ(Threads().size(), available_threads());
  EXPECT_LE(available_threads(), n_allowed());
  cpu_set_t before, one;
  CPU_ZERO(&before);
  sched_getaffinity(0, sizeof before, &before);
  CPU_ZERO(&one);
  for (size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &before)) {
      CPU_SET(cpu, &one);
      break;
    }
  sched_setaffinity(0, sizeof one, &one);
  EXPECT_EQ(available_threads(), 1);
  sched_setaffinity(0, sizeof before, &before);
}

// A made-up /proc and /sys.
class FakeQuota : public testing::Test {
 protected:
  FakeQuota() : root_(fs::temp_directory_path() / ("kolosal_threads_test_" + std::to_string(getpid()))) {}
  ~FakeQuota() override { fs::remove_all(root_); }
  void put(const std::string& path, const std::string& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  std::string root() const { return root_.string(); }

 private:
  fs::path root_;
};

TEST_F(FakeQuota, ACpuQuotaOfAnyGroupOnTheWayUpLimitsTheThreads) {
  EXPECT_EQ(available_threads(root()), n_allowed());
  put("proc/self/cgroup", "0::/a/b\n");
  put("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  EXPECT_EQ(available_threads(root()), n_allowed());
  put("sys/fs/cgroup/a/cpu.max", "50000 100000\n");
  EXPECT_EQ(available_threads(root()), 1);
  put("sys/fs/cgroup/a/cpu.max", "100000000 100000\n");
  EXPECT_EQ(available_threads(root()), n_allowed());
}

TEST_F(FakeQuota, AVersion1QuotaLimitsTheThreadsAndMinusOneDoesNot) {
  put("proc/self/cgroup", "4:cpu,cpuacct:/docker/x\n");
  put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(available_threads(root()), n_allowed());
  put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "90000\n");
  EXPECT_EQ(available_threads(root()), 1);
}

}  // namespace
}  // namespace kolosal
