#include <gtest/gtest.h>

#include <cmath>

#include "kolosal/preprocess/forms/hashed_level.h"
#include "kolosal/preprocess/forms/indicators.h"
#include "kolosal/preprocess/preprocess_test_rows.h"

namespace kolosal {
namespace {

using namespace preprocess_test;

Table cities() { return Table({category("city", {0, 1, 0, 2, 0, -1}, {"rome", "oslo", "bern"})}); }
Table unseen() { return Table({category("city", {0, -1, 1}, {"lima", "oslo"})}); }

TEST(OneHot, MakesAColumnForEachLevelInOrderOfText) {
  const auto encoder = fitted("one_hot", {}, {cities()});
  const Table out = encoder->transform(cities());
  EXPECT_EQ(out.names(), (std::vector<std::string>{"city__bern", "city__oslo", "city__rome"}));
  EXPECT_EQ(out.column(2).numbers(), (std::vector<double>{1, 0, 1, 0, 1, 0}));
  const Table other = encoder->transform(unseen());
  for (const Column& column : other.columns()) {
    EXPECT_EQ(column.number(0), 0);
    EXPECT_EQ(column.number(1), 0);
  }
}

TEST(OneHot, MergesRareLevelsWithUnknownOnes) {
  const auto encoder = fitted("one_hot", object({{"min_frequency", 2}}), {cities()});
  EXPECT_EQ(encoder->transform(cities()).names(), (std::vector<std::string>{"city__rome", "city__other"}));
  EXPECT_EQ(encoder->transform(unseen()).column("city__other").numbers(), (std::vector<double>{1, 0, 1}));
  EXPECT_FALSE(encoder->invertible());
  EXPECT_EQ(transformed("one_hot", object({{"max_levels", 2}}), {cities()}).names(),
            (std::vector<std::string>{"city__rome", "city__other"}));
  EXPECT_EQ(transformed("one_hot", object({{"max_levels", 3}}), {cities()}).n_columns(), 3U);
}

TEST(OneHot, LeavesOutTheFirstColumnWhereAsked) {
  EXPECT_EQ(transformed("one_hot", object({{"drop", "first"}}), {cities()}).names(),
            (std::vector<std::string>{"city__oslo", "city__rome"}));
  EXPECT_EQ(transformed("one_hot", object({{"drop", "if_binary"}}), {cities()}).n_columns(), 3U);
  const Table two({category("c", {0, 1}, {"x", "y"})});
  EXPECT_EQ(transformed("one_hot", object({{"drop", "if_binary"}}), {two}).names(), (std::vector<std::string>{"c__y"}));
}

TEST(OneHot, TellsMissingValuesApartWhereAskedAndNeverTakesANameInUse) {
  const Table table = cities().with_column(Column::boolean("city__missing", {0, 0, 0, 0, 0, 0}));
  const Table out = transformed("one_hot", object({{"missing", "indicator"}}), {table});
  EXPECT_EQ(out.column("city__missing_2").numbers(), (std::vector<double>{0, 0, 0, 0, 0, 1}));
}

TEST(OneHot, IsUndoneExactly) {
  for (const char* drop : {"none", "first"}) {
    const std::vector<uint32_t> rows{0, 1, 2, 3, 4};
    const Table table = cities().take(rows);
    const auto encoder = fitted("one_hot", object({{"drop", drop}}), {table});
    const Table back = encoder->inverse_transform(encoder->transform(table));
    for (size_t row = 0; row < rows.size(); ++row) EXPECT_EQ(back.column("city").display(row), table.column(0).display(row));
  }
}

TEST(Ordinal, NumbersLevelsAsScikitLearnDoesAndBack) {
  const auto encoder = fitted("ordinal", {}, {cities()});
  const Table out = encoder->transform(cities());
  EXPECT_EQ(out.names(), (std::vector<std::string>{"city"}));
  for (const auto& [row, number] : std::vector<std::pair<size_t, double>>{{0, 2}, {1, 1}, {3, 0}})
    EXPECT_EQ(out.column(0).number(row), number);
  EXPECT_TRUE(std::isnan(out.column(0).number(5)));
  const Table back = encoder->inverse_transform(out);
  for (size_t row = 0; row < 6; ++row) EXPECT_EQ(back.column(0).display(row), cities().column(0).display(row));
}

TEST(Ordinal, NumbersIntegersByValueAndLevelsByFrequencyWhereAsked) {
  const Table numbers({integers("n", {10, 9, 100, 9})});
  EXPECT_EQ(transformed("ordinal", object({{"columns", list({"n"})}}), {numbers}).column(0).numbers(), (std::vector<double>{1, 0, 2, 0}));
  const Value parameters = object({{"order", "frequency"}, {"unknown", "default"}, {"unknown_value", -1}, {"missing_value", -2}});
  const auto encoder = fitted("ordinal", parameters, {cities()});
  EXPECT_EQ(encoder->transform(cities()).column(0).numbers(), (std::vector<double>{0, 2, 0, 1, 0, -2}));
  EXPECT_EQ(encoder->transform(unseen()).column(0).numbers(), (std::vector<double>{-1, -2, 2}));
}

TEST(FrequencyEncode, GivesTheShareOfWeight) {
  const auto encoder = fitted("frequency_encode", object({{"keep", true}}), {cities()});
  const Table out = encoder->transform(cities());
  EXPECT_EQ(out.names(), (std::vector<std::string>{"city", "city__frequency"}));
  EXPECT_EQ(out.column(1).numbers(), (std::vector<double>{0.5, 1.0 / 6, 0.5, 1.0 / 6, 0.5, 1.0 / 6}));
  EXPECT_EQ(encoder->transform(unseen()).column(1).number(0), 0);
  const std::vector<double> weights{1, 6, 1, 0, 1, 1};
  EXPECT_EQ(fitted("frequency_encode", {}, {cities(), nullptr, weights})->transform(cities()).column(0).number(1), 0.6);
}

TEST(BinaryEncode, GivesTheBitsOfALevelsNumberFromOneOn) {
  const auto encoder = fitted("binary_encode", {}, {cities()});  // bern 1, oslo 2, rome 3
  const Table out = encoder->transform(cities());
  EXPECT_EQ(out.names(), (std::vector<std::string>{"city__bit0", "city__bit1"}));
  for (const auto& [row, low, high] : std::vector<std::tuple<size_t, double, double>>{{0, 1, 1}, {1, 0, 1}, {3, 1, 0}}) {
    EXPECT_EQ(out.column(0).number(row), low);
    EXPECT_EQ(out.column(1).number(row), high);
  }
  EXPECT_TRUE(out.column(0).is_missing(5) && out.column(1).is_missing(5));
  const Table other = encoder->transform(unseen());
  EXPECT_EQ(other.column(0).number(0) + other.column(1).number(0), 0);
  const Table back = encoder->inverse_transform(out);
  for (size_t row = 0; row < 6; ++row) EXPECT_EQ(back.column(0).display(row), cities().column(0).display(row));
  EXPECT_EQ(transformed("binary_encode", {}, {Table({category("c", {0, 1, 2, 3}, {"a", "b", "c", "d"})})}).n_columns(), 3U);
  EXPECT_EQ(transformed("binary_encode", {}, {Table({category("c", {-1}, {"a"})})}).n_columns(), 1U);
}

TEST(HashEncode, SetsForEachLevelOneColumnThatDependsOnItsTextAlone) {
  for (const bool is_signed : {true, false}) {
    const Value parameters = object({{"n_components", 5}, {"is_signed", is_signed}});
    const Table out = transformed("hash_encode", parameters, {cities()});
    ASSERT_EQ(out.n_columns(), 5U);
    for (size_t row = 0; row < 6; ++row) {
      const auto [place, sign] = hashed_place(cities().column(0).display(row), 5);
      for (size_t k = 0; k < 5; ++k)
        EXPECT_EQ(out.column(k).number(row), row == 5 || k != place ? 0 : is_signed ? static_cast<double>(sign) : 1) << row << " " << k;
    }
  }
  const Table numbers({Column::numeric("n", std::vector<double>{3, 4})}), whole({integers("n", {3, 4})});
  const Value parameters = object({{"columns", list({"n"})}});
  EXPECT_EQ(content(transformed("hash_encode", parameters, {numbers})), content(transformed("hash_encode", parameters, {whole})));
}

TEST(HashEncode, SpreadsLevelsAndSignsEvenly) {
  std::vector<int> places(8);
  int n_positive = 0;
  for (int i = 0; i < 8000; ++i) {
    const auto [place, sign] = hashed_place("level_" + std::to_string(i), 8);
    ++places[place];
    n_positive += sign > 0;
  }
  for (const int n : places) EXPECT_NEAR(n, 1000, 150);
  EXPECT_NEAR(n_positive, 4000, 250);
}

// 'error' names the column, the row, the level and what to do; each other choice gives its own answer for "lima", a row of unseen().
TEST(UnknownLevels, GiveWhatEachEncoderWasToldThatTheyGive) {
  const Target target = regression({1, 4, 2, 8, 6, 3});  // mean 4
  const auto first = [&](const char* encoder, Value::Object parameters) {
    const Column out = fitted(encoder, object(std::move(parameters)), {cities(), &target})->transform(unseen()).columns().back();
    return out.is_missing(0) ? std::string("missing") : out.display(0);
  };
  using Answers = std::vector<std::pair<std::string, std::string>>;
  const std::vector<std::pair<const char*, Answers>> all{
      {"ordinal", {{"missing", "missing"}, {"default", "-1"}}},
      {"frequency_encode", {{"missing", "missing"}, {"default", "0"}}},
      {"binary_encode", {{"missing", "missing"}, {"default", "0"}}},
      {"target_encode", {{"missing", "missing"}, {"default", "4"}}},
      {"leave_one_out_encode", {{"missing", "missing"}, {"default", "4"}}},
      {"ordered_target_encode", {{"missing", "missing"}, {"default", "4"}}},
      {"one_hot", {{"ignore", "false"}, {"infrequent", "false"}}},
  };
  for (const auto& [encoder, answers] : all) {
    for (const auto& [unknown, answer] : answers) EXPECT_EQ(first(encoder, {{"unknown", unknown}}), answer) << encoder << " " << unknown;
    try {
      (void)first(encoder, {{"unknown", "error"}});
      ADD_FAILURE() << encoder;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::BadValue);
      for (const char* part : {"'city'", "'lima'", "row 1"}) EXPECT_NE(error.message().find(part), std::string::npos) << error.message();
      EXPECT_NE(error.remedy().find(answers.back().first), std::string::npos) << error.remedy();
    }
    EXPECT_NO_THROW(fitted(encoder, object({{"unknown", "error"}}), {cities(), &target})->transform(cities()));
    EXPECT_THROW(first(encoder, {{"unknown", std::string(encoder) == "one_hot" ? "missing" : "infrequent"}}), Error);
  }
  EXPECT_EQ(first("one_hot", {{"unknown", "infrequent"}, {"min_frequency", 2}}), "true");
  EXPECT_EQ(first("one_hot", {{"unknown", "ignore"}, {"min_frequency", 2}}), "false");
  EXPECT_EQ(first("ordinal", {{"unknown", "default"}, {"unknown_value", 77}}), "77");
  EXPECT_THROW(first("ordinal", {{"unknown_value", 77}}), Error);
}

TEST(Lookup, ReadsWhatOlderVersionsWroteOfUnknownLevels) {
  const auto old = [](bool leave) {
    const Value column = object(
        {{"name", "city"}, {"levels", list({"rome"})}, {"outputs", list({"city"})}, {"values", list({1, 7, 8})}, {"leave_unknown", leave}});
    return transformer_from_value(object({{"form", "lookup"}, {"fitted", object({{"columns", list({column})}})}}));
  };
  EXPECT_TRUE(old(true)->transform(unseen()).column(0).is_missing(0));
  EXPECT_EQ(old(false)->transform(unseen()).column(0).number(0), 7);
}

TEST(OneHot, TakesAMissingValueForALevelWhereAsked) {
  const auto names = [](Value::Object parameters) {
    parameters.emplace_back("missing", "level");
    return transformed("one_hot", object(std::move(parameters)), {cities()}).names();
  };
  EXPECT_EQ(names({}), (std::vector<std::string>{"city__bern", "city__oslo", "city__rome", "city__missing"}));
  EXPECT_EQ(names({{"min_frequency", 2}}), (std::vector<std::string>{"city__rome", "city__other"}));
  EXPECT_EQ(names({{"min_frequency", 0.4}}), (std::vector<std::string>{"city__rome", "city__other"}));
  EXPECT_EQ(names({{"min_frequency", 0.1}}).size(), 4U);
}

TEST(OneHot, RefusesAMissingValueThatFittingNeverSawWhereItIsALevel) {
  const Table whole({category("city", {0, 1}, {"rome", "oslo"})}), holed({category("city", {0, -1}, {"rome", "oslo"})});
  const Value strict = object({{"unknown", "error"}, {"missing", "level"}});
  const auto encoder = fitted("one_hot", strict, {whole});
  const auto loaded = transformer_from_value(transformer_to_value(*encoder));
  for (const FittedTransformer* each : {encoder.get(), loaded.get()}) {
    try {
      (void)each->transform(holed);
      FAIL() << "a missing value passed";
    } catch (const Error& error) {
      EXPECT_NE(error.message().find("'city': row 2 has a missing value"), std::string::npos) << error.message();
    }
  }
  EXPECT_EQ(fitted("one_hot", strict, {holed})->transform(holed).column("city__missing").numbers(), (std::vector<double>{0, 1}));
  EXPECT_EQ(fitted("one_hot", object({{"unknown", "error"}}), {whole})->transform(holed).column("city__rome").number(1), 0);
}

TEST(OneHot, GivesTheSameInSparseRows) {
  const Table table = cities().with_column(category("c", {0, 0, 1, -1, 1, 0}, {"x", "y"}));
  const auto encoder = fitted("one_hot", {}, {table});
  const Table dense = encoder->transform(table);
  const SparseIndicators sparse = sparse_indicators(*encoder, table, Threads(2));
  ASSERT_EQ(sparse.n_columns, dense.n_columns());
  for (size_t row = 0; row < 6; ++row) {
    std::vector<double> set(dense.n_columns());
    for (int64_t i = sparse.starts[row]; i < sparse.starts[row + 1]; ++i)
      set[static_cast<size_t>(sparse.columns[static_cast<size_t>(i)])] += 1;
    for (size_t k = 0; k < set.size(); ++k) EXPECT_EQ(set[k], dense.column(k).number(row));
  }
  EXPECT_THROW(sparse_indicators(*fitted("ordinal", {}, {table}), table, Threads(1)), Error);
}

TEST(Encoders, TakeNumbersTooSmallForANormalFloat64AsLevels) {
  const Table table({Column::numeric("x", std::vector<double>{1, 5e-324, 1e-310, 5e-324})});
  for (const char* name : {"ordinal", "one_hot", "frequency_encode", "binary_encode", "hash_encode"}) {
    const Value on_x = object({{"columns", list({"x"})}});
    const Table out = transformed(name, on_x, {table});
    const auto transformer = transformers().make(name, on_x);
    const auto chunks = transformer->start_chunks();
    chunks->add({table}, with_threads(1));
    EXPECT_EQ(content(chunks->finish()->transform(table)), content(out)) << name;
  }
  EXPECT_EQ(transformed("ordinal", object({{"columns", list({"x"})}}), {table}).column("x").numbers(), (std::vector<double>{2, 0, 1, 0}));
}

TEST(Ordinal, NumbersTheLevelsThatAreGivenInTheirOrder) {
  const Table table({category("size", {0, 1, 0, -1}, {"large", "small"})});
  const Value sizes = object({{"levels", object({{"size", list({"small", "medium", "large"})}})}});
  const Table out = transformed("ordinal", sizes, {table});
  EXPECT_EQ(out.column(0).number(0), 2);
  EXPECT_EQ(out.column(0).number(1), 0);
  EXPECT_TRUE(out.column(0).is_missing(3));
}

TEST(OneHot, HasAColumnForEveryLevelThatIsGivenAlsoWhereNoRowHasIt) {
  const Table table({category("size", {0, 1, 0}, {"large", "small"})});
  const Value sizes = object({{"levels", object({{"size", list({"small", "medium", "large"})}})}, {"min_frequency", 0}});
  EXPECT_EQ(transformed("one_hot", sizes, {table}).names(), (std::vector<std::string>{"size__small", "size__medium", "size__large"}));
}

TEST(OneHot, RefusesALevelThatIsNotAmongThoseGiven) {
  const Table table({category("size", {0, 1, 0}, {"large", "small"})});
  for (const Value& levels : {list({"small"}), list({"small", "small"}), list({1}), Value("small")})
    EXPECT_THROW(transformed("one_hot", object({{"levels", object({{"size", levels}})}, {"unknown", "error"}}), {table}), Error);
  const Value ignoring = object({{"levels", object({{"size", list({"small"})}})}, {"unknown", "ignore"}, {"min_frequency", 0}});
  EXPECT_EQ(transformed("one_hot", ignoring, {table}).n_columns(), 1U);
}

}  // namespace
}  // namespace kolosal
