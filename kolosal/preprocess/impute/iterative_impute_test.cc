#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "kolosal/base/random.h"
#include "kolosal/preprocess/impute/bayesian_ridge.h"
#include "kolosal/preprocess/preprocess_test_rows.h"

namespace kolosal {
namespace {

using namespace preprocess_test;

// b = 2 a + 1 and c = a - b, with holes.
Table related(uint64_t seed, size_t n, double share_missing, double noise = 0) {
  RandomStream random(seed, "chained rows");
  std::vector<double> a(n), b(n), c(n);
  for (size_t i = 0; i < n; ++i) {
    a[i] = 5 + random.normal();
    b[i] = 2 * a[i] + 1 + noise * random.normal();
    c[i] = a[i] - b[i] + noise * random.normal();
    for (auto* column : {&a, &b, &c})
      if (random.uniform() < share_missing) (*column)[i] = kNaN;
  }
  return Table({Column::numeric("a", a), Column::numeric("b", b), Column::numeric("c", c)});
}

TEST(BayesianRidge, IsNearLeastSquaresOfManyRowsAndZeroOfNone) {
  const std::vector<double> slopes = bayesian_ridge({1e6, {1e6, 0, 0, 1e6}, {3e6, -2e6}, 13e6 + 1e3});
  EXPECT_NEAR(slopes[0], 3, 1e-6);
  EXPECT_NEAR(slopes[1], -2, 1e-6);
  EXPECT_EQ(bayesian_ridge({1, {0}, {0}, 0}), (std::vector<double>{0}));
  EXPECT_EQ(bayesian_ridge({1, {kNaN}, {1}, 1}), (std::vector<double>{0}));
}

TEST(IterativeImpute, RecoversALinearRelation) {
  const Table table = related(1, 500, 0.15);
  const Table out = transformed("iterative_impute", object({{"tol", 1e-9}, {"max_iter", 100}}), {table});
  for (size_t row = 0; row < 500; ++row) {
    int n_missing = 0;
    for (const Column& column : table.columns()) n_missing += std::isnan(column.number(row));
    if (n_missing > 1) continue;
    ASSERT_NEAR(out.column("b").number(row), 2 * out.column("a").number(row) + 1, 0.02) << row;
  }
}

TEST(IterativeImpute, FillsAColumnWithoutAnyNumberWithZeroAndARowWithoutAnyByTheRest) {
  const Table table({Column::numeric("a", std::vector<double>{1, 2, 3, kNaN}), Column::numeric("b", std::vector<double>{2, 4, 6, kNaN}),
                     Column::numeric("none", std::vector<double>{kNaN, kNaN, kNaN, kNaN})});
  const Table out = transformed("iterative_impute", {}, {table});
  EXPECT_EQ(out.column("none").numbers(), (std::vector<double>{0, 0, 0, 0}));
  EXPECT_NEAR(out.column("a").number(3), 2, 1e-9);
  EXPECT_NEAR(out.column("b").number(3), 4, 1e-9);
}

TEST(IterativeImpute, KeepsItsDigitsWhereARowWithoutTheColumnIsFarOut) {
  const Table table = related(2, 200, 0, 0.1);
  const auto slope = [](const Table& rows) {
    const Value models = fitted("iterative_impute", object({{"max_iter", 1}}), {rows})->to_value();
    return models.at("weights").as_numbers().as<double>()[6];  // of a, in the last model, which is that of b
  };
  std::vector<Column> columns;
  for (const char* name : {"a", "b", "c"}) {
    std::vector<double> values = table.column(name).numbers();
    values.push_back(name[0] == 'b' ? kNaN : 1e9);
    columns.push_back(Column::numeric(name, std::move(values)));
  }
  const Table last({table.column("a"), table.column("c"), table.column("b")});
  const Table far({columns[0], columns[2], columns[1]});
  EXPECT_NEAR(slope(far), slope(last), 1e-5 * std::abs(slope(last)));
}

RC_GTEST_PROP(IterativeImpute, CountsARowOfWeightTwoAsTwoRows, (uint64_t seed)) {
  const Table table = related(seed, 40, 0.2, 0.5);
  std::vector<double> weights(40);
  std::vector<uint32_t> repeated;
  for (uint32_t row = 0; row < 40; ++row) {
    weights[row] = row % 3;
    repeated.insert(repeated.end(), row % 3, row);
  }
  const Table others = related(seed + 1, 20, 0.3, 0.5);
  const Table weighted = fitted("iterative_impute", {}, {table, nullptr, weights})->transform(others);
  const Table copied = fitted("iterative_impute", {}, {table.take(repeated)})->transform(others);
  for (size_t j = 0; j < 3; ++j)
    for (size_t row = 0; row < 20; ++row) RC_ASSERT(std::abs(weighted.column(j).number(row) - copied.column(j).number(row)) < 1e-6);
}

}  // namespace
}  // namespace kolosal
