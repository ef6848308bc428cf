#include "kolosal/table/text_weights.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace kolosal {
namespace {

RC_GTEST_PROP(TextWeights, AreThoseOfAMapInOrderOfFirstText, (const std::vector<std::pair<std::string, int>>& given)) {
  TextWeights weights;
  std::map<std::string, double> expected;
  std::vector<std::string> order;
  for (const auto& [text, weight] : given) {
    if (expected.emplace(text, 0.0).second) order.push_back(text);
    expected[text] += weight;
    RC_ASSERT(weights.text(weights.add(text, weight)) == text);
  }
  RC_ASSERT(weights.size() == order.size());
  for (size_t number = 0; number < order.size(); ++number) {
    RC_ASSERT(weights.text(number) == order[number]);
    RC_ASSERT(weights.weight(number) == expected[order[number]]);
    RC_ASSERT(weights.find(order[number]) == number);
  }
  RC_ASSERT(weights.find("a text that was not given, surely") == TextWeights::kNone);
}

TEST(TextWeights, KeepManyTextsAndLongOnesAndTellTheirMemory) {
  TextWeights weights;
  EXPECT_EQ(weights.find(""), TextWeights::kNone);
  size_t n_bytes = 0;
  const auto text_of = [](int i) { return i % 1000 == 7 ? std::string(300'000, static_cast<char>('a' + i / 1000)) : std::to_string(i); };
  for (int i = 0; i < 20'000; ++i) n_bytes += text_of(i).size();
  const size_t expected = weights.bytes_with(20'000, n_bytes);
  for (int i = 0; i < 20'000; ++i) weights.add(text_of(i), 0.5);
  weights.add("7000", 1);
  ASSERT_EQ(weights.size(), 20'000u);
  for (int i = 0; i < 20'000; ++i) ASSERT_EQ(weights.text(weights.find(text_of(i))), text_of(i)) << i;
  EXPECT_EQ(weights.weight(weights.find("7000")), 1.5);
  EXPECT_EQ(weights.text_bytes(), n_bytes);
  EXPECT_LT(weights.bytes_with(0, 0), 2 * expected);
  EXPECT_GE(weights.bytes_with(0, 0), n_bytes);
}

}  // namespace
}  // namespace kolosal
