#include "kolosal/stream/streaming_pipeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

using std::chrono::milliseconds;

std::vector<int> counted(int n) {
  std::vector<int> numbers(static_cast<size_t>(n));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

/// Everything that a pipeline of numbers tells, from whichever thread.
struct Listener {
  std::mutex mutex;
  std::vector<int> acknowledged, dead;
  std::vector<std::string> reasons;

  StreamCallbacks<int> callbacks(bool with_dead_letters = true) {
    StreamCallbacks<int> made;
    made.on_acknowledged = [this](uint64_t number, const int& item) {
      EXPECT_EQ(static_cast<int>(number), item);
      const std::lock_guard lock(mutex);
      acknowledged.push_back(item);
    };
    if (with_dead_letters)
      made.on_dead_letter = [this](const DeadLetter<int>& letter) {
        const std::lock_guard lock(mutex);
        dead.push_back(letter.item);
        reasons.push_back(letter.stage + " x" + std::to_string(letter.attempts) + ": " + letter.reason);
      };
    return made;
  }
};

/// Whether the three lists are together 0, 1, ..., n - 1, each once.
void expect_each_once(const std::vector<int>& a, const std::vector<int>& b, const std::vector<int>& c, int n) {
  std::vector<int> all = a;
  all.insert(all.end(), b.begin(), b.end());
  all.insert(all.end(), c.begin(), c.end());
  std::ranges::sort(all);
  EXPECT_EQ(all, counted(n));
}

TEST(StreamingPipeline, TakesATypedItemThroughItsStagesInOrder) {
  std::vector<std::string> written;
  auto pipeline = StreamStages<int>()
                      .then("halve", [](int i) { return 0.5 * i; }, {.n_workers = 3})
                      .then("text", [](double x) { return std::to_string(x); })
                      .into("write", [&](const std::string& text) { written.push_back(text); });
  for (int i = 0; i < 200; ++i) EXPECT_TRUE(pipeline.push(i));
  pipeline.drain();
  ASSERT_EQ(written.size(), 200u);
  for (size_t i = 0; i < 200; ++i) EXPECT_EQ(written[i], std::to_string(0.5 * static_cast<double>(i)));
  EXPECT_FALSE(pipeline.push(7));
  EXPECT_TRUE(pipeline.stop().empty());
}

TEST(StreamingPipeline, KeepsTheOrderOfAHundredThousandItemsOverManyWorkers) {
  constexpr int kItems = 100'000;
  std::vector<int> written;
  Listener listener;
  auto pipeline = StreamStages<int>()
                      .then("a", [](int i) { return i; }, {.n_workers = 4, .queue_capacity = 256})
                      .then("b", [](int i) { return i; }, {.n_workers = 2, .queue_capacity = 256})
                      .into(
                          "write", [&](int i) { written.push_back(i); }, {.queue_capacity = 256}, listener.callbacks());
  for (int i = 0; i < kItems; ++i) pipeline.push(i);
  pipeline.drain();
  EXPECT_EQ(written, counted(kItems));
  EXPECT_EQ(listener.acknowledged, counted(kItems));
  const StreamStatistics told = pipeline.statistics();
  EXPECT_EQ(told.n_accepted, kItems);
  EXPECT_EQ(told.n_acknowledged, kItems);
  EXPECT_EQ(told.n_in_flight, 0);
  EXPECT_EQ(told.stages.at(2).name, "write");
  EXPECT_EQ(told.stages.at(1).n_out, kItems);
  EXPECT_LE(told.stages.at(0).max_queue_depth, 256);
}

TEST(StreamingPipeline, KeepsTheOrderWhereLaterItemsAreFasterAndDoesUseItsWorkers) {
  std::atomic<int> running{0}, most{0};
  std::vector<int> written;
  const auto slow_for_some = [&](int i) {
    const int now = ++running;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    std::this_thread::sleep_for(milliseconds(i % 8 == 0 ? 8 : 1));
    --running;
    return i;
  };
  auto pipeline = StreamStages<int>().then("slow", slow_for_some, {.n_workers = 8, .queue_capacity = 8}).into("write", [&](int i) {
    written.push_back(i);
  });
  for (int i = 0; i < 100; ++i) pipeline.push(i);
  pipeline.drain();
  EXPECT_EQ(written, counted(100));
  EXPECT_GT(most, 2);
  EXPECT_LE(most, 8);
}

TEST(StreamingPipeline, ASlowConsumerHoldsBackWhoFeedsIt) {
  std::atomic<int> finished{0};
  auto pipeline = StreamStages<int>()
                      .then("a", [](int i) { return i; }, {.n_workers = 2, .queue_capacity = 3})
                      .into("slow",
                            [&](int) {
                              std::this_thread::sleep_for(milliseconds(2));
                              ++finished;
                            },
                            {.queue_capacity = 2});
  // 3 wait before the stage, 2 are in it, 2 wait before the sink, 1 is in it.
  for (int i = 0; i < 60; ++i) {
    pipeline.push(i);
    EXPECT_LE(i + 1 - finished, 3 + 2 + 2 + 1);
  }
  pipeline.drain();
  EXPECT_EQ(finished, 60);
  EXPECT_LE(pipeline.statistics().stages[1].max_queue_depth, 2);
}

TEST(StreamingPipeline, TriesAgainAndGivesUpToTheDeadLetters) {
  Listener listener;
  std::vector<int> written;
  std::vector<std::atomic<int>> attempts(50);
  const auto flaky = [&](int i) {
    const int attempt = ++attempts[static_cast<size_t>(i)];
    if (i % 10 == 3 && attempt < 3) throw Error(ErrorCode::Io, "not now");
    if (i % 10 == 7) throw Error(ErrorCode::Io, "never");
    if (i % 10 == 9) throw std::invalid_argument("senseless");
    return i;
  };
  const StageOptions options{.n_workers = 3, .max_attempts = 3, .initial_delay_seconds = 0.001};
  const auto io_alone = [](const std::exception_ptr& error) {
    try {
      std::rethrow_exception(error);
    } catch (const Error& known) {
      return known.code() == ErrorCode::Io;
    } catch (...) {
      return false;
    }
  };
  auto pipeline = StreamStages<int>()
                      .then("flaky", flaky, options, io_alone)
                      .into(
                          "write", [&](int i) { written.push_back(i); }, {}, listener.callbacks());
  for (int i = 0; i < 50; ++i) pipeline.push(i);
  pipeline.drain();
  EXPECT_TRUE(std::ranges::is_sorted(written));
  EXPECT_EQ(written, listener.acknowledged);
  expect_each_once(written, listener.dead, {}, 50);
  EXPECT_EQ(listener.dead.size(), 10u);
  EXPECT_EQ(std::ranges::count(listener.reasons, "flaky x3: never"), 5);
  EXPECT_EQ(std::ranges::count(listener.reasons, "flaky x1: senseless"), 5);
  const StageStatistics told = pipeline.statistics().stages[0];
  EXPECT_EQ(told.n_retries, 5 * 2 + 5 * 2);
  EXPECT_EQ(told.n_dead, 10);
  EXPECT_EQ(told.n_out, 40);
}

TEST(StreamingPipeline, AFailureWithoutDeadLettersEndsItAndHandsBackWhatWasNotAcknowledged) {
  Listener listener;
  const auto fails = [](int i) {
    if (i == 20) throw Error(ErrorCode::BadValue, "20 is not allowed", "Leave it out.");
    return i;
  };
  auto pipeline = StreamStages<int>()
                      .then("check", fails, {.n_workers = 2})
                      .into(
                          "write", [](int) {}, {}, listener.callbacks(false));
  int n_accepted = 0;
  while (n_accepted < 1000 && pipeline.push(n_accepted)) ++n_accepted;
  try {
    pipeline.drain();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::BadValue);
    EXPECT_EQ(error.message(), "stage 'check', item 21: 20 is not allowed");
    EXPECT_EQ(error.remedy(), "Leave it out.");
  }
  const std::vector<int> back = pipeline.stop();
  EXPECT_TRUE(std::ranges::is_sorted(back));
  EXPECT_EQ(std::ranges::count(back, 20), 1);
  expect_each_once(listener.acknowledged, back, {}, n_accepted);
  EXPECT_TRUE(pipeline.stop().empty());
}

TEST(StreamingPipeline, AFullDiskLosesNothing) {
  Listener listener;
  std::vector<int> disk;
  const auto write = [&](int i) {
    if (disk.size() == 30) throw Error(ErrorCode::Io, "no space left on device");
    disk.push_back(i);
  };
  auto pipeline = StreamStages<int>()
                      .then("a", [](int i) { return i; }, {.n_workers = 3})
                      .into("write", write, {.max_attempts = 2, .initial_delay_seconds = 0.001}, listener.callbacks(false));
  int n_accepted = 0;
  while (n_accepted < 500 && pipeline.push(n_accepted)) ++n_accepted;
  EXPECT_THROW(pipeline.drain(), Error);
  const std::vector<int> back = pipeline.stop();
  EXPECT_EQ(disk, listener.acknowledged);
  EXPECT_EQ(disk, counted(30));
  EXPECT_EQ(back.front(), 30);
  expect_each_once(disk, back, {}, n_accepted);
}

TEST(StreamingPipeline, AStopAtAnyMomentLosesAndDoublesNothing) {
  RandomStream random(1, "stops");
  for (int round = 0; round < 40; ++round) {
    Listener listener;
    std::vector<int> written;
    const bool is_flaky = round % 2 == 0;
    const auto work = [is_flaky](int i) {
      if (is_flaky && i % 7 == 0) throw std::runtime_error("flaky");
      if (i % 5 == 0) std::this_thread::sleep_for(std::chrono::microseconds(50));
      return i;
    };
    const StageOptions options{.n_workers = 3, .queue_capacity = 4, .max_attempts = 2, .initial_delay_seconds = 0.0005};
    auto pipeline = StreamStages<int>()
                        .then("a", work, options)
                        .then("b", [](int i) { return i; }, {.n_workers = 2, .queue_capacity = 2})
                        .into(
                            "write", [&](int i) { written.push_back(i); }, {.queue_capacity = 3}, listener.callbacks());
    std::atomic<int> n_accepted{0};
    std::thread feeder([&] {
      for (int i = 0; i < 100'000 && pipeline.push(i); ++i) ++n_accepted;
    });
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(6000)));
    const std::vector<int> back = pipeline.stop();
    feeder.join();
    EXPECT_EQ(written, listener.acknowledged);
    EXPECT_TRUE(std::ranges::is_sorted(written));
    EXPECT_TRUE(std::ranges::is_sorted(back));
    expect_each_once(written, listener.dead, back, n_accepted);
    const StreamStatistics told = pipeline.statistics();
    EXPECT_EQ(told.n_accepted, n_accepted);
    EXPECT_EQ(told.n_accepted, told.n_acknowledged + told.n_dead + told.n_handed_back);
    EXPECT_EQ(told.n_in_flight, 0);
  }
}

TEST(StreamingPipeline, CancelEndsItSoonAlsoWhileItWaitsToTryAgain) {
  const FitContext context;
  Listener listener;
  const auto fails = [](int i) {
    if (i == 5) throw std::runtime_error("later");
    return i;
  };
  auto pipeline = StreamStages<int>()
                      .then("a", fails, {.max_attempts = 100, .initial_delay_seconds = 1000, .max_delay_seconds = 1000})
                      .into(
                          "write", [](int) {}, {}, listener.callbacks(), context);
  for (int i = 0; i < 20; ++i) pipeline.push(i);
  std::thread canceller([&] {
    std::this_thread::sleep_for(milliseconds(20));
    context.cancel.cancel();
  });
  const Stopwatch watch;
  EXPECT_THROW(pipeline.drain(), Error);
  EXPECT_LT(watch.seconds(), 1);
  canceller.join();
  EXPECT_EQ(listener.acknowledged, counted(5));
  expect_each_once(listener.acknowledged, pipeline.stop(), listener.dead, 20);
}

TEST(StreamingPipeline, TheDeadlineOfTheContextEndsIt) {
  FitContext context;
  context.deadline = Deadline::after(0.02);
  auto pipeline = StreamStages<int>()
                      .then("a", [](int i) { return i; })
                      .into(
                          "write", [](int) {}, {}, {}, context);
  while (pipeline.push(1)) {
  }
  try {
    pipeline.drain();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Timeout);
  }
}

TEST(StreamingPipeline, WithoutASinkGivesResultsInOrderAndThenTheEnd) {
  Listener listener;
  auto pipeline = StreamStages<int>()
                      .then("text",
                            [](int i) {
                              if (i % 4 == 1) throw std::runtime_error("odd");
                              return std::to_string(i);
                            },
                            {.n_workers = 3, .queue_capacity = 4})
                      .start(listener.callbacks());
  EXPECT_EQ(pipeline.try_next().first, Popped::Empty);
  std::thread feeder([&] {
    for (int i = 0; i < 400; ++i) pipeline.push(i);
    pipeline.close();
  });
  std::vector<int> got;
  while (const auto text = pipeline.next()) got.push_back(std::stoi(*text));
  feeder.join();
  pipeline.drain();
  EXPECT_TRUE(std::ranges::is_sorted(got));
  EXPECT_EQ(got, listener.acknowledged);
  expect_each_once(got, listener.dead, {}, 400);
  EXPECT_EQ(listener.dead.size(), 100u);
  EXPECT_EQ(pipeline.try_next().first, Popped::End);
}

TEST(StreamingPipeline, ResultsThatNobodyFetchedAreHandedBackAsTheyCame) {
  auto pipeline = StreamStages<std::string>().then("size", [](const std::string& text) { return text.size(); }).start();
  pipeline.push("a");
  pipeline.push("bb");
  EXPECT_EQ(pipeline.next(), 1u);
  pipeline.drain();
  EXPECT_EQ(pipeline.stop(), (std::vector<std::string>{"bb"}));
}

TEST(StreamingPipeline, ARefusedItemIsLeftToItsOwner) {
  auto pipeline = StreamStages<std::string>().then("size", [](const std::string& text) { return text.size(); }).start();
  pipeline.close();
  std::string mine = "a text that is too long to be kept in place";
  EXPECT_FALSE(pipeline.push(std::move(mine)));
  EXPECT_EQ(mine, "a text that is too long to be kept in place");  // NOLINT(bugprone-use-after-move): refused, so not moved
}

TEST(StreamingPipeline, ACallbackThatThrowsEndsItAndTheItemIsStillCounted) {
  StreamCallbacks<int> callbacks;
  callbacks.on_dead_letter = [](const DeadLetter<int>&) { throw std::runtime_error("no room for dead letters"); };
  const auto fails = [](int i) {
    if (i == 3) throw std::runtime_error("fails");
    return i;
  };
  auto pipeline = StreamStages<int>()
                      .then("a", fails)
                      .into(
                          "write", [](int) {}, {}, callbacks);
  for (int i = 0; i < 10 && pipeline.push(i); ++i) {
  }
  EXPECT_THROW(pipeline.drain(), std::runtime_error);
  const std::vector<int> back = pipeline.stop();
  EXPECT_EQ(std::ranges::count(back, 3), 1);
  const StreamStatistics told = pipeline.statistics();
  EXPECT_EQ(told.n_accepted, told.n_acknowledged + told.n_handed_back);
}

TEST(StreamingPipeline, AStageThatWaitsForTheEndIsAnErrorAndNotADeadlock) {
  StreamingPipeline<int>* self = nullptr;
  std::atomic<bool> is_set{false};
  auto pipeline = StreamStages<int>().then("a", [](int i) { return i; }).into("write", [&](int) {
    while (!is_set) std::this_thread::yield();
    self->drain();
  });
  self = &pipeline;
  is_set = true;
  pipeline.push(1);
  EXPECT_THROW(pipeline.drain(), Error);
}

TEST(StreamingPipeline, RefusesOptionsThatCannotBe) {
  const auto same = [](int i) { return i; };
  const auto sink = [](int) {};
  EXPECT_THROW(StreamStages<int>().then("a", same, {.n_workers = 0}).into("b", sink), Error);
  EXPECT_THROW(StreamStages<int>().then("a", same, {.queue_capacity = 0}).into("b", sink), Error);
  EXPECT_THROW(StreamStages<int>().then("a", same).into("a", sink), Error);
  EXPECT_THROW(StreamStages<int>().then("a", same).into("b", sink, {.n_workers = 2}), Error);
  EXPECT_THROW(StreamStages<int>().start(), Error);
}

TEST(StreamingPipeline, TellsLatenciesByStage) {
  auto pipeline = StreamStages<int>()
                      .then("slow",
                            [](int i) {
                              std::this_thread::sleep_for(milliseconds(i == 0 ? 20 : 1));
                              return i;
                            })
                      .into("write", [](int) {});
  for (int i = 0; i < 20; ++i) pipeline.push(i);
  pipeline.drain();
  const StreamStatistics told = pipeline.statistics();
  const Latency& run = told.stages[0].run_seconds;
  EXPECT_EQ(run.count, 20);
  EXPECT_GE(run.p50, 0.001);
  EXPECT_LT(run.p50, 0.018);
  EXPECT_GE(run.max, 0.02);
  EXPECT_LE(run.p95, run.p99);
  EXPECT_GE(told.latency_seconds.max, run.max);
  EXPECT_GT(told.stages[0].wait_seconds.max, 0.015);
  EXPECT_EQ(to_value(told).at("stages").as_list().size(), 2u);
}

}  // namespace
}  // namespace kolosal
