#include "kolosal/base/arena.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "kolosal/base/error.h"

namespace kolosal {
namespace {

RC_GTEST_PROP(Arena, PiecesAreAlignedAndDoNotOverlap, ()) {
  Arena arena(4096);
  for (int round = 0; round < 3; ++round) {
    std::vector<std::pair<unsigned char*, size_t>> pieces;
    const auto sizes = *rc::gen::container<std::vector<size_t>>(rc::gen::inRange<size_t>(0, 5000));
    for (size_t i = 0; i < sizes.size(); ++i) {
      const size_t alignment = size_t{1} << *rc::gen::inRange(0, 13);
      auto* piece = static_cast<unsigned char*>(arena.allocate(sizes[i], alignment));
      RC_ASSERT(reinterpret_cast<uintptr_t>(piece) % alignment == 0u);
      std::memset(piece, static_cast<int>(i % 251), sizes[i]);
      pieces.emplace_back(piece, sizes[i]);
    }
    for (size_t i = 0; i < pieces.size(); ++i)
      for (size_t k = 0; k < pieces[i].second; ++k) RC_ASSERT(pieces[i].first[k] == i % 251);
    RC_ASSERT(arena.used_bytes() <= arena.reserved_bytes());
    arena.reset();
    RC_ASSERT(arena.used_bytes() == 0u);
  }
}

TEST(Arena, ASteadyRoundNeedsOneBlockAndNoNewMemory) {
  Arena arena(4096);
  const auto round = [&] {
    for (int i = 0; i < 100; ++i) arena.make<double>(1000);
    const size_t reserved = arena.reserved_bytes();
    arena.reset();
    return reserved;
  };
  round();
  const size_t second = round();
  EXPECT_EQ(round(), second);
  const auto* first = arena.allocate(100);
  arena.reset();
  EXPECT_EQ(arena.allocate(100), first);
}

TEST(Arena, KeepsToItsBudgetAndGivesItBack) {
  const auto budget = std::make_shared<MemoryBudget>(1 << 20);
  {
    Arena arena(4096, budget);
    arena.allocate(500000);
    EXPECT_GE(budget->used(), 500000u);
    try {
      arena.allocate(1000000);
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::OutOfMemory);
    }
    EXPECT_EQ(arena.make<int>(10).size(), 10u);
  }
  EXPECT_EQ(budget->used(), 0u);
}

TEST(Arena, RefusesWhatCannotBe) {
  Arena arena;
  EXPECT_THROW(arena.allocate(8, 3), Error);
  EXPECT_THROW(arena.allocate(8, 8192), Error);
  EXPECT_THROW(arena.allocate(~size_t{0}), Error);
  EXPECT_THROW(arena.make<double>(~size_t{0} / 4), Error);
}

}  // namespace
}  // namespace kolosal
