#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "kolosal/preprocess/forms/words.h"
#include "kolosal/preprocess/preprocess_test_rows.h"

namespace kolosal {
namespace {

using namespace preprocess_test;

Table texts(const std::vector<std::string>& values, const std::vector<uint8_t>& there = {}) {
  return Table({Column::text("t", values, Validity::from_bytes(there))});
}

std::vector<double> row_of(const Table& table, size_t row) {
  std::vector<double> values;
  for (const Column& column : table.columns()) values.push_back(column.number(row));
  return values;
}

TEST(Words, AreCutAndLowerCasedInEveryScript) {
  EXPECT_EQ(cut_words("Don't STOP_1 now!").words, (std::vector<std::string>{"don", "t", "stop_1", "now"}));
  EXPECT_EQ(cut_words("ÀÉÎ Ÿ Žluť ΆΣΩ ЖЁ Ք").words, (std::vector<std::string>{"àéî", "ÿ", "žluť", "άσω", "жё", "ք"}));
  EXPECT_EQ(cut_words("東京タ,ok").words, (std::vector<std::string>{"東", "京", "タ", "ok"}));
  EXPECT_EQ(cut_words("“a”—b…").words, (std::vector<std::string>{"a", "b"}));
}

TEST(Words, ArePartedByBytesThatAreNotUtf8) {
  EXPECT_EQ(cut_words("a\xFF"
                      "b\xC3")
                .words,
            (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(cut_words("x\xED\xA0\x80y\xC0\xAFz\xF5z").words, (std::vector<std::string>{"x", "y", "z", "z"}));
  EXPECT_TRUE(cut_words("").words.empty());
}

TEST(TextHash, HashesTheSameWordsAlikeWhateverTheirCase) {
  const Value parameters = object({{"n_features", 8}, {"statistics", false}});
  const Table out = transformed("text_hash", parameters, {texts({"Red car", "red CAR", "blue bus"})});
  EXPECT_EQ(row_of(out, 0), row_of(out, 1));
  EXPECT_NE(row_of(out, 0), row_of(out, 2));
}

TEST(TextHash, CountsPairsOfWordsOnlyWhereAsked) {
  const Table words = texts({"one two", "two one"});
  const auto hashed = [&](int max_words) {
    return transformed("text_hash", object({{"n_features", 512}, {"max_words", max_words}, {"statistics", false}, {"normalize", false}}),
                       {words});
  };
  EXPECT_EQ(row_of(hashed(1), 0), row_of(hashed(1), 1));
  EXPECT_NE(row_of(hashed(2), 0), row_of(hashed(2), 1));
}

TEST(TextHash, FindsMisspeltWordsAlikeByTheirPartsWhereAsked) {
  const auto likeness = [](const Value& parameters) {
    const Table out = transformed("text_hash", parameters, {texts({"accommodation", "acommodation"})});
    const std::vector<double> a = row_of(out, 0), b = row_of(out, 1);
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
  };
  EXPECT_LT(std::abs(likeness(object({{"n_features", 4096}, {"statistics", false}}))), 0.01);
  EXPECT_GT(likeness(object({{"n_features", 4096}, {"statistics", false}, {"min_characters", 3}, {"max_characters", 4}})), 0.7);
  const Table parts = transformed(
      "text_hash", object({{"n_features", 64}, {"statistics", false}, {"max_words", 0}, {"min_characters", 2}, {"max_characters", 2}}),
      {texts({"ab", "", "-"})});
  EXPECT_NE(row_of(parts, 0), row_of(parts, 1));
  EXPECT_NE(row_of(parts, 0), row_of(parts, 2));
  EXPECT_THROW(transformers().make("text_hash", object({{"max_characters", 3}})), Error);
}

TEST(TextHash, GivesRowsOfLengthOneAndStatistics) {
  const Table out = transformed("text_hash", object({{"n_features", 16}}), {texts({"Ab 1 x", ""}, {1, 0})});
  double squares = 0;
  for (size_t k = 0; k < 16; ++k) squares += out.column(k).number(0) * out.column(k).number(0);
  EXPECT_NEAR(squares, 1, 1e-6);
  EXPECT_NEAR(out.column("t__log_characters").number(0), std::log1p(6), 1e-6);
  EXPECT_NEAR(out.column("t__log_words").number(0), std::log1p(3), 1e-6);
  EXPECT_NEAR(out.column("t__digit_share").number(0), 1.0 / 6, 1e-6);
  EXPECT_NEAR(out.column("t__upper_share").number(0), 1.0 / 6, 1e-6);
  for (const double value : row_of(out, 1)) EXPECT_EQ(value, 0);
}

}  // namespace
}  // namespace kolosal
