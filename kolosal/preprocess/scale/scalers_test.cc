#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

#include "kolosal/base/random.h"
#include "kolosal/preprocess/fitting.h"
#include "kolosal/preprocess/preprocess_test_rows.h"

namespace kolosal {
namespace {

using namespace preprocess_test;

const std::vector<std::string> kScalers{"standard_scale", "min_max_scale", "robust_scale", "max_abs_scale"};

void expect_values(const Table& table, const std::vector<double>& expected, double tolerance = 1e-12) {
  const std::vector<double> found = table.column(0).numbers();
  ASSERT_EQ(found.size(), expected.size());
  for (size_t row = 0; row < found.size(); ++row) EXPECT_NEAR(found[row], expected[row], tolerance) << "row " << row;
}

Table five_numbers() { return Table({Column::numeric("x", std::vector<double>{1.5, -2, 1e6, 3.25, 7})}); }

TEST(Scalers, EqualThoseOfScikitLearn) {
  const Table table = five_numbers();
  expect_values(transformed("standard_scale", {}, {table}),
                {-0.5000023437425731, -0.5000110937639011, 1.9999999999474412, -0.49999796873190916, -0.4999885937090578});
  expect_values(transformed("min_max_scale", {}, {table}), {3.499993000014e-06, 0, 1, 5.249989500021e-06, 8.999982000036e-06});
  expect_values(transformed("robust_scale", {}, {table}),
                {-0.3181818181818182, -0.9545454545454546, 181817.5909090909, 0, 0.6818181818181818}, 1e-9);
  expect_values(transformed("max_abs_scale", {}, {table}), {1.5e-06, -2e-06, 1, 3.25e-06, 7e-06});
}

TEST(Scalers, DoNotDivideAConstantColumn) {
  const Table table({Column::numeric("x", std::vector<double>{0.1, 0.1, 0.1})});
  for (const char* name : {"standard_scale", "min_max_scale", "robust_scale"}) expect_values(transformed(name, {}, {table}), {0, 0, 0});
}

TEST(Scalers, KeepTheDigitsOfAColumnFarFromZero) {
  const Table table({Column::numeric("x", std::vector<double>{1e9 - 1, 1e9, 1e9 + 1})});
  expect_values(transformed("standard_scale", {}, {table}), {-1.224744871391589, 0, 1.224744871391589}, 1e-14);
}

TEST(Scalers, LeaveBooleansAloneUnlessNamed) {
  const Table table({Column::boolean("b", {0, 1, 1})});
  EXPECT_EQ(content(transformed("standard_scale", {}, {table})), content(table));
  expect_values(transformed("min_max_scale", object({{"columns", list({"b"})}, {"low", -1}}), {table}), {-1, 1, 1});
}

TEST(Scalers, KeepFloat32AndMissingRowsAndIgnoreInfinities) {
  const float infinity = std::numeric_limits<float>::infinity();
  const Table table({Column::numeric("x", std::vector<float>{1, 3, 0, infinity}, Validity::from_bytes(std::vector<uint8_t>{1, 1, 0, 1}))});
  for (const std::string& name : kScalers) {
    const Table out = transformed(name, {}, {table});
    EXPECT_TRUE(out.column(0).is_float32()) << name;
    EXPECT_TRUE(out.column(0).is_missing(2)) << name;
    EXPECT_EQ(out.column(0).number(3), infinity) << name;
  }
  EXPECT_EQ(transformed("standard_scale", {}, {table}).column(0).number(0), -1);
}

TEST(Scalers, RefuseALowAboveTheHighAndATableWithoutRows) {
  EXPECT_THROW(transformers().make("min_max_scale", object({{"low", 1}, {"high", 1}})), Error);
  EXPECT_THROW(transformers().make("robust_scale", object({{"low_quantile", 0.8}})), Error);
  const Table none({Column::numeric("x", std::vector<double>{})});
  for (const std::string& name : kScalers) {
    try {
      (void)fitted(name, {}, {none});
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::EmptyInput);
      EXPECT_NE(error.message().find("empty"), std::string::npos);
    }
  }
}

TEST(Scalers, NameTheColumnThatIsMissingInTransform) {
  const auto scaler = fitted("standard_scale", {}, {five_numbers()});
  try {
    (void)scaler->transform(Table({Column::numeric("y", std::vector<double>{1})}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::FeatureMismatch);
    EXPECT_NE(error.message().find("feature mismatch: column 'x'"), std::string::npos);
  }
}

RC_GTEST_PROP(Scalers, InverseTransformGivesTheNumbersBack, ()) {
  const auto numbers = *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(-1000000, 1000000)));
  std::vector<double> values;
  for (const int number : numbers) values.push_back(number / 64.0);
  const Table table({Column::numeric("x", values)});
  for (const std::string& name : kScalers) {
    const auto scaler = fitted(name, {}, {table});
    const std::vector<double> back = scaler->inverse_transform(scaler->transform(table)).column(0).numbers();
    for (size_t row = 0; row < values.size(); ++row) RC_ASSERT(std::abs(back[row] - values[row]) <= 1e-10 * (1 + std::abs(values[row])));
  }
}

RC_GTEST_PROP(Scalers, AWeightOfOneIsNoneAndOfZeroNoRow, ()) {
  const auto numbers = *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(-100, 100)));
  const std::vector<double> values(numbers.begin(), numbers.end());
  std::vector<double> longer = values;
  longer.push_back(1234);
  std::vector<double> weights(values.size(), 1.0), zero_last = weights;
  zero_last.push_back(0);
  const Table table({Column::numeric("x", values)}), with_more({Column::numeric("x", longer)});
  for (const char* name : {"standard_scale", "min_max_scale", "robust_scale", "max_abs_scale", "clip_outliers", "impute"}) {
    const std::string plain = content(fitted(name, {}, {table})->transform(table));
    RC_ASSERT(content(fitted(name, {}, {table, nullptr, weights})->transform(table)) == plain);
    RC_ASSERT(content(fitted(name, {}, {with_more, nullptr, zero_last})->transform(table)) == plain);
  }
}

TEST(StandardScale, CountsARowOfWeightTwoTwice) {
  const Table once({Column::numeric("x", std::vector<double>{1, 5})}), twice({Column::numeric("x", std::vector<double>{1, 5, 5})});
  const std::vector<double> weights{1, 2};
  expect_values(fitted("standard_scale", {}, {once, nullptr, weights})->transform(once),
                fitted("standard_scale", {}, {twice})->transform(once).column(0).numbers());
}

TEST(SortedQuantile, InterpolatesAsNumpyDoesAndNeedsNoValues) {
  Sample sample{{1, 2, 4, 8}, {}};
  EXPECT_EQ(sorted_quantile(sample, 0.25), 1.75);
  EXPECT_EQ(sorted_quantile(sample, 1), 8);
  sample.weights = {3, 3, 3, 3};
  EXPECT_EQ(sorted_quantile(sample, 0.25), 1.75);
  EXPECT_EQ(sorted_quantile(Sample{}, 0.5), 0);
}

TEST(SortedQuantile, CountsAValueOfWeightTwoTwice) {
  RandomStream random(5, "quantiles");
  for (int round = 0; round < 100; ++round) {
    Sample weighted, repeated, halved;
    for (uint64_t i = 0, n = 1 + random.below(20); i < n; ++i) {
      weighted.values.push_back(random.normal());
      weighted.weights.push_back(static_cast<double>(1 + random.below(3)));
    }
    std::ranges::sort(weighted.values);
    for (size_t i = 0; i < weighted.values.size(); ++i)
      repeated.values.insert(repeated.values.end(), static_cast<size_t>(weighted.weights[i]), weighted.values[i]);
    halved = {repeated.values, std::vector<double>(repeated.values.size(), 0.5)};
    for (const double q : {0.0, 0.1, 0.25, 0.5, 0.9, 1.0}) {
      EXPECT_NEAR(sorted_quantile(weighted, q), sorted_quantile(repeated, q), 1e-12);
      EXPECT_NEAR(sorted_quantile(halved, q), sorted_quantile(repeated, q), 1e-12);
    }
  }
}

TEST(Normalize, EqualsScikitLearnAndLeavesZeroRows) {
  const Table table({Column::numeric("a", std::vector<double>{3, 0, 1}), Column::numeric("b", std::vector<double>{-4, 0, 2})});
  const std::vector<std::pair<std::string, std::vector<double>>> expected{
      {"l1", {0.42857142857142855, 0, 0.3333333333333333}}, {"l2", {0.6, 0, 0.4472135954999579}}, {"max", {0.75, 0, 0.5}}};
  for (const auto& [norm, values] : expected) expect_values(transformed("normalize", object({{"norm", norm}}), {table}), values);
  EXPECT_FALSE(fitted("normalize", {}, {table})->invertible());
  EXPECT_THROW((void)fitted("normalize", {}, {table})->inverse_transform(table), Error);
}

TEST(Normalize, TakesNumbersWhoseSquaresRunOver) {
  const Table table({Column::numeric("a", std::vector<double>{3e200, 3e-200}), Column::numeric("b", std::vector<double>{4e200, -4e-200})});
  const Table out = transformed("normalize", {}, {table});
  for (const size_t row : {size_t{0}, size_t{1}}) {
    EXPECT_NEAR(out.column(0).number(row), 0.6, 1e-15);
    EXPECT_NEAR(std::abs(out.column(1).number(row)), 0.8, 1e-15);
  }
}

TEST(ClipOutliers, FindsItsBoundsByEachMethod) {
  const Table table({Column::numeric("x", std::vector<double>{1, 2, 3, 4, 100})});
  expect_values(transformed("clip_outliers", {}, {table}), {1, 2, 3, 4, 7});
  expect_values(transformed("clip_outliers", object({{"factor", 0}}), {table}), {2, 2, 3, 4, 4});
  expect_values(transformed("clip_outliers", object({{"method", "percentile"}, {"low_quantile", 0.25}, {"high_quantile", 0.75}}), {table}),
                {2, 2, 3, 4, 4});
  // mean 22, standard deviation sqrt(1522)
  expect_values(transformed("clip_outliers", object({{"method", "z_score"}, {"threshold", 1}}), {table}),
                {1, 2, 3, 4, 22 + std::sqrt(1522.0)});
}

TEST(ClipOutliers, KeepsTheRareValuesOfANearlyConstantColumn) {
  std::vector<double> values(1000, 0.0);
  values[3] = 5;
  const Table table({Column::numeric("x", values)});
  expect_values(transformed("clip_outliers", object({{"method", "percentile"}}), {table}), values);
}

RC_GTEST_PROP(Scalers, GiveFiniteNumbersAndTheOriginalsBackHoweverFarApartTheyAre, ()) {
  const auto numbers = *rc::gen::suchThat(rc::gen::container<std::vector<int>>(rc::gen::inRange(-1000, 1001)),
                                          [](const auto& some) { return some.size() > 1; });
  std::vector<double> values;
  for (const int number : numbers) values.push_back(number * 1.79e305);
  const Table table({Column::numeric("x", values)});
  for (const std::string& name : kScalers) {
    const auto scaler = fitted(name, {}, {table});
    const Table out = scaler->transform(table);
    const std::vector<double> made = out.column(0).numbers(), back = scaler->inverse_transform(out).column(0).numbers();
    for (size_t row = 0; row < values.size(); ++row) {
      RC_ASSERT(std::isfinite(made[row]));
      RC_ASSERT(std::abs(back[row] / 2 - values[row] / 2) <= 1e295);
    }
  }
}

TEST(StandardScale, HasMeanZeroAndDeviationOneWhereSquaresRunOver) {
  const std::vector<double> values{-1.7e308, 1.7e308, 1.7e308, -1.7e308};
  const Table table({Column::numeric("x", values)});
  expect_values(transformed("standard_scale", {}, {table}), {-1, 1, 1, -1});
  const auto transformer = transformers().make("standard_scale", {});
  const auto parts = transformer->start_chunks();
  parts->add({Table({Column::numeric("x", std::vector<double>{-1, 1})})}, with_threads(1));
  parts->add({table}, with_threads(1));
  const Table made = parts->finish()->transform(table);
  EXPECT_NEAR(made.column(0).number(1), std::sqrt(1.5), 1e-12);  // two of six rows are next to nothing
}

TEST(RobustScale, GivesANormalColumnVarianceOneWhereAsked) {
  const Table table({Column::numeric("x", std::vector<double>{-0.6744897501960817, 0, 0.6744897501960817})});
  const Table out = transformed("robust_scale", object({{"unit_variance", true}}), {table});
  EXPECT_NEAR(out.column(0).number(2), 2 * 0.6744897501960817, 1e-12);  // quartiles of three numbers lie halfway
  EXPECT_THROW(transformers().make("robust_scale", object({{"unit_variance", true}, {"low_quantile", 0}})), Error);
}

}  // namespace
}  // namespace kolosal
