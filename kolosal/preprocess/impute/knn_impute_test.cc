#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "kolosal/base/random.h"
#include "kolosal/preprocess/preprocess_test_rows.h"

namespace kolosal {
namespace {

using namespace preprocess_test;

Table grid() {
  return Table({Column::numeric("x", std::vector<double>{1, 2, 3, 10, kNaN, 11}),
                Column::numeric("y", std::vector<double>{10, 20, 30, 100, 105, kNaN})});
}

Table random_rows(uint64_t seed, size_t n) {
  RandomStream random(seed, "knn rows");
  std::vector<Column> columns;
  for (const char* name : {"a", "b", "c"}) {
    std::vector<double> values(n);
    for (double& value : values) value = random.uniform() < 0.3 ? kNaN : random.normal();
    columns.push_back(Column::numeric(name, std::move(values)));
  }
  return Table(std::move(columns));
}

TEST(KnnImpute, TakesTheMeanOfTheNearestRowsThatHaveTheColumn) {
  const Table out = transformed("knn_impute", object({{"n_neighbors", 2}}), {grid()});
  EXPECT_EQ(out.column("x").number(4), 6.5);  // rows 3 and 2: y of row 5 is missing
  EXPECT_EQ(out.column("y").number(5), 65);   // rows 3 and 2; row 4 shares no column
  EXPECT_EQ(out.column("x").number(0), 1);
}

TEST(KnnImpute, WeighsNeighboursByInverseDistance) {
  const Table out = transformed("knn_impute", object({{"n_neighbors", 2}, {"weighting", "distance"}}), {grid()});
  EXPECT_NEAR(out.column("x").number(4), (10.0 / 5 + 3.0 / 75) / (1.0 / 5 + 1.0 / 75), 1e-12);
  const Table exact({Column::numeric("x", std::vector<double>{1, 1, 2, 1}), Column::numeric("y", std::vector<double>{5, 7, 100, kNaN})});
  EXPECT_EQ(transformed("knn_impute", object({{"n_neighbors", 3}, {"weighting", "distance"}}), {exact}).column("y").number(3), 6);
}

TEST(KnnImpute, FallsBackToTheMeanAndToZero) {
  const Table table(
      {Column::numeric("x", std::vector<double>{1, 3, kNaN}), Column::numeric("none", std::vector<double>{kNaN, kNaN, kNaN})});
  const Table out = transformed("knn_impute", {}, {table});
  EXPECT_EQ(out.column("x").number(2), 2);
  EXPECT_EQ(out.column("none").numbers(), (std::vector<double>{0, 0, 0}));
}

TEST(KnnImpute, LeavesInfinitiesOutOfDistancesAndInTheTable) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Table table(
      {Column::numeric("x", std::vector<double>{1, infinity, 2, kNaN}), Column::numeric("y", std::vector<double>{1, 2, 2, 2})});
  const Table out = transformed("knn_impute", object({{"n_neighbors", 1}}), {table});
  EXPECT_EQ(out.column("x").number(1), infinity);
  EXPECT_EQ(out.column("x").number(3), 2);
}

RC_GTEST_PROP(KnnImpute, CountsARowOfWeightTwoAsTwoRows, (uint64_t seed, bool by_distance)) {
  const Table table = random_rows(seed, 20);
  std::vector<double> weights(20, 1.0);
  std::vector<uint32_t> repeated;
  for (uint32_t row = 0; row < 20; ++row) {
    weights[row] = row % 3;
    repeated.insert(repeated.end(), row % 3, row);
  }
  const Value parameters = object({{"n_neighbors", 4}, {"weighting", by_distance ? "distance" : "uniform"}});
  const Table others = random_rows(seed + 1, 10);
  const Table weighted = fitted("knn_impute", parameters, {table, nullptr, weights})->transform(others);
  const Table copied = fitted("knn_impute", parameters, {table.take(repeated)})->transform(others);
  for (size_t j = 0; j < 3; ++j)
    for (size_t row = 0; row < 10; ++row) RC_ASSERT(std::abs(weighted.column(j).number(row) - copied.column(j).number(row)) < 1e-9);
}

TEST(KnnImpute, KnowsNearFromFarAmongHugeAndTinyNumbers) {
  for (const double unit : {1e300, 1.0, 1e-300}) {
    const Table table({Column::numeric("x", std::vector<double>{1 * unit, 2 * unit, 9 * unit, 2.1 * unit}),
                       Column::numeric("y", std::vector<double>{1 * unit, 3 * unit, 5 * unit, kNaN})});
    EXPECT_EQ(transformed("knn_impute", object({{"n_neighbors", 1}}), {table}).column("y").number(3), 3 * unit);
  }
}

TEST(KnnImpute, LooksAtFewRowsHoweverLittleTheyWeigh) {
  std::vector<double> x(1000), y(1000);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i), y[i] = i < 500 ? 1 : 9;
  y[0] = kNaN;
  const Table table({Column::numeric("x", x), Column::numeric("y", y)});
  const std::vector<double> weights(1000, 1e-3);
  EXPECT_NEAR(transformed("knn_impute", {}, {table, nullptr, weights}).column("y").number(0), 1, 1e-12);
}

RC_GTEST_PROP(KnnImpute, GivesNumbersBetweenTheLeastAndTheLargestOfTheColumn, (uint64_t seed)) {
  const Table table = random_rows(seed, 300);
  const Table out = transformed("knn_impute", {}, {table});
  for (size_t j = 0; j < 3; ++j) {
    double low = 0, high = 0;
    for (const double value : table.column(j).numbers())
      if (!std::isnan(value)) low = std::min(low, value), high = std::max(high, value);
    for (size_t row = 0; row < 300; ++row) {
      const double before = table.column(j).number(row), after = out.column(j).number(row);
      const bool holds = std::isnan(before) ? after >= low && after <= high : after == before;
      RC_ASSERT(holds);
    }
  }
}

}  // namespace
}  // namespace kolosal
