#include "kolosal/table/text_index.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>

namespace kolosal {
namespace {

RC_GTEST_PROP(TextIndex, NumbersTextsInTheOrderInWhichTheyCame, ()) {
  const auto some = rc::gen::container<std::string>(rc::gen::inRange('a', 'd'));
  const auto any = rc::gen::arbitrary<std::string>();
  const auto texts = *rc::gen::container<std::vector<std::string>>(rc::gen::oneOf(some, any));
  TextIndex index;
  std::map<std::string, int32_t> expected;
  for (const std::string& text : texts) {
    const auto known = expected.find(text);
    RC_ASSERT(index.find(text) == (known == expected.end() ? -1 : known->second));
    const int32_t number = expected.emplace(text, static_cast<int32_t>(expected.size())).first->second;
    RC_ASSERT(index.add(text) == number);
    RC_ASSERT(index.texts()[static_cast<size_t>(number)] == text);
  }
  RC_ASSERT(index.texts().size() == expected.size());
}

TEST(TextIndex, TellsTextsOfEveryLengthApartThatDifferInOneByte) {
  TextIndex index;
  std::vector<std::string> texts;
  for (size_t length = 0; length < 70; ++length) {
    texts.emplace_back(length, 'x');
    for (size_t i = 0; i < length; ++i) {
      texts.push_back(texts[texts.size() - i - 1]);
      texts.back()[i] = 'y';
    }
  }
  for (size_t i = 0; i < texts.size(); ++i) ASSERT_EQ(index.add(texts[i]), static_cast<int32_t>(i));
  for (size_t i = 0; i < texts.size(); ++i) ASSERT_EQ(index.find(texts[i]), static_cast<int32_t>(i));
}

}  // namespace
}  // namespace kolosal
