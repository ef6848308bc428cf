#include "kolosal/stream/batch_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <thread>

namespace kolosal {
namespace {

using Batch = std::vector<int>;

TEST(BatchQueue, GivesAFullBatchAtOnceAndAPartOfOneAfterTheWait) {
  BatchQueue<int> queue(10);
  for (int i = 0; i < 5; ++i) queue.push(int{i});
  const Stopwatch watch;
  EXPECT_EQ(queue.pop_batch(3, 100), (Batch{0, 1, 2}));
  EXPECT_LT(watch.seconds(), 10);
  EXPECT_EQ(queue.pop_batch(3, 0.02), (Batch{3, 4}));
  EXPECT_GE(watch.seconds(), 0.015);
}

TEST(BatchQueue, GivesHigherPrioritiesFirstAndEqualOnesInOrder) {
  BatchQueue<int> queue(10);
  const int64_t least = std::numeric_limits<int64_t>::min(), most = std::numeric_limits<int64_t>::max();
  for (const auto& [item, priority] : std::vector<std::pair<int, int64_t>>{{1, 0}, {2, 5}, {3, least}, {4, 5}, {5, most}, {6, -1}})
    queue.push(int{item}, priority);
  EXPECT_EQ(queue.pop_batch(10, 0), (Batch{5, 2, 4, 1, 6, 3}));
}

TEST(BatchQueue, IsFullAtItsCapacityAndThenGivesWhatItHas) {
  BatchQueue<int> queue(2);
  queue.push(1);
  queue.push(2);
  EXPECT_EQ(queue.push(3, 0, Clock::now()), Pushed::Full);
  EXPECT_EQ(queue.pop_batch(100, 1000), (Batch{1, 2}));  // does not wait for a hundred that have no room
}

TEST(BatchQueue, GivesTheRestOnceClosedAndTakesNoMore) {
  BatchQueue<int> queue(10);
  queue.push(1);
  queue.close();
  EXPECT_EQ(queue.push(2), Pushed::Closed);
  EXPECT_EQ(queue.pop_batch(5, 1000), (Batch{1}));
  EXPECT_TRUE(queue.pop_batch(5, 1000).empty());
}

TEST(BatchQueue, ManyProducersAndConsumersLoseAndDoubleNothing) {
  BatchQueue<int> queue(7);
  std::vector<std::thread> producers, consumers;
  std::vector<Batch> got(3);
  for (int p = 0; p < 4; ++p)
    producers.emplace_back([&queue, p] {
      for (int i = 0; i < 500; ++i) queue.push(500 * p + i, i % 3);
    });
  for (Batch& mine : got)
    consumers.emplace_back([&queue, &mine] {
      for (Batch batch; !(batch = queue.pop_batch(5, 0.001)).empty();) mine.insert(mine.end(), batch.begin(), batch.end());
    });
  for (std::thread& producer : producers) producer.join();
  queue.close();
  for (std::thread& consumer : consumers) consumer.join();
  Batch all;
  for (const Batch& mine : got) all.insert(all.end(), mine.begin(), mine.end());
  std::ranges::sort(all);
  ASSERT_EQ(all.size(), 2000u);
  for (int i = 0; i < 2000; ++i) EXPECT_EQ(all[static_cast<size_t>(i)], i);
}

}  // namespace
}  // namespace kolosal
