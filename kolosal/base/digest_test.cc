#include "kolosal/base/digest.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace kolosal {
namespace {

Digest::Value digest_of(const std::vector<uint8_t>& bytes) {
  Digest digest;
  digest.add(std::span<const uint8_t>(bytes));
  return digest.value();
}

TEST(Digest, IsTheSameForTheSameContents) {
  const std::vector<uint8_t> bytes(100, 7);
  EXPECT_EQ(digest_of(bytes), digest_of(std::vector<uint8_t>(bytes)));
}

TEST(Digest, DiffersWhereverOneOrTwoBitsDiffer) {
  for (const size_t n : {1U, 8U, 15U, 16U, 37U}) {
    std::vector<uint8_t> bytes(n, 0);
    std::set<Digest::Value> seen{digest_of(bytes)};
    const auto flip = [&](size_t bit) { bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] ^ (1U << (bit % 8))); };
    size_t n_contents = 1;
    for (size_t first = 0; first < 8 * n; ++first) {
      flip(first);
      seen.insert(digest_of(bytes));
      ++n_contents;
      for (size_t second = first + 1; second < 8 * n; ++second, ++n_contents) {
        flip(second);
        seen.insert(digest_of(bytes));
        flip(second);
      }
      flip(first);
    }
    EXPECT_EQ(seen.size(), n_contents);
  }
}

TEST(Digest, DiffersWhereOnlyLengthsDo) {
  std::set<Digest::Value> seen;
  for (size_t n = 0; n < 40; ++n) seen.insert(digest_of(std::vector<uint8_t>(n, 0)));
  EXPECT_EQ(seen.size(), 40);
  Digest together, apart;
  together.add(std::string_view("ab"));
  apart.add(std::string_view("a"));
  apart.add(std::string_view("b"));
  EXPECT_NE(together.value(), apart.value());
}

TEST(Digest, DiffersByOrder) {
  Digest one, other;
  one.add(1);
  one.add(2);
  other.add(2);
  other.add(1);
  EXPECT_NE(one.value(), other.value());
}

}  // namespace
}  // namespace kolosal
