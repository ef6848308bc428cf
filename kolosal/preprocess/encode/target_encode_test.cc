#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "kolosal/base/random.h"
#include "kolosal/preprocess/preprocess_test_rows.h"

namespace kolosal {
namespace {

using namespace preprocess_test;

Table cities() { return Table({category("city", {0, 1, 0, 2, 0, -1}, {"rome", "oslo", "bern"})}); }
Table unseen() { return Table({category("city", {0, -1, 1}, {"lima", "oslo"})}); }

std::vector<double> encoded(std::string_view name, Value::Object parameters, const TransformerInput& input) {
  return transformed(name, object(std::move(parameters)), input).columns().back().numbers();
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

// By hand: for level rome (1, 2, 6): mean 3, variance 14/3; oslo (4) has variance 0; over all rows mean 4, variance 34/6.
TEST(TargetEncode, DrawsLevelsToThePriorByTheirVariancesWhereSmoothingIsNotSet) {
  const Target target = regression({1, 4, 2, 8, 6, 3});
  const auto encoder = fitted("target_encode", object({{"smoothing", Value()}}), {cities(), &target});
  const Table out = encoder->transform(cities());
  const double between = 34.0 / 6 * 3, within = 14.0 / 3;
  EXPECT_NEAR(out.column(0).number(0), (between * 3 + within * 4) / (between + within), 1e-12);
  EXPECT_EQ(out.column(0).number(1), 4);
  EXPECT_EQ(out.column(0).number(3), 8);
  EXPECT_EQ(encoder->transform(unseen()).column(0).number(0), 4);
}

TEST(TargetEncode, GivesLevelsOfTooFewRowsThePrior) {
  const Target target = regression({1, 4, 2, 8, 6, 3});
  const auto values =
      fitted("target_encode", object({{"smoothing", 0}, {"min_samples", 2}}), {cities(), &target})->transform(cities()).column(0).numbers();
  EXPECT_EQ(values, (std::vector<double>{3, 4, 3, 4, 3, 4}));
}

// Dealt class by class, the folds differ in rows of a class by one at most. The
// encoding by the other folds then takes few values, and the rows of weight 0 get that by all rows.
TEST(TargetEncode, DealsEachClassEvenlyIntoFoldsOverRowsOfWeight) {
  std::vector<double> classes, weights;
  std::vector<int32_t> codes;
  for (int row = 0; row < 60; ++row) {
    classes.push_back(row % 6 == 0 ? 1 : 0);
    weights.push_back(row % 6 == 0 || row % 2 == 1 ? 1 : 0);  // 10 of class 1, 30 of class 0, 20 absent
    codes.push_back(0);
  }
  const Table table({category("c", codes, {"x"})});
  const Target target = binary(classes);
  const auto values = encoded("target_encode", {{"smoothing", 0}, {"n_folds", 5}}, {table, &target, weights});
  for (size_t row = 0; row < 60; ++row) EXPECT_NEAR(values[row], weights[row] > 0 ? 8.0 / 32 : 10.0 / 40, 1e-12) << row;
}

TEST(TargetEncode, DealsFoldsOfEqualSizeThatAreNotThoseOfTheRowsOrder) {
  std::vector<double> targets(5000, 1.0);
  const Table table({category("c", std::vector<int32_t>(5000, 0), {"x"})});
  for (size_t row = 0; row < 1000; ++row) targets[row] = 0;  // were folds runs of rows, one of them would see no zero
  const Target target = regression(targets);
  const auto values = encoded("target_encode", {{"smoothing", 0}}, {table, &target});
  for (const double value : values) EXPECT_NEAR(value, 0.8, 0.02);
}

RC_GTEST_PROP(TargetEncode, FitsTheSameAloneAndWithItsRowsEncoded, ()) {
  const auto codes = *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(-1, 4)));
  const Table table({category("c", {codes.begin(), codes.end()}, {"p", "q", "r", "s"})});
  std::vector<double> values;
  for (size_t i = 0; i < codes.size(); ++i) values.push_back(0.1 * *rc::gen::inRange(-50, 50));
  const Target target = regression(values);
  const Value parameters = object({{"smoothing", *rc::gen::element(Value(), Value(3.0))}});
  const auto transformer = transformers().make("target_encode", parameters);
  RC_ASSERT(transformer->fit({table, &target}, with_threads(1))->to_value() ==
            transformer->fit_transform({table, &target}, with_threads(2)).first->to_value());
}

TEST(LeaveOneOut, IsTheMeanOfTheOtherRowsOfALevel) {
  const Target target = regression({1, 4, 2, 8, 6, 3});  // mean 4
  EXPECT_EQ(encoded("leave_one_out_encode", {{"smoothing", 0}}, {cities(), &target}), (std::vector<double>{4, 4, 3.5, 4, 1.5, 4}));
  EXPECT_EQ(encoded("leave_one_out_encode", {{"smoothing", 2}}, {cities(), &target}),
            (std::vector<double>{4, 4, 15.0 / 4, 4, 11.0 / 4, 4}));
  const auto encoder = fitted("leave_one_out_encode", object({{"smoothing", 0}}), {cities(), &target});
  EXPECT_EQ(encoder->transform(cities()).column(0).numbers(), (std::vector<double>{3, 4, 3, 8, 3, 3}));
}

TEST(LeaveOneOut, TakesAWeightForSoManyRowsAndLeavesAllOfThemOut) {
  const Target target = regression({1, 4, 2, 8, 6, 3});
  const std::vector<double> weights{2, 1, 1, 1, 0, 1};  // rome: 1, 1, 2; mean (2 + 4 + 2 + 8 + 3) / 6
  const double prior = 19.0 / 6;
  const auto values = encoded("leave_one_out_encode", {{"smoothing", 1}}, {cities(), &target, weights});
  EXPECT_NEAR(values[0], (2 + prior) / 2, 1e-12);
  EXPECT_NEAR(values[2], (2 + prior) / 3, 1e-12);
  EXPECT_NEAR(values[4], (4 + prior) / 4, 1e-12);  // absent: as a new row
}

TEST(OrderedTarget, IsTheMeanOfTheRowsOfALevelThatComeBefore) {
  const Target target = regression({1, 4, 2, 8, 6, 3});
  EXPECT_EQ(encoded("ordered_target_encode", {{"smoothing", 1}, {"shuffle", false}}, {cities(), &target}),
            (std::vector<double>{4, 4, 2.5, 4, 7.0 / 3, 4}));
  Target classes = regression({0, 1, 2, 0, 1, 2});
  classes.task = Task::Multiclass;
  classes.class_names = {"a", "b", "c"};
  EXPECT_EQ(encoded("ordered_target_encode", {{"smoothing", 0}, {"shuffle", false}}, {cities(), &classes}),
            (std::vector<double>{1.0 / 3, 1.0 / 3, 0, 1.0 / 3, 0.5, 1.0 / 3}));
}

// With a level for all rows and no smoothing, the encodings of a shuffled order are the running means of that order.
TEST(OrderedTarget, ShufflesTheRowsOnce) {
  std::vector<double> targets;
  for (int row = 0; row < 200; ++row) targets.push_back(row);
  const Target target = regression(targets);
  const Table table({category("c", std::vector<int32_t>(200, 0), {"x"}), category("d", std::vector<int32_t>(200, 0), {"y"})});
  const Table out = transformed("ordered_target_encode", object({{"smoothing", 0}}), {table, &target});
  EXPECT_EQ(out.column(0).numbers(), out.column(1).numbers());
  const auto values = out.column(0).numbers();
  EXPECT_NE(values, encoded("ordered_target_encode", {{"smoothing", 0}, {"shuffle", false}}, {table, &target}));
  double sum = 0;
  for (const double value : values) sum += value;
  EXPECT_NEAR(sum / 200, 99.5, 15);
}

TEST(OrderedTarget, RefusesRankingGroups) {
  Target target = regression({1, 2, 3, 4, 5, 6});
  target.task = Task::Ranking;
  target.group = {0, 0, 0, 1, 1, 1};
  for (const char* name : {"leave_one_out_encode", "ordered_target_encode"})
    EXPECT_THROW((void)fitted(name, {}, {cities(), &target}), Error);
}

TEST(TargetEncode, NeedsATargetOnlyWhereItHasColumns) {
  EXPECT_THROW((void)fitted("target_encode", {}, {cities()}), Error);
  const Table numbers({Column::numeric("x", std::vector<double>{1})});
  EXPECT_EQ(content(transformed("target_encode", {}, {numbers})), content(numbers));
}

}  // namespace
}  // namespace kolosal
