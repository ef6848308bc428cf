#include "kolosal/base/checksum.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace kolosal {
namespace {

uint32_t crc_of(const std::string& text) { return crc32c(std::as_bytes(std::span(text.data(), text.size()))); }

// Polynomial division bit by bit, straight from the definition.
uint32_t plain_crc(const std::string& text) {
  uint32_t crc = ~uint32_t{0};
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78u : 0u);
  }
  return ~crc;
}

TEST(Crc32c, GivesTheKnownAnswersOfRfc3720) {
  EXPECT_EQ(crc_of(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc_of(std::string(32, '\xff')), 0x62a8ab43u);
  std::string rising;
  for (char c = 0; c < 32; ++c) rising += c;
  EXPECT_EQ(crc_of(rising), 0x46dd794eu);
  EXPECT_EQ(crc_of("123456789"), 0xe3069283u);
  EXPECT_EQ(crc_of(""), 0u);
}

RC_GTEST_PROP(Crc32c, EqualsDivisionBitByBitAndContinuesOverPieces, (const std::string& text)) {
  RC_ASSERT(crc_of(text) == plain_crc(text));
  const size_t cut = *rc::gen::inRange<size_t>(0, text.size() + 1);
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  RC_ASSERT(crc32c(bytes.subspan(cut), crc32c(bytes.first(cut))) == crc_of(text));
}

RC_GTEST_PROP(Crc32c, ChangesWithEverySingleFlippedBit, ()) {
  std::string text = *rc::gen::nonEmpty<std::string>();
  const uint32_t before = crc_of(text);
  const size_t at = *rc::gen::inRange<size_t>(0, text.size());
  text[at] = static_cast<char>(text[at] ^ (1 << *rc::gen::inRange(0, 8)));
  RC_ASSERT(crc_of(text) != before);
}

}  // namespace
}  // namespace kolosal
