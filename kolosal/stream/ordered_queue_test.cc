#include "kolosal/stream/ordered_queue.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <atomic>
#include <thread>

namespace kolosal {
namespace {

using Queue = OrderedQueue<int>;

Pushed append(Queue& queue, int value) {
  return queue.append([value](uint64_t) { return value; }, Clock::now());
}
bool put(Queue& queue, uint64_t number, std::optional<int> value) { return queue.put(number, value); }

std::vector<int> rest(Queue& queue) {
  std::vector<int> values;
  for (Queue::Slot slot; queue.pop(slot, Clock::now()) == Popped::Item;) values.push_back(slot.item.value_or(-1));
  return values;
}

TEST(OrderedQueue, IsFullAtItsCapacityAndTakesNothingOnceClosed) {
  Queue queue(2);
  EXPECT_EQ(append(queue, 1), Pushed::Accepted);
  EXPECT_EQ(append(queue, 2), Pushed::Accepted);
  EXPECT_EQ(append(queue, 3), Pushed::Full);
  EXPECT_EQ(queue.close(), 2u);
  EXPECT_EQ(append(queue, 3), Pushed::Closed);
  EXPECT_EQ(rest(queue), (std::vector<int>{1, 2}));
  Queue::Slot slot;
  EXPECT_EQ(queue.pop(slot), Popped::End);
}

RC_GTEST_PROP(OrderedQueue, GivesNumbersInOrderWhicheverOrderTheyComeIn, ()) {
  std::vector<int> order(8);
  for (int i = 0; i < 8; ++i) order[static_cast<size_t>(i)] = i;
  const auto shuffle = *rc::gen::container<std::vector<int>>(8, rc::gen::inRange(0, 8));
  for (size_t i = 0; i < 8; ++i) std::swap(order[i], order[static_cast<size_t>(shuffle[i])]);
  Queue queue(8);
  for (const int number : order) put(queue, static_cast<uint64_t>(number), number % 3 == 0 ? std::nullopt : std::optional(number));
  RC_ASSERT(rest(queue) == (std::vector<int>{-1, 1, 2, -1, 4, 5, -1, 7}));
}

TEST(OrderedQueue, HoldsBackALaterNumberUntilItsPlaceIsFree) {
  Queue queue(2);
  std::atomic<bool> is_in{false};
  std::thread later([&] {
    put(queue, 2, 2);
    is_in = true;
  });
  put(queue, 1, 1);
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_FALSE(is_in);
  Queue::Slot slot;
  EXPECT_EQ(queue.pop(slot, Clock::now()), Popped::Empty);  // 0 has not come
  put(queue, 0, 0);
  EXPECT_EQ(queue.pop(slot), Popped::Item);
  later.join();
  EXPECT_EQ(rest(queue), (std::vector<int>{1, 2}));
  EXPECT_EQ(queue.max_depth(), 2u);
}

TEST(OrderedQueue, AStopReleasesWhoWaitsAndLeavesTheItemsToBeTaken) {
  Queue queue(1);
  append(queue, 1);
  std::optional<int> refused = 5;
  std::thread putter([&] { EXPECT_FALSE(queue.put(3, refused)); });
  std::thread appender([&] { EXPECT_EQ(queue.append([](uint64_t) { return 2; }), Pushed::Closed); });
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  queue.stop();
  putter.join();
  appender.join();
  EXPECT_EQ(refused, 5);
  Queue::Slot slot;
  EXPECT_EQ(queue.pop(slot), Popped::End);
  EXPECT_EQ(queue.take_all(), (std::vector<int>{1}));
  EXPECT_EQ(queue.depth(), 0u);
}

}  // namespace
}  // namespace kolosal
