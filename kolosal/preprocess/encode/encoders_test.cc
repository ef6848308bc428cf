#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>

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

TEST(TargetEncode, IsTheSmoothedMeanOfALevel) {
  const Target target = regression({1, 4, 2, 8, 6, 3});  // mean 4
  const auto encoder = fitted("target_encode", object({{"smoothing", 2}}), {cities(), &target});
  const Table out = encoder->transform(cities());
  EXPECT_EQ(out.names(), (std::vector<std::string>{"city__target"}));
  EXPECT_EQ(out.column(0).number(0), (9 + 2 * 4.0) / 5);
  EXPECT_EQ(out.column(0).number(3), (8 + 2 * 4.0) / 3);
  EXPECT_EQ(out.column(0).number(5), (3 + 2 * 4.0) / 3);
  EXPECT_EQ(encoder->transform(unseen()).column(0).number(0), 4);
}

TEST(TargetEncode, GivesAColumnForEachOfSeveralClassesOrTargets) {
  Target classes = regression({0, 1, 2, 0, 1, 2});
  classes.task = Task::Multiclass;
  classes.class_names = {"a", "b", "c"};
  const Table out = fitted("target_encode", object({{"smoothing", 0}}), {cities(), &classes})->transform(cities());
  EXPECT_EQ(out.names(), (std::vector<std::string>{"city__target_a", "city__target_b", "city__target_c"}));
  EXPECT_EQ(out.column(1).number(0), 1.0 / 3);
  Target several = regression({1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60});
  several.task = Task::MultiRegression;
  several.n_rows = 6;
  several.n_targets = 2;
  EXPECT_EQ(
      fitted("target_encode", object({{"smoothing", 0}}), {cities(), &several})->transform(cities()).column("city__target1").number(0), 30);
}

RC_GTEST_PROP(TargetEncode, NeverUsesARowsOwnTargetToEncodeIt, ()) {
  const auto codes =
      *rc::gen::suchThat(rc::gen::container<std::vector<int>>(rc::gen::inRange(-1, 4)), [](const auto& c) { return c.size() > 1; });
  const auto row = static_cast<size_t>(*rc::gen::inRange<int>(0, static_cast<int>(codes.size())));
  std::vector<double> values;
  for (size_t i = 0; i < codes.size(); ++i) values.push_back(0.1 * *rc::gen::inRange(-50, 50));
  const Table table({category("c", {codes.begin(), codes.end()}, {"p", "q", "r", "s"})});
  const Target target = regression(values);
  values[row] += 1000;
  const Target changed = regression(values);
  const double before = transformed("target_encode", {}, {table, &target}).column(0).number(row);
  RC_ASSERT(transformed("target_encode", {}, {table, &changed}).column(0).number(row) == before);
}

TEST(TargetEncode, KeepsTheRowsOfAGroupOutOfEachOthersEncoding) {
  Target target = regression({1, 2, 3, 4, 5, 6});
  target.task = Task::Ranking;
  target.group = {0, 0, 0, 1, 1, 1};
  Target changed = target;
  changed.values[2] = 900;
  const Table before = transformed("target_encode", {}, {cities(), &target}),
              after = transformed("target_encode", {}, {cities(), &changed});
  for (const size_t row : {0, 1, 2}) EXPECT_EQ(before.column(0).number(row), after.column(0).number(row));
  EXPECT_NE(before.column(0).number(4), after.column(0).number(4));
}

TEST(TargetEncode, NeedsATargetOnlyWhereItHasColumns) {
  EXPECT_THROW((void)fitted("target_encode", {}, {cities()}), Error);
  const Table numbers({Column::numeric("x", std::vector<double>{1})});
  EXPECT_EQ(content(transformed("target_encode", {}, {numbers})), content(numbers));
}

}  // namespace
}  // namespace kolosal
