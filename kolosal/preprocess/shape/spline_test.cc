#include <gtest/gtest.h>

#include <cmath>

#include "kolosal/preprocess/transformer.h"

namespace kolosal {
namespace {

Table table_of(std::vector<double> values) { return Table({Column::numeric("x", std::move(values))}); }

std::unique_ptr<FittedTransformer> fit(const Table& table, Value::Object parameters, std::span<const double> weights = {}) {
  return transformers().make("spline", Value(std::move(parameters)))->fit({table, nullptr, weights}, {});
}

std::vector<std::vector<double>> columns_of(const Table& table) {
  std::vector<std::vector<double>> made;
  for (const Column& column : table.columns()) made.push_back(column.numbers());
  return made;
}

std::vector<double> numbers(size_t n) {
  std::vector<double> made;
  for (size_t i = 0; i < n; ++i) made.push_back(std::sin(static_cast<double>(i * i)) * 3);
  return made;
}

TEST(Spline, SumsToOneAndIsNeverNegative) {
  const Table table = table_of(numbers(200));
  for (const int degree : {1, 2, 3, 5}) {
    const auto made = columns_of(fit(table, {{"degree", Value(degree)}, {"n_knots", Value(6)}})->transform(table));
    ASSERT_EQ(made.size(), static_cast<size_t>(5 + degree));
    for (size_t i = 0; i < 200; ++i) {
      double sum = 0;
      for (const auto& column : made) {
        EXPECT_GE(column[i], 0);
        sum += column[i];
      }
      EXPECT_NEAR(sum, 1, 1e-14);
    }
  }
}

TEST(Spline, OfDegreeOneIsALineBetweenKnots) {
  const Table table = table_of({0, 1, 2, 4});
  const auto made = columns_of(fit(table, {{"degree", Value(1)}, {"n_knots", Value(3)}})->transform(table_of({0, 0.5, 2, 3, 4})));
  EXPECT_EQ(made[0], (std::vector<double>{1, 0.75, 0, 0, 0}));
  EXPECT_EQ(made[1], (std::vector<double>{0, 0.25, 1, 0.5, 0}));
  EXPECT_EQ(made[2], (std::vector<double>{0, 0, 0, 0.5, 1}));
}

TEST(Spline, GoesOnBeyondItsKnotsAsItIsTold) {
  const Table table = table_of({0, 1, 2, 3, 4, 5, 6, 7, 8});
  const auto value = [&](const char* beyond, double x) {
    const auto made = columns_of(fit(table, {{"beyond", Value(beyond)}, {"n_knots", Value(4)}})->transform(table_of({x})));
    std::vector<double> at;
    for (const auto& column : made) at.push_back(column[0]);
    return at;
  };
  EXPECT_EQ(value("constant", 20), value("constant", 8));
  EXPECT_EQ(value("constant", -3), value("continue", 0));
  const auto at = value("linear", 8), near = value("linear", 8 - 1e-6), off = value("linear", 10);
  const auto cubic = value("continue", 10), cubic_one = value("continue", 9);
  for (size_t k = 0; k < at.size(); ++k) {
    EXPECT_NEAR(off[k], at[k] + 2 * (at[k] - near[k]) / 1e-6, 1e-4) << k;
    // The third difference of a cubic over equal steps does not change.
    EXPECT_NEAR(cubic[k] - 3 * cubic_one[k] + 3 * at[k] - value("continue", 7)[k],
                cubic_one[k] - 3 * at[k] + 3 * value("continue", 7)[k] - value("continue", 6)[k], 1e-12);
  }
}

TEST(Spline, TakesARowOfWeightThreeForThreeRows) {
  const std::vector<double> values = {0, 1, 3, 7, 9}, weights = {1, 3, 0, 2, 1};
  std::vector<double> repeated;
  for (size_t i = 0; i < values.size(); ++i) repeated.insert(repeated.end(), static_cast<size_t>(weights[i]), values[i]);
  for (const char* knots : {"uniform", "quantile"})
    EXPECT_EQ(fit(table_of(values), {{"knots", Value(knots)}}, weights)->to_value(),
              fit(table_of(repeated), {{"knots", Value(knots)}})->to_value());
}

TEST(Spline, AnswersForColumnsOfOneNumberAndOfNone) {
  const double hole = std::nan("");
  for (const std::vector<double>& values : {std::vector<double>{5, 5, hole}, {hole, hole}, {1e300, 1e300}, {0, 0, 1}}) {
    const auto fitted = fit(table_of(values), {{"knots", Value("quantile")}});
    for (const auto& column : columns_of(fitted->transform(table_of({0, 5, 1e6}))))
      for (const double value : column) EXPECT_TRUE(std::isfinite(value));
    for (const auto& column : columns_of(fitted->transform(table_of({hole})))) EXPECT_TRUE(std::isnan(column[0]));
  }
  EXPECT_THROW(fit(table_of({-1.7e308, 1.7e308}), {}), Error);
}

TEST(Spline, LeavesTheLastOutWhereASumOfOneIsNotWanted) {
  const Table table = table_of(numbers(50));
  const auto all = columns_of(fit(table, {})->transform(table)),
             some = columns_of(fit(table, {{"include_bias", Value(false)}})->transform(table));
  EXPECT_EQ(some, (std::vector<std::vector<double>>(all.begin(), all.end() - 1)));
}

}  // namespace
}  // namespace kolosal
