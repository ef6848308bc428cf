#include "kolosal/stream/batch_size.h"

#include <gtest/gtest.h>

namespace kolosal {
namespace {

TEST(BatchSizer, GivesAFixedNumberOfRowsWhateverItMeasures) {
  const MemoryBudget memory;
  BatchSizer sizer({.strategy = BatchStrategy::Fixed, .batch_rows = 77}, 4, memory);
  sizer.observe(77, 100, 1 << 20, 1 << 20);
  EXPECT_EQ(sizer.next_rows(1e6, MemoryPressure::Critical), 77u);
}

TEST(BatchSizer, ReachesTheRowsThatTakeTheTargetTimeInSteps) {
  const MemoryBudget memory;
  BatchSizer sizer({.batch_rows = 1000, .min_batch_rows = 10, .target_seconds = 0.1}, 4, memory);
  EXPECT_EQ(sizer.next_rows(8, MemoryPressure::Normal), 1000u);
  sizer.observe(1000, 0.001, 0, 0);
  EXPECT_EQ(sizer.next_rows(8, MemoryPressure::Normal), 2000u);  // at most twice as many, though there is time for 100,000
  for (int i = 0; i < 20; ++i) sizer.observe(1000, 0.01, 0, 0), sizer.next_rows(8, MemoryPressure::Normal);
  EXPECT_NEAR(static_cast<double>(sizer.next_rows(8, MemoryPressure::Normal)), 10'000, 10);
  for (int i = 0; i < 40; ++i) sizer.observe(1000, 1000, 0, 0), sizer.next_rows(8, MemoryPressure::Normal);
  EXPECT_EQ(sizer.next_rows(8, MemoryPressure::Normal), 10u);
}

TEST(BatchSizer, FollowsBytesAndCountsWhatRowsBecome) {
  const MemoryBudget memory;
  BatchSizer sizer({.strategy = BatchStrategy::MemoryAware, .min_batch_rows = 1, .target_bytes = 1 << 20}, 4, memory);
  EXPECT_EQ(sizer.next_rows(64, MemoryPressure::Normal), (1u << 20) / 128);
  sizer.observe(1000, 1, 64'000, 640'000);
  EXPECT_EQ(sizer.next_rows(64, MemoryPressure::Normal), static_cast<size_t>((1 << 20) / (64.0 * 11)));
  EXPECT_EQ(sizer.expected_bytes(10, 64), 64u * 11 * 10);
  const size_t normal = sizer.next_rows(64, MemoryPressure::Normal);
  EXPECT_EQ(sizer.next_rows(64, MemoryPressure::High), normal / 2);
  EXPECT_EQ(sizer.next_rows(64, MemoryPressure::Critical), normal / 10);
}

TEST(BatchSizer, SharesAHardBudgetAmongTheBatchesInFlight) {
  MemoryBudget memory(1'000'000);
  BatchSizer sizer({.strategy = BatchStrategy::MemoryAware, .min_batch_rows = 1}, 4, memory);
  EXPECT_EQ(sizer.next_rows(50, MemoryPressure::Normal), 2500u);
  ASSERT_TRUE(memory.try_reserve(900'000));
  EXPECT_EQ(sizer.next_rows(50, MemoryPressure::Normal), 1000u);
}

TEST(BatchOptions, RefuseBoundsThatCrossAndNumbersBelowOne) {
  EXPECT_THROW(check_options({.min_batch_rows = 10, .max_batch_rows = 9}), Error);
  EXPECT_THROW(check_options({.batch_rows = 0}), Error);
  EXPECT_THROW(check_options({.target_seconds = 0}), Error);
  EXPECT_THROW(check_options({.max_in_flight = -1}), Error);
}

}  // namespace
}  // namespace kolosal
