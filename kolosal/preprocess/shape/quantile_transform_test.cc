#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kolosal/base/random.h"
#include "kolosal/preprocess/fitting.h"

namespace kolosal {
namespace {

std::unique_ptr<FittedTransformer> fitted(Value::Object parameters, const TransformerInput& input) {
  return transformers().make("quantile_transform", Value(std::move(parameters)))->fit(input, FitContext());
}

Table column_of(std::vector<double> values) { return Table({Column::numeric("x", std::move(values))}); }

TEST(QuantileTransform, GivesTheShareOfRowsBelow) {
  const auto ranks = fitted({}, {column_of({30, 10, 20, 50, 40})});
  const Table out = ranks->transform(column_of({10, 20, 25, 50, 5, 60, std::nan(""), std::numeric_limits<double>::infinity()}));
  const std::vector<double> expected{0, 0.25, 0.375, 1, 0, 1, 0, 1};
  for (size_t row = 0; row < expected.size(); ++row) {
    if (row == 6) EXPECT_TRUE(std::isnan(out.column(0).number(row)));
    else EXPECT_NEAR(out.column(0).number(row), expected[row], 1e-15) << row;
  }
}

TEST(QuantileTransform, PutsANumberThatManyRowsShareInTheMiddleOfTheirRanks) {
  const auto ranks = fitted({}, {column_of({0, 1, 1, 1, 2})});
  EXPECT_NEAR(ranks->transform(column_of({1})).column(0).number(0), 0.5, 1e-15);
  EXPECT_NEAR(ranks->transform(column_of({1.5})).column(0).number(0), 0.875, 1e-15);
}

TEST(QuantileTransform, SpreadsAnyColumnNormallyAndBack) {
  RandomStream random(1, "quantiles");
  std::vector<double> values(5000);
  for (double& value : values) value = std::exp(3 * random.normal());
  const Table table = column_of(values);
  const auto ranks = fitted({{"output", "normal"}}, {table});
  const Table out = ranks->transform(table);
  const Sample made = finite_sample(out.column(0), {});
  const double mean = sample_mean(made);
  EXPECT_NEAR(mean, 0, 1e-3);
  EXPECT_NEAR(sample_variance(made, mean), 1, 0.02);
  const Table back = ranks->inverse_transform(out);
  for (size_t row = 0; row < values.size(); ++row) ASSERT_NEAR(back.column(0).number(row), values[row], 1e-9 * values[row]);
}

TEST(QuantileTransform, OfAWeightedRowIsThatOfRowsRepeated) {
  std::vector<double> values, weights, repeated;
  RandomStream random(2, "weights");
  for (int i = 0; i < 400; ++i) {
    values.push_back(random.normal());
    weights.push_back(static_cast<double>(random.below(4)));
    for (int k = 0; k < static_cast<int>(weights.back()); ++k) repeated.push_back(values.back());
  }
  const auto weighted = fitted({{"n_quantiles", 50}}, {column_of(values), nullptr, weights});
  const auto plain = fitted({{"n_quantiles", 50}}, {column_of(repeated)});
  const Table grid = column_of({-1.5, -1, -0.3, 0, 0.2, 0.8, 1.7});
  for (size_t row = 0; row < grid.n_rows(); ++row)
    EXPECT_NEAR(weighted->transform(grid).column(0).number(row), plain->transform(grid).column(0).number(row), 1e-9);
}

TEST(QuantileTransform, NeverTurnsTheOrderRound) {
  RandomStream random(3, "order");
  for (int round = 0; round < 50; ++round) {
    std::vector<double> values(1 + random.below(300));
    for (double& value : values) value = round % 2 == 0 ? random.normal() : static_cast<double>(random.below(5));
    const auto ranks = fitted({{"n_quantiles", static_cast<double>(2 + random.below(40))}}, {column_of(values)});
    std::ranges::sort(values);
    const Table out = ranks->transform(column_of(values));
    for (size_t row = 1; row < values.size(); ++row) ASSERT_LE(out.column(0).number(row - 1), out.column(0).number(row));
  }
}

}  // namespace
}  // namespace kolosal
