#include "kolosal/table/decimal.h"

#include <gtest/gtest.h>

#include <charconv>
#include <string>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

double reference(const std::string& text) {
  double number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

TEST(Decimal, RoundsAsFromCharsDoes) {
  RandomStream random(1, "decimals");
  for (int i = 0; i < 1'000'000; ++i) {
    const size_t n_digits = 1 + random.below(19), place = random.below(n_digits + 1);
    std::string text;
    for (size_t d = 0; d < n_digits; ++d) text += static_cast<char>('0' + random.below(10));
    text.insert(place, random.below(4) == 0 ? ".000000" : ".");
    const auto number = parse_decimal(text, '.');
    if (number) {
      ASSERT_EQ(*number, reference(text)) << text;
    }
  }
}

// Half-way between two numbers, just below and just above.
TEST(Decimal, RoundsHalfToEven) {
  for (const char* text : {"9007199254740993.0", "9007199254740995.0", "4503599627370496.5", "4503599627370497.5", "2251799813685248.25",
                           "2251799813685248.75", "1125899906842624.125", "1125899906842624.375", "562949953421312.0625",
                           "562949953421312.1875", "562949953421312.0624", "562949953421312.0626", "9999999999999999999",
                           "0.9999999999999999999", "0.0000000999999999999999999", "922337203685477580.5", "0.500000000000000000"})
    EXPECT_EQ(parse_decimal(text, '.').value_or(-1), reference(text)) << text;
}

TEST(Decimal, TakesDigitsAndOnePoint) {
  EXPECT_EQ(parse_decimal("7", '.'), 7);
  EXPECT_EQ(parse_decimal("7.", '.'), 7);
  EXPECT_EQ(parse_decimal(".5", '.'), 0.5);
  EXPECT_EQ(parse_decimal("000", '.'), 0);
  EXPECT_EQ(parse_decimal("1234567,5", ','), 1234567.5);
  for (const char* text : {"", ".", "..", "1.2.3", "-1", "1e5", "12345678x", "1234567:", "1234567/", "12345678901234567890", " 1"})
    EXPECT_FALSE(parse_decimal(text, '.')) << text;
}

}  // namespace
}  // namespace kolosal
