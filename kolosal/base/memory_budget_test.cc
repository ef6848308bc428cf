#include "kolosal/base/memory_budget.h"

#include <gtest/gtest.h>

#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "kolosal/base/error.h"
#include "kolosal/base/growing_lease.h"

namespace kolosal {
namespace {

TEST(MemoryBudget, GivesUpToItsLimitAndNotAByteMore) {
  MemoryBudget budget(100);
  EXPECT_TRUE(budget.try_reserve(60));
  EXPECT_FALSE(budget.try_reserve(41));
  EXPECT_TRUE(budget.try_reserve(40));
  EXPECT_EQ(budget.available(), 0u);
  budget.release(60);
  EXPECT_EQ(budget.used(), 40u);
  EXPECT_EQ(budget.available(), 60u);
  EXPECT_FALSE(budget.try_reserve(~size_t{0})) << "no overflow";
}

TEST(MemoryBudget, HasNoLimitByDefault) { EXPECT_TRUE(MemoryBudget().try_reserve(size_t{1} << 60)); }

TEST(MemoryBudget, AsksForWhatCanBeMadeAgainBeforeItSaysNo) {
  const auto budget = std::make_shared<MemoryBudget>(100);
  std::optional<MemoryLease> kept;
  kept.emplace(budget, 70, "what is kept");
  budget->on_shortage([&] { kept.reset(); });
  budget->reserve(30, "a little");
  EXPECT_TRUE(kept);
  GrowingLease grown;
  grown.grow(budget, 50, "columns");
  EXPECT_FALSE(kept);
  EXPECT_EQ(budget->used(), 80U);
  kept.emplace(budget, 20, "what is kept");
  budget->reserve(20, "the rest");
  EXPECT_FALSE(kept);
  EXPECT_THROW(budget->reserve(1, "more"), Error);
}

TEST(MemoryBudget, SaysForWhatMemoryWasWanted) {
  MemoryBudget budget(size_t{4} << 20);
  try {
    budget.reserve(size_t{9} << 20, "the binned table");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::OutOfMemory);
    EXPECT_EQ(error.message(), "the binned table needs 9.0 MiB but only 4.0 MiB of the memory limit of 4.0 MiB are left");
    EXPECT_FALSE(error.remedy().empty());
  }
  EXPECT_EQ(budget.used(), 0u);
}

TEST(GrowingLease, TakesMoreThanWasAskedForOnlyWhereThereIsRoom) {
  const auto budget = std::make_shared<MemoryBudget>(10'000'000);
  {
    GrowingLease lease;
    lease.grow(budget, 4'000'000, "the levels");
    EXPECT_EQ(budget->used(), 4'000'000U);
    lease.grow(budget, 4'000'001, "the levels");
    EXPECT_EQ(budget->used(), 5'000'000U);
    lease.grow(budget, 3, "the levels");
    lease.grow(budget, 10'000'000, "the levels");
    EXPECT_EQ(lease.bytes(), 10'000'000U);
    try {
      lease.grow(budget, 12'500'000, "the levels");
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::OutOfMemory);
      EXPECT_EQ(error.message(), "the levels need 13 MB, more than the 10 MB left of the 10 MB for what is learnt");
      EXPECT_TRUE(error.remedy().starts_with("Raise the memory limit by 3 MB at least")) << error.remedy();
    }
    EXPECT_EQ(lease.bytes(), 10'000'000U);
  }
  EXPECT_EQ(budget->used(), 0U);
  GrowingLease unlimited;
  unlimited.grow(nullptr, size_t{1} << 50, "the levels");
}

TEST(GrowingLease, MakesNothingGiveWayForMoreThanWasAskedFor) {
  const auto budget = std::make_shared<MemoryBudget>(100);
  std::optional<MemoryLease> kept;
  budget->on_shortage([&] { kept.reset(); });
  GrowingLease lease;
  lease.grow(budget, 40, "the levels");
  kept.emplace(budget, 55, "what is kept");
  lease.grow(budget, 41, "the levels");
  EXPECT_TRUE(kept);
  EXPECT_EQ(budget->used(), 96U);
  lease.grow(budget, 50, "the levels");
  EXPECT_FALSE(kept);
}

TEST(MemoryBudget, ManyThreadsNeverTakeMoreThanTheLimit) {
  MemoryBudget budget(1000);
  std::vector<std::thread> threads;
  std::vector<int> over(4);
  for (size_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5000; ++i)
        if (budget.try_reserve(300)) {
          over[t] += budget.used() > 1000;
          budget.release(300);
        }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(over, std::vector<int>(4));
  EXPECT_EQ(budget.used(), 0u);
}

TEST(MemoryLease, HoldsItsBytesForItsLife) {
  const auto budget = std::make_shared<MemoryBudget>(100);
  {
    MemoryLease lease(budget, 70, "x");
    EXPECT_EQ(budget->used(), 70u);
    EXPECT_THROW(MemoryLease(budget, 70, "y"), Error);
    EXPECT_EQ(budget->used(), 70u);
    MemoryLease moved = std::move(lease);
    EXPECT_EQ(budget->used(), 70u);
    MemoryLease other(budget, 20, "z");
    other = std::move(moved);
    EXPECT_LE(budget->used(), 90u);
  }
  EXPECT_EQ(budget->used(), 0u);
  EXPECT_NO_THROW(MemoryLease(nullptr, 1000, "no budget"));
}

}  // namespace
}  // namespace kolosal
