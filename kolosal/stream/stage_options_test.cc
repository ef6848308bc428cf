#include "kolosal/stream/stage_options.h"

#include <gtest/gtest.h>

namespace kolosal {
namespace {

TEST(RetryDelay, GrowsExponentiallyUpToItsMost) {
  const StageOptions options{.initial_delay_seconds = 1, .max_delay_seconds = 10, .delay_factor = 3, .jitter = 0};
  EXPECT_DOUBLE_EQ(retry_delay(options, 1, "s", 0, 1), 1);
  EXPECT_DOUBLE_EQ(retry_delay(options, 1, "s", 0, 2), 3);
  EXPECT_DOUBLE_EQ(retry_delay(options, 1, "s", 0, 3), 9);
  EXPECT_DOUBLE_EQ(retry_delay(options, 1, "s", 0, 4), 10);
  EXPECT_DOUBLE_EQ(retry_delay(options, 1, "s", 0, 100'000), 10);  // the power is infinite
}

TEST(RetryDelay, IsNothingAfterAnyNumberOfAttemptsWhereTheFirstDelayIsNothing) {
  const StageOptions options{.initial_delay_seconds = 0};
  EXPECT_EQ(retry_delay(options, 1, "s", 0, 1), 0);
  EXPECT_EQ(retry_delay(options, 1, "s", 0, 100'000), 0);
}

TEST(RetryDelay, LeavesOutAtMostTheJitterAndDiffersBetweenItemsButNotBetweenRuns) {
  const StageOptions options{.initial_delay_seconds = 1, .jitter = 0.25};
  double least = 1, largest = 0;
  for (uint64_t item = 0; item < 1000; ++item) {
    const double delay = retry_delay(options, 7, "s", item, 1);
    EXPECT_EQ(delay, retry_delay(options, 7, "s", item, 1));
    least = std::min(least, delay);
    largest = std::max(largest, delay);
  }
  EXPECT_GE(least, 0.75);
  EXPECT_LT(least, 0.76);
  EXPECT_LE(largest, 1);
  EXPECT_GT(largest, 0.99);
}

}  // namespace
}  // namespace kolosal
