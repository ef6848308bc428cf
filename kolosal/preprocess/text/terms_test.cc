#include "kolosal/preprocess/forms/terms.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "kolosal/preprocess/forms/stem.h"

namespace kolosal {
namespace {

using Terms = std::vector<std::string>;

Terms cut(const TermRules& rules, std::string_view text) {
  TermCutter::Scratch scratch;
  const auto& terms = TermCutter(rules).cut(text, scratch);
  return {terms.begin(), terms.end()};
}

TermRules characters(TermUnit unit, int32_t min_n, int32_t max_n) { return {.analyzer = unit, .min_n = min_n, .max_n = max_n}; }

std::string stem(std::string word) {
  stem_english(word, 0);
  return word;
}

TEST(TermCutter, JoinsWordsAndLeavesOutShortOnesAndStopWordsFirst) {
  EXPECT_EQ(cut({.max_n = 2}, "The cat, a DOG!"), (Terms{"the", "cat", "dog", "the cat", "cat dog"}));
  EXPECT_EQ(cut({.min_n = 2, .max_n = 2, .stop_words = {"cat"}}, "the cat dog"), Terms{"the dog"});
  EXPECT_EQ(cut({.lowercase = false, .min_word_length = 1}, "A b"), (Terms{"A", "b"}));
  EXPECT_EQ(cut({.stem = true}, "ponies relational"), (Terms{"poni", "relat"}));
  EXPECT_EQ(cut({}, "東京 é éa"), (Terms{"東", "京", "éa"}));
}

TEST(TermCutter, CutsCharactersAcrossWordsWithRunsOfBlanksAsOne) {
  EXPECT_EQ(cut(characters(TermUnit::Char, 2, 2), "aB \t\nc"), (Terms{"ab", "b ", " c"}));
  EXPECT_EQ(cut(characters(TermUnit::Char, 1, 1), "é\tß"), (Terms{"é", "\t", "ß"}));
  EXPECT_EQ(cut(characters(TermUnit::Char, 4, 9), "abc"), Terms{});
}

TEST(TermCutter, CutsCharactersOfAWordWithItsBlanksAndCountsAShortWordOnce) {
  EXPECT_EQ(cut(characters(TermUnit::CharWb, 3, 3), "ab  c"), (Terms{" ab", "ab ", " c "}));
  EXPECT_EQ(cut(characters(TermUnit::CharWb, 4, 6), "a bcd"), (Terms{" a ", " bcd", "bcd ", " bcd "}));
}

TEST(StemEnglish, DoesWhatThePaperShows) {
  const std::vector<std::pair<std::string, std::string>> expected{{"caresses", "caress"},
                                                                  {"ponies", "poni"},
                                                                  {"ties", "ti"},
                                                                  {"cats", "cat"},
                                                                  {"feed", "feed"},
                                                                  {"agreed", "agre"},
                                                                  {"plastered", "plaster"},
                                                                  {"bled", "bled"},
                                                                  {"motoring", "motor"},
                                                                  {"sing", "sing"},
                                                                  {"conflated", "conflat"},
                                                                  {"troubled", "troubl"},
                                                                  {"sized", "size"},
                                                                  {"hopping", "hop"},
                                                                  {"tanned", "tan"},
                                                                  {"falling", "fall"},
                                                                  {"hissing", "hiss"},
                                                                  {"fizzed", "fizz"},
                                                                  {"failing", "fail"},
                                                                  {"filing", "file"},
                                                                  {"happy", "happi"},
                                                                  {"sky", "sky"},
                                                                  {"relational", "relat"},
                                                                  {"conditional", "condit"},
                                                                  {"rational", "ration"},
                                                                  {"valenci", "valenc"},
                                                                  {"digitizer", "digit"},
                                                                  {"radicalli", "radic"},
                                                                  {"vileli", "vile"},
                                                                  {"vietnamization", "vietnam"},
                                                                  {"predication", "predic"},
                                                                  {"operator", "oper"},
                                                                  {"feudalism", "feudal"},
                                                                  {"decisiveness", "decis"},
                                                                  {"hopefulness", "hope"},
                                                                  {"callousness", "callous"},
                                                                  {"formaliti", "formal"},
                                                                  {"sensitiviti", "sensit"},
                                                                  {"sensibiliti", "sensibl"},
                                                                  {"triplicate", "triplic"},
                                                                  {"formative", "form"},
                                                                  {"formalize", "formal"},
                                                                  {"electriciti", "electr"},
                                                                  {"electrical", "electr"},
                                                                  {"goodness", "good"},
                                                                  {"revival", "reviv"},
                                                                  {"allowance", "allow"},
                                                                  {"inference", "infer"},
                                                                  {"airliner", "airlin"},
                                                                  {"gyroscopic", "gyroscop"},
                                                                  {"adjustable", "adjust"},
                                                                  {"defensible", "defens"},
                                                                  {"irritant", "irrit"},
                                                                  {"replacement", "replac"},
                                                                  {"adjustment", "adjust"},
                                                                  {"dependent", "depend"},
                                                                  {"adoption", "adopt"},
                                                                  {"communism", "commun"},
                                                                  {"activate", "activ"},
                                                                  {"angulariti", "angular"},
                                                                  {"homologous", "homolog"},
                                                                  {"effective", "effect"},
                                                                  {"bowdlerize", "bowdler"},
                                                                  {"probate", "probat"},
                                                                  {"rate", "rate"},
                                                                  {"cease", "ceas"},
                                                                  {"controll", "control"},
                                                                  {"roll", "roll"},
                                                                  {"generalizations", "gener"},
                                                                  {"oscillators", "oscil"},
                                                                  {"by", "by"},
                                                                  {"naïve", "naïve"}};
  for (const auto& [word, wanted] : expected) EXPECT_EQ(stem(word), wanted) << word;
}

RC_GTEST_PROP(TermCutter, SurvivesAnyBytesAndGivesViewsOfItsOwn, (const std::string& text)) {
  for (const TermUnit unit : {TermUnit::Word, TermUnit::Char, TermUnit::CharWb}) {
    TermCutter::Scratch scratch;
    const TermRules rules{.analyzer = unit, .min_n = 1, .max_n = 3, .stem = true};
    for (const std::string_view term : TermCutter(rules).cut(text, scratch)) {
      RC_ASSERT(!term.empty());
      RC_ASSERT(term.data() >= scratch.bytes.data() && term.data() + term.size() <= scratch.bytes.data() + scratch.bytes.size());
    }
  }
}

RC_GTEST_PROP(StemEnglish, NeverLengthensAWordNorEmptiesIt, ()) {
  const auto word = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("abcdefghilmnoprstuvyzeeiionngsdl")));
  const std::string stemmed = stem(word);
  RC_ASSERT(stemmed.size() <= word.size());
  RC_ASSERT(word.empty() || !stemmed.empty());
}

}  // namespace
}  // namespace kolosal
