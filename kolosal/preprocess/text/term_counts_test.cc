#include "kolosal/preprocess/forms/term_counts.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kolosal/preprocess/preprocess_test_rows.h"

namespace kolosal {
namespace {

using namespace preprocess_test;

using Names = std::vector<std::string>;

Table texts(const std::vector<std::string>& values, const std::vector<uint8_t>& there = {}) {
  return Table({Column::text("t", values, Validity::from_bytes(there))});
}

const Table& fruits() {
  static const Table table = texts({"apple pear apple", "pear plum", "", "apple fig"});
  return table;
}

TEST(TextCount, CountsEachTermOfTheVocabularyInOrder) {
  const Table out = transformed("text_count", {}, {fruits()});
  EXPECT_EQ(out.names(), (Names{"t__apple", "t__fig", "t__pear", "t__plum"}));
  EXPECT_EQ(out.column("t__apple").numbers(), (std::vector<double>{2, 0, 0, 1}));
  EXPECT_TRUE(out.column("t__apple").is_float32());
  const Table once = transformed("text_count", object({{"binary", true}}), {fruits()});
  EXPECT_EQ(once.column("t__apple").numbers(), (std::vector<double>{1, 0, 0, 1}));
}

TEST(TextCount, IgnoresWordsItDidNotLearnAndGivesMissingTextsZeros) {
  const auto form = fitted("text_count", {}, {fruits()});
  const Table out = form->transform(texts({"kiwi fig", "fig"}, {1, 0}));
  EXPECT_EQ(out.column("t__fig").numbers(), (std::vector<double>{1, 0}));
  EXPECT_EQ(out.column("t__apple").numbers(), (std::vector<double>{0, 0}));
}

TEST(TextCount, KeepsTermsByTheRowsThatHaveThemAndTheMostFrequent) {
  const auto names = [](Value::Object members) { return transformed("text_count", object(std::move(members)), {fruits()}).names(); };
  EXPECT_EQ(names({{"min_df", 2}}), (Names{"t__apple", "t__pear"}));
  EXPECT_EQ(names({{"min_df", 0.3}}), (Names{"t__apple", "t__pear"}));
  EXPECT_EQ(names({{"max_df", 0.25}}), (Names{"t__fig", "t__plum"}));
  EXPECT_EQ(names({{"max_features", 1}}), Names{"t__apple"});
  EXPECT_EQ(names({{"max_features", 3}}), (Names{"t__apple", "t__fig", "t__pear"}));  // of equals the first
  EXPECT_EQ(names({{"stop_words", list({"apple", "fig"})}}), (Names{"t__pear", "t__plum"}));
}

TEST(TextCount, TakesARowOfWeightTwoForTwoRows) {
  const std::vector<double> weights{1, 2, 0, 1};
  const auto weighted = fitted("tfidf", object({{"min_df", 2}}), {fruits(), nullptr, weights});
  const auto repeated = fitted("tfidf", object({{"min_df", 2}}), {fruits().take(std::vector<uint32_t>{0, 1, 1, 3})});
  EXPECT_EQ(weighted->to_value(), repeated->to_value());
  EXPECT_EQ(weighted->transform(fruits()).names(), (Names{"t__apple", "t__pear", "t__plum"}));
}

TEST(Tfidf, WeighsRareTermsMoreAndGivesRowsOfLengthOne) {
  const Table out = transformed("tfidf", object({{"float64", true}}), {texts({"aa bb", "aa cc"})});
  const double rare = std::log(3.0 / 2) + 1;
  EXPECT_DOUBLE_EQ(out.column("t__aa").number(0), 1 / std::hypot(1, rare));
  EXPECT_DOUBLE_EQ(out.column("t__bb").number(0), rare / std::hypot(1, rare));
  EXPECT_EQ(out.column("t__cc").number(0), 0);
  const Table plain =
      transformed("tfidf", object({{"float64", true}, {"norm", "l1"}, {"use_idf", false}, {"sublinear_tf", true}}), {texts({"aa aa bb"})});
  EXPECT_DOUBLE_EQ(plain.column("t__aa").number(0), (1 + std::log(2)) / (2 + std::log(2)));
}

TEST(Tfidf, GivesNoColumnsWhereNoTextHasAWord) {
  const Table table({Column::text("t", Names{"", "!"}), integers("x", {1, 2})});
  EXPECT_EQ(transformed("tfidf", {}, {table}).names(), Names{"x"});
}

TEST(Tfidf, RefusesLengthsThatDoNotGoTogether) { EXPECT_THROW(transformers().make("tfidf", object({{"min_n", 3}, {"max_n", 2}})), Error); }

TEST(TermCounts, GivesTheSameInSparseRowsOnAnyNumberOfThreads) {
  std::vector<std::string> many;
  for (int row = 0; row < 700; ++row) many.push_back("word" + std::to_string(row % 9) + " apple apple" + (row % 4 == 0 ? " fig" : ""));
  const Table table = Table({Column::text("t", many), Column::text("u", std::vector<std::string>(700, "plum pear"))});
  const auto form = fitted("tfidf", object({{"float64", true}}), {table});
  const Table dense = form->transform(table);
  for (const int n_threads : {1, 8}) {
    const SparseTerms sparse = sparse_terms(*form, table, Threads(n_threads));
    ASSERT_EQ(sparse.n_columns, dense.n_columns());
    size_t n_set = 0;
    for (size_t row = 0; row < 700; ++row)
      for (auto i = static_cast<size_t>(sparse.starts[row]); i < static_cast<size_t>(sparse.starts[row + 1]); ++i, ++n_set)
        EXPECT_EQ(dense.column(static_cast<size_t>(sparse.columns[i])).number(row), sparse.values[i]);
    size_t n_not_zero = 0;
    for (const Column& column : dense.columns())
      for (const double value : column.float64()) n_not_zero += value != 0 ? 1 : 0;
    EXPECT_EQ(n_set, n_not_zero);
  }
  EXPECT_THROW((void)sparse_terms(*fitted("text_svd", {}, {table}), table, Threads(1)), Error);
  EXPECT_THROW((void)sparse_terms(*fitted("text_hash", {}, {table}), table, Threads(1)), Error);
}

TEST(TermCounts, RefusesASavedVocabularyThatDoesNotHoldTogether) {
  const Value good = fitted("tfidf", {}, {fruits()})->to_value();
  const auto broken = [&](const std::string& field, Value value) {
    Value changed = good;
    Value& column = changed.as_object().front().second.as_list().front();
    column.set(field, std::move(value));
    return transformer_forms().make("term_counts")->from_value(changed);
  };
  EXPECT_NO_THROW(broken("binary", true));
  EXPECT_THROW(broken("terms", list({"b", "a", "c", "d"})), Error);
  EXPECT_THROW(broken("terms", list({"a", "b"})), Error);
  EXPECT_THROW(broken("components", list({1.0, 2.0})), Error);
  EXPECT_THROW(broken("term_weights", list({1.0})), Error);
  EXPECT_THROW(broken("rules", object({{"min_n", 0}})), Error);
}

}  // namespace
}  // namespace kolosal
