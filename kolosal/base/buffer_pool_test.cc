#include "kolosal/base/buffer_pool.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <thread>
#include <vector>

#include "kolosal/base/error.h"

namespace kolosal {
namespace {

TEST(BufferPool, BuffersAreAlignedWritableAndAsLargeAsAsked) {
  BufferPool pool;
  for (const size_t size : {size_t{1}, size_t{63}, size_t{4097}, size_t{5} << 20}) {
    BufferPool::Buffer buffer = pool.take(size);
    EXPECT_EQ(buffer.bytes().size(), size);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.bytes().data()) % 64, 0u);
    buffer.bytes().front() = buffer.bytes().back() = std::byte{7};
  }
  EXPECT_EQ(reinterpret_cast<uintptr_t>(pool.take(size_t{8} << 20).bytes().data()) % (size_t{2} << 20), 0u);
  EXPECT_TRUE(pool.take(0).bytes().empty());
  EXPECT_EQ(pool.take(80).as<double>().size(), 10u);
}

TEST(BufferPool, UsesABufferAgainThatCameBack) {
  BufferPool pool;
  const std::byte* first = pool.take(100000).bytes().data();
  EXPECT_EQ(pool.take(99000).bytes().data(), first);
  EXPECT_EQ(pool.stats().n_made, 1u);
  EXPECT_EQ(pool.stats().n_reused, 1u);
  EXPECT_NE(pool.take(1000).bytes().data(), first) << "far too large a buffer is not wasted on a small wish";
}

TEST(BufferPool, TwoBuffersInUseAreDifferent) {
  BufferPool pool;
  const BufferPool::Buffer a = pool.take(4096), b = pool.take(4096);
  EXPECT_NE(a.bytes().data(), b.bytes().data());
}

TEST(BufferPool, KeepsAtMostItsIdleBytesAndTrimGivesAllBack) {
  BufferPool pool(100000);
  {
    std::vector<BufferPool::Buffer> buffers;
    for (int i = 0; i < 10; ++i) buffers.push_back(pool.take(32768));
    EXPECT_EQ(pool.stats().taken_bytes, 327680u);
  }
  EXPECT_EQ(pool.stats().taken_bytes, 0u);
  EXPECT_EQ(pool.stats().idle_bytes, 98304u);
  pool.trim();
  EXPECT_EQ(pool.stats().idle_bytes, 0u);
}

TEST(BufferPool, CountsAgainstTheBudgetAndGivesUpIdleBuffersForIt) {
  const auto budget = std::make_shared<MemoryBudget>(1 << 20);
  {
    BufferPool pool(1 << 30, budget);
    { const BufferPool::Buffer idle = pool.take(600000); }
    EXPECT_GT(budget->used(), 0u);
    const BufferPool::Buffer large = pool.take(1000000);
    EXPECT_EQ(pool.stats().idle_bytes, 0u);
    EXPECT_THROW(pool.take(500000), Error);
  }
  EXPECT_EQ(budget->used(), 0u);
}

TEST(BufferPool, ABufferMayOutliveItsPool) {
  BufferPool::Buffer kept;
  {
    BufferPool pool;
    kept = pool.take(5000);
  }
  kept.bytes()[4999] = std::byte{1};
  EXPECT_EQ(kept.bytes().size(), 5000u);
}

TEST(BufferPool, ThreadsDoNotGetEachOthersBuffers) {
  BufferPool pool(1 << 20);
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (size_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < 500; ++i) {
        const BufferPool::Buffer buffer = pool.take(1000 + i % 7 * 1000);
        for (size_t& word : buffer.as<size_t>()) word = t * 1000 + i;
        for (const size_t word : buffer.as<size_t>()) wrong[t] += word != t * 1000 + i;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4));
}

}  // namespace
}  // namespace kolosal
