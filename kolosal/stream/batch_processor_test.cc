#include "kolosal/stream/batch_processor.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kolosal/table/table_parts.h"

namespace kolosal {
namespace {

FitContext with_threads(int n_threads) {
  FitContext context;
  context.threads = std::make_shared<const Threads>(n_threads);
  return context;
}

/// Rows 0, 1, 2, ... as a number and as a text.
Table counted(size_t n) {
  std::vector<int64_t> numbers;
  std::vector<std::string> texts;
  for (size_t i = 0; i < n; ++i) {
    numbers.push_back(static_cast<int64_t>(i));
    texts.push_back("row " + std::to_string(i));
  }
  return Table({Column::integer("i", std::move(numbers)), Column::text("text", texts)});
}

/// Each number squared; the text as it is.
Table squared(const Table& batch) {
  std::vector<int64_t> numbers;
  for (const int64_t i : batch.column(0).int64()) numbers.push_back(i * i);
  return batch.with_column(Column::integer("i", std::move(numbers)));
}

/// Gives a table in chunks of these sizes.
class ChunkReader final : public TableReader {
 public:
  ChunkReader(Table table, std::vector<size_t> sizes) : table_(std::move(table)), sizes_(std::move(sizes)) {}
  std::optional<Table> next() override {
    if (at_ == sizes_.size()) return std::nullopt;
    const size_t n = std::min(sizes_[at_++], table_.n_rows() - begin_);
    begin_ += n;
    n_read_ += n;
    return table_.slice(begin_ - n, n);
  }
  size_t n_read() const { return n_read_; }

 private:
  Table table_;
  std::vector<size_t> sizes_;
  size_t at_ = 0, begin_ = 0;
  std::atomic<size_t> n_read_{0};
};

struct Collected {
  std::vector<Table> tables;
  BatchProcessor::Sink sink() {
    return [this](const Table& table) { tables.push_back(table); };
  }
  std::vector<int64_t> numbers() const {
    std::vector<int64_t> all;
    for (const Table& table : tables) all.insert(all.end(), table.column(0).int64().begin(), table.column(0).int64().end());
    return all;
  }
};

std::vector<int64_t> squares(size_t n) {
  std::vector<int64_t> all;
  for (size_t i = 0; i < n; ++i) all.push_back(static_cast<int64_t>(i * i));
  return all;
}

RC_GTEST_PROP(BatchProcessor, GivesTheSameRowsForEveryBatchSizeStrategyAndNumberOfThreads, ()) {
  const auto sizes = *rc::gen::container<std::vector<size_t>>(*rc::gen::inRange<size_t>(1, 8), rc::gen::inRange<size_t>(0, 60));
  size_t n = 0;
  for (const size_t size : sizes) n += size;
  BatchOptions options;
  options.strategy = *rc::gen::element(BatchStrategy::Fixed, BatchStrategy::Dynamic, BatchStrategy::MemoryAware);
  options.batch_rows = *rc::gen::inRange(1, 50);
  options.min_batch_rows = *rc::gen::inRange(1, 10);
  options.target_bytes = *rc::gen::inRange(1, 5000);
  options.max_in_flight = *rc::gen::inRange(0, 5);
  ChunkReader reader(counted(n), sizes);
  Collected collected;
  const FitContext context = with_threads(*rc::gen::element(1, 2, 5));
  const BatchStatistics done = BatchProcessor(options).run(reader, squared, collected.sink(), context);
  RC_ASSERT(collected.numbers() == squares(n));
  RC_ASSERT(done.n_rows_in == static_cast<int64_t>(n) && done.n_rows_out == done.n_rows_in);
  RC_ASSERT(done.n_batches == static_cast<int64_t>(collected.tables.size()));
  RC_ASSERT(options.max_in_flight == 0 || done.max_in_flight <= options.max_in_flight);
  if (options.strategy == BatchStrategy::Fixed && n > 0)
    for (size_t i = 0; i + 1 < collected.tables.size(); ++i)
      RC_ASSERT(static_cast<int64_t>(collected.tables[i].n_rows()) == options.batch_rows);
}

TEST(BatchProcessor, WorksOnSeveralBatchesAtOnceAndKeepsTheOrderWhereLaterOnesAreFaster) {
  Collected collected;
  std::atomic<int> running{0}, most{0};
  const auto slow_first = [&](const Table& batch) {
    const int now = ++running;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(batch.column(0).int64()[0] % 40 == 0 ? 20 : 2));
    --running;
    return squared(batch);
  };
  BatchProcessor({.strategy = BatchStrategy::Fixed, .batch_rows = 10}).run(counted(400), slow_first, collected.sink(), with_threads(4));
  EXPECT_EQ(collected.numbers(), squares(400));
  EXPECT_GT(most, 1);
  EXPECT_LE(most, 4);
}

TEST(BatchProcessor, ReadsNoFurtherAheadThanTheBatchesInFlight) {
  ChunkReader reader(counted(1000), std::vector<size_t>(100, 10));
  size_t given = 0;
  const auto sink = [&](const Table& result) {
    given += result.n_rows();
    EXPECT_LE(reader.n_read(), given + 3 * 10 + 10);
  };
  const BatchOptions options{.strategy = BatchStrategy::Fixed, .batch_rows = 10, .max_in_flight = 3};
  const BatchStatistics done = BatchProcessor(options).run(reader, squared, sink, with_threads(4));
  EXPECT_EQ(given, 1000u);
  EXPECT_LE(done.max_in_flight, 3);
}

TEST(BatchProcessor, ANestedLoopOnTheSameThreadsEnds) {
  const FitContext context = with_threads(3);
  Collected collected;
  const auto nested = [&](const Table& batch) {
    std::atomic<int64_t> sum{0};
    context.threads->parallel_each(batch.n_rows(), [&](size_t row) { sum += batch.column(0).int64()[row]; });
    return Table({Column::integer("sum", {sum.load()})});
  };
  BatchProcessor({.strategy = BatchStrategy::Fixed, .batch_rows = 100}).run(counted(2000), nested, collected.sink(), context);
  int64_t sum = 0;
  for (const int64_t part : collected.numbers()) sum += part;
  EXPECT_EQ(sum, 1999 * 2000 / 2);
}

TEST(BatchProcessor, AFailureNamesItsRowsAndComesAfterTheResultsBeforeIt) {
  for (const int n_threads : {1, 4}) {
    Collected collected;
    const auto fails = [](const Table& batch) {
      for (const int64_t i : batch.column(0).int64())
        if (i == 35) throw Error(ErrorCode::BadValue, "35 is not allowed", "Leave it out.");
      return squared(batch);
    };
    try {
      BatchProcessor({.strategy = BatchStrategy::Fixed, .batch_rows = 10})
          .run(counted(400), fails, collected.sink(), with_threads(n_threads));
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::BadValue);
      EXPECT_EQ(error.message(), "batch 4 (rows 31 to 40): 35 is not allowed");
      EXPECT_EQ(error.remedy(), "Leave it out.");
    }
    EXPECT_EQ(collected.numbers(), squares(30));
  }
}

TEST(BatchProcessor, WhatTheSinkThrowsEndsTheRunWhenNoCallIsUnderWay) {
  const FitContext context = with_threads(4);  // outlives the run, as its end would wait for the calls
  std::atomic<int> running{0}, begun{0};
  const auto slow = [&](const Table& batch) {
    ++running;
    ++begun;
    if (batch.column("i").int64()[0] == 0)  // the first result comes while others are under way
      for (int i = 0; i < 1000 && begun < 2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    else std::this_thread::sleep_for(std::chrono::milliseconds(30));
    --running;
    return batch;
  };
  const auto full_disk = [](const Table&) { throw std::runtime_error("no space left on device"); };
  EXPECT_THROW(BatchProcessor({.strategy = BatchStrategy::Fixed, .batch_rows = 1}).run(counted(50), slow, full_disk, context),
               std::runtime_error);
  EXPECT_GE(begun, 2);
  EXPECT_EQ(running, 0);
}

TEST(BatchProcessor, StopsWhereProgressSaysSoAndOnCancel) {
  Collected collected;
  BatchHooks hooks;
  std::vector<BatchProgress> told;
  hooks.on_progress = [&](const BatchProgress& progress) {
    told.push_back(progress);
    return progress.n_batches < 3;
  };
  const BatchProcessor stops({.strategy = BatchStrategy::Fixed, .batch_rows = 10}, hooks);
  const BatchStatistics done = stops.run(counted(400), squared, collected.sink(), with_threads(2));
  EXPECT_TRUE(done.stopped);
  EXPECT_EQ(done.n_rows_in, 30);
  EXPECT_EQ(collected.numbers(), squares(30));
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[1].n_rows, 20);
  EXPECT_EQ(told[1].n_rows_total, 400);

  const FitContext context = with_threads(2);
  std::thread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    context.cancel.cancel();
  });
  const auto slow = [&](const Table& batch) {
    while (!context.should_stop()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return batch;
  };
  const Stopwatch watch;
  EXPECT_THROW(BatchProcessor().run(counted(100'000), slow, collected.sink(), context), Error);
  EXPECT_LT(watch.seconds(), 2);
  canceller.join();
}

TEST(BatchProcessor, KeepsToAHardBudgetAndSaysWhereOneBatchDoesNotFit) {
  FitContext context = with_threads(4);
  context.memory = std::make_shared<MemoryBudget>(20'000);
  size_t most = 0, rows = 0;
  const auto sink = [&](const Table& result) {
    most = std::max(most, context.memory->used());
    rows += result.n_rows();
  };
  const BatchOptions options{.strategy = BatchStrategy::MemoryAware, .min_batch_rows = 1};
  BatchProcessor(options).run(counted(20'000), squared, sink, context);
  EXPECT_EQ(rows, 20'000u);
  EXPECT_GT(most, 0u);
  EXPECT_LE(most, 20'000u);
  EXPECT_EQ(context.memory->used(), 0u);
  try {
    BatchProcessor({.strategy = BatchStrategy::Fixed, .batch_rows = 10'000}).run(counted(20'000), squared, sink, context);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::OutOfMemory);
  }
}

TEST(BatchProcessor, StopsWhereProgressSaysSoWhileItWaitsForMemory) {
  const BatchOptions options{.strategy = BatchStrategy::Fixed, .batch_rows = 100};
  const size_t batch_bytes = 2 * n_bytes(counted(100));
  FitContext context = with_threads(1);
  context.memory = std::make_shared<MemoryBudget>(batch_bytes + batch_bytes / 2);
  // Somebody else takes what the first batch gave back, so that the second cannot begin.
  std::optional<MemoryLease> taken;
  BatchHooks hooks;
  hooks.on_progress = [&](const BatchProgress&) {
    taken.emplace(context.memory, context.memory->available(), "something else");
    return false;
  };
  Collected collected;
  const BatchStatistics done = BatchProcessor(options, hooks).run(counted(400), squared, collected.sink(), context);
  EXPECT_TRUE(done.stopped);
  EXPECT_EQ(collected.numbers(), squares(100));
}

TEST(BatchProcessor, MakesSmallerBatchesUnderMemoryPressure) {
  const BatchOptions options{.strategy = BatchStrategy::MemoryAware, .min_batch_rows = 1, .target_bytes = 20'000};
  const auto median_rows = [&](size_t available) {
    BatchHooks hooks;
    hooks.read_memory = [available] { return MemoryState{0, available, 1000}; };
    std::vector<size_t> rows;
    const auto sink = [&](const Table& result) { rows.push_back(result.n_rows()); };
    const auto slow = [](const Table& batch) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      return batch;
    };
    BatchProcessor(options, hooks).run(counted(3000), slow, sink, with_threads(1));
    std::ranges::sort(rows);
    return rows[rows.size() / 2];
  };
  EXPECT_LT(2 * median_rows(10), median_rows(900));
}

TEST(BatchProcessor, GivesTheColumnsOfATableWithoutRows) {
  Collected collected;
  const BatchStatistics done = BatchProcessor().run(counted(0), squared, collected.sink(), with_threads(2));
  ASSERT_EQ(collected.tables.size(), 1u);
  EXPECT_EQ(collected.tables[0].names(), (std::vector<std::string>{"i", "text"}));
  EXPECT_EQ(done.n_rows_in, 0);
}

}  // namespace
}  // namespace kolosal
