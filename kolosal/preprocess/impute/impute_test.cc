#include <gtest/gtest.h>

#include <limits>

#include "kolosal/preprocess/preprocess_test_rows.h"

namespace kolosal {
namespace {

using namespace preprocess_test;

Table with_gaps() {
  return Table({Column::numeric("x", std::vector<double>{1, kNaN, 4, 4, 1}), integers("n", {1, 2, 4, 0, 0}, {1, 1, 1, 0, 0}),
                category("c", {1, 0, 1, -1, 0}, {"b", "a"})});
}

TEST(Impute, FillsWithTheMeanAsANumber) {
  const Table out = transformed("impute", object({{"strategy", "mean"}}), {with_gaps()});
  EXPECT_EQ(out.column("x").number(1), 2.5);
  EXPECT_EQ(out.column("n").kind(), ColumnKind::Numeric);
  EXPECT_NEAR(out.column("n").number(3), 7.0 / 3, 1e-15);
  EXPECT_TRUE(out.column("c").is_missing(3));
}

TEST(Impute, KeepsAnIntegerColumnWhoseFillIsWhole) {
  const Table out = transformed("impute", {}, {with_gaps()});
  EXPECT_EQ(out.column("n").kind(), ColumnKind::Integer);
  EXPECT_EQ(out.column("n").int64()[4], 2);
  EXPECT_EQ(out.column("n").n_missing(), 0U);
}

TEST(Impute, TakesTheSmallestOfTheMostFrequent) {
  const Table out = transformed("impute", object({{"strategy", "mode"}}), {with_gaps()});
  EXPECT_EQ(out.column("x").number(1), 1);
  EXPECT_EQ(out.column("c").display(3), "a");
  const std::vector<double> weights{1, 1, 5, 1, 2};
  EXPECT_EQ(transformed("impute", object({{"strategy", "mode"}}), {with_gaps(), nullptr, weights}).column("x").number(1), 4);
}

TEST(Impute, AddsTheConstantLevelToTheDictionaryOfEveryTable) {
  const auto imputer = fitted("impute", object({{"strategy", "constant"}, {"fill_value", -7}, {"fill_text", "none"}}), {with_gaps()});
  const Table out = imputer->transform(with_gaps());
  EXPECT_EQ(out.column("x").number(1), -7);
  EXPECT_EQ(out.column("c").display(3), "none");
  const std::vector<uint32_t> first{0};
  EXPECT_EQ(*imputer->transform(with_gaps().take(first)).column("c").dictionary(), *out.column("c").dictionary());
}

TEST(Impute, TellsWhereValuesWereMissingOnlyForColumnsThatMissedSome) {
  const Table table = with_gaps().with_column(Column::numeric("whole", std::vector<double>{1, 2, 3, 4, 5}));
  const auto imputer = fitted("impute", object({{"add_indicator", true}}), {table});
  const Table out = imputer->transform(table);
  EXPECT_EQ(out.names(), (std::vector<std::string>{"x", "x__missing", "n", "n__missing", "c", "whole"}));
  EXPECT_EQ(out.column("x__missing").numbers(), (std::vector<double>{0, 1, 0, 0, 0}));
  EXPECT_EQ(imputer->inverse_transform(out).names(), table.names());
}

TEST(Impute, FillsDatesBooleansAndTexts) {
  const auto validity = Validity::from_bytes(std::vector<uint8_t>{1, 1, 0});
  const Table table({Column::date("d", {10, 13, 0}, validity), Column::boolean("b", {1, 1, 0}, validity),
                     Column::text("t", std::vector<std::string>{"u", "u", ""}, validity)});
  const Table median = transformed("impute", {}, {table});
  EXPECT_EQ(median.column("d").kind(), ColumnKind::Date);
  EXPECT_EQ(median.column("d").int64()[2], 12);
  EXPECT_EQ(median.column("b").kind(), ColumnKind::Boolean);
  EXPECT_EQ(median.column("b").boolean()[2], 1);
  EXPECT_EQ(transformed("impute", object({{"strategy", "mode"}}), {table}).column("t").text(2), "u");
}

TEST(Impute, KeepsEveryDigitOfALargeInteger) {
  const int64_t large = (int64_t{1} << 53) + 1, larger = std::numeric_limits<int64_t>::max();
  const auto validity = Validity::from_bytes(std::vector<uint8_t>{1, 1, 1, 1, 0});
  const Table table({Column::integer("n", {large, large, large + 1, -large, 0}, validity),
                     Column::timestamp("t", {larger, large, larger, large + 1, 0}, validity)});
  const auto expect_filled = [&](const Value& parameters, int64_t n, int64_t t) {
    const auto transformer = transformers().make("impute", parameters);
    const auto whole = transformer->fit({table}, with_threads(1));
    const auto chunks = transformer->start_chunks();
    for (const size_t begin : {0, 2, 4}) chunks->add({table.slice(begin, begin == 4 ? 1 : 2)}, with_threads(1));
    for (const auto& filled : {transformer_from_value(transformer_to_value(*whole)), chunks->finish()}) {
      const Table out = filled->transform(table);
      EXPECT_EQ(out.column("n").int64()[4], n);
      EXPECT_EQ(out.column("t").int64()[4], t);
    }
  };
  expect_filled(object({{"strategy", "mode"}}), large, larger);
  expect_filled(object({{"constants", object({{"n", larger}, {"t", -large}})}}), larger, -large);
}

TEST(Impute, ReadsAFillWithoutAWholeNumberAsItWasSavedBefore) {
  const auto imputer = fitted("impute", object({{"columns", list({"n"})}}), {with_gaps()});
  Value::Object column = imputer->to_value().at("columns").as_list()[0].as_object();
  std::erase_if(column, [](const auto& member) { return member.first == "whole_number"; });
  const Value saved = object({{"form", "fill"}, {"fitted", object({{"columns", list({Value(column)})}})}});
  EXPECT_EQ(content(transformer_from_value(saved)->transform(with_gaps())), content(imputer->transform(with_gaps())));
}

TEST(Impute, FillsAColumnWithoutAnyValueWithZero) {
  const Table table({Column::numeric("x", std::vector<double>{kNaN, kNaN}), category("c", {-1, -1}, {})});
  for (const char* strategy : {"mean", "median", "mode"})
    EXPECT_EQ(transformed("impute", object({{"strategy", strategy}}), {table}).column("x").number(0), 0);
  EXPECT_EQ(transformed("impute", object({{"strategy", "mode"}}), {table}).column("c").display(1), "missing");
}

TEST(Impute, PutsConstantsOfSingleColumnsBeforeTheStrategy) {
  const Value constants = object({{"x", -3}, {"c", "none"}});
  const Table out = transformed("impute", object({{"strategy", "mean"}, {"constants", constants}}), {with_gaps()});
  EXPECT_EQ(out.column("x").number(1), -3);
  EXPECT_EQ(out.column("c").display(3), "none");
  EXPECT_NEAR(out.column("n").number(3), 7.0 / 3, 1e-15);
}

TEST(Impute, RefusesConstantsThatDoNotSuitTheirColumn) {
  for (Value::Object constants : {Value::Object{{"x", "none"}}, Value::Object{{"c", 3}}, Value::Object{{"nowhere", 3}}})
    EXPECT_THROW((void)fitted("impute", object({{"constants", Value(std::move(constants))}}), {with_gaps()}), Error);
}

TEST(Impute, RefusesTheMeanOfACategory) {
  EXPECT_THROW((void)fitted("impute", object({{"strategy", "mean"}, {"columns", list({"c"})}}), {with_gaps()}), Error);
  EXPECT_THROW((void)fitted("impute", object({{"columns", list({"nowhere"})}}), {with_gaps()}), Error);
}

}  // namespace
}  // namespace kolosal
