#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kolosal/base/random.h"
#include "kolosal/preprocess/shape/power_fit.h"

namespace kolosal {
namespace {

std::unique_ptr<FittedTransformer> fitted(const std::string& name, Value::Object parameters, const TransformerInput& input) {
  return transformers().make(name, Value(std::move(parameters)))->fit(input, FitContext());
}

std::vector<double> skewed(size_t n) {
  RandomStream random(1, "skewed");
  std::vector<double> values(n);
  for (double& value : values) value = std::exp(random.normal());
  return values;
}

TEST(PowerCurves, AreUndoneByTheirInverses) {
  for (const PowerCurve curve : {PowerCurve::Log1p, PowerCurve::Sqrt, PowerCurve::BoxCox, PowerCurve::YeoJohnson})
    for (const double lambda : {-2.0, -0.5, 0.0, 0.3, 1.0, 2.0, 3.5})
      for (const double x : {-50.0, -0.9, -1e-9, 0.0, 1e-9, 0.4, 7.0, 120.0}) {
        double y = x;
        power_of({.curve = curve, .lambda = lambda}, {&y, 1}, {&y, 1});
        ASSERT_EQ(std::isnan(y), !has_power(curve, x));
        if (std::isnan(y)) continue;
        EXPECT_NEAR(inverse_power_of(curve, lambda, y), x, 1e-8 * (1 + std::abs(x))) << x << " " << lambda;
      }
}

TEST(BoxCox, OfALogNormalColumnIsTheLogarithm) {
  EXPECT_NEAR(likeliest_lambda(PowerCurve::BoxCox, {skewed(20'000), {}}), 0, 0.02);
  const Table table({Column::numeric("x", skewed(500))});
  const Table out = fitted("box_cox", {}, {table})->transform(table);
  const Sample made = finite_sample(out.column(0), {});
  EXPECT_NEAR(sample_mean(made), 0, 1e-12);
  EXPECT_NEAR(sample_variance(made, 0), 1, 1e-12);
}

TEST(YeoJohnson, CountsARowOfWeightTwoTwice) {
  std::vector<double> values = skewed(200), weights(200, 1.0), doubled = values;
  for (size_t row = 0; row < 50; ++row) {
    weights[row] = 2;
    doubled.push_back(values[row]);
  }
  EXPECT_NEAR(likeliest_lambda(PowerCurve::YeoJohnson, {values, weights}), likeliest_lambda(PowerCurve::YeoJohnson, {doubled, {}}), 1e-6);
}

TEST(YeoJohnson, OfALargeColumnIsThatOfASmallOneOfItsKind) {
  const double many = likeliest_lambda(PowerCurve::YeoJohnson, {skewed(100'000), {}});
  std::vector<double> weights(100'000, 1.0);
  EXPECT_NEAR(likeliest_lambda(PowerCurve::YeoJohnson, {skewed(100'000), weights}), many, 1e-7);
  EXPECT_NEAR(likeliest_lambda(PowerCurve::YeoJohnson, {skewed(30'000), {}}), many, 0.03);
}

TEST(PowerTransforms, TellNumbersFarFromZeroApart) {
  for (const double sign : {-1.0, 1.0})
    for (const PowerCurve curve : {PowerCurve::YeoJohnson, PowerCurve::BoxCox}) {
      if (sign < 0 && curve == PowerCurve::BoxCox) continue;
      Sample sample;
      for (const double x : skewed(2000)) sample.values.push_back(sign * (114 + std::round(20 * x) / 200));
      std::vector<double> bent(sample.values.size());
      power_of({.curve = curve, .lambda = likeliest_lambda(curve, sample)}, sample.values, bent);
      std::ranges::sort(bent);
      std::ranges::sort(sample.values);
      EXPECT_EQ(std::unique(bent.begin(), bent.end()) - bent.begin(),
                std::unique(sample.values.begin(), sample.values.end()) - sample.values.begin());
    }
}

TEST(YeoJohnson, LeavesAConstantColumnAndTakesItsLambdaWhereGiven) {
  EXPECT_EQ(likeliest_lambda(PowerCurve::YeoJohnson, {std::vector<double>(9, 5.0), {}}), 1);
  EXPECT_EQ(likeliest_lambda(PowerCurve::YeoJohnson, {}), 1);
  const Table table({Column::numeric("x", std::vector<double>{-1, 0, 3})});
  const Table out = fitted("yeo_johnson", {{"lambda", 0}, {"standardize", false}}, {table})->transform(table);
  EXPECT_NEAR(out.column(0).number(2), std::log(4.0), 1e-15);
  EXPECT_NEAR(out.column(0).number(0), -1.5, 1e-15);
}

TEST(Log1p, NamesTheColumnAndTheNumberOutsideOfItsDomain) {
  const Table table({Column::numeric("low", std::vector<double>{-3, 1}), Column::numeric("high", std::vector<double>{0, 1})});
  try {
    fitted("log1p", {{"columns", Value(Value::List{"low"})}}, {table});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::BadValue);
    EXPECT_NE(error.message().find("column 'low' holds -3"), std::string::npos) << error.message();
  }
  const auto all = fitted("log1p", {}, {table});
  EXPECT_EQ(all->transform(table).column(0).number(0), -3);
  EXPECT_NEAR(all->transform(table).column(1).number(1), std::log(2.0), 1e-15);
  const Table later({Column::numeric("low", std::vector<double>{1, 1}), Column::numeric("high", std::vector<double>{-2, 1})});
  EXPECT_TRUE(all->transform(later).column(1).is_missing(0));
}

TEST(Sqrt, IsUndone) {
  const Table table({Column::numeric("x", std::vector<double>{0, 4, 9})});
  const auto root = fitted("sqrt", {}, {table});
  EXPECT_EQ(root->transform(table).column(0).number(2), 3);
  EXPECT_EQ(root->inverse_transform(root->transform(table)).column(0).number(2), 9);
}

}  // namespace
}  // namespace kolosal
