#include "kolosal/tune/search_space.h"

#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "kolosal/base/json.h"

namespace kolosal {
namespace {

std::string message_of(const std::string& json) {
  try {
    SearchSpace::from_value(parse_json(json));
  } catch (const Error& error) {
    return error.message();
  }
  return "no error";
}

TEST(Distribution, GivesEveryValueItsShareAndReadsItBack) {
  const auto steps = Distribution::real("x", 0, 1.05, 0.1);
  EXPECT_DOUBLE_EQ(steps.high, 1.0);
  EXPECT_EQ(steps.n_values(), 11);
  EXPECT_EQ(steps.at_share(0), 0);
  EXPECT_DOUBLE_EQ(steps.at_share(std::nextafter(1.0, 0)), 1.0);
  EXPECT_EQ(Distribution::integer("k", 1, 10, 4).high, 9);
  const auto log_int = Distribution::integer("k", 1, 100, 1, true);
  EXPECT_EQ(log_int.at_share(0), 1);
  EXPECT_EQ(log_int.at_share(std::nextafter(1.0, 0)), 100);
  EXPECT_NEAR(Distribution::real("x", 1e-4, 1, 0, true).at_share(0.5), 1e-2, 1e-12);
  const auto choice = Distribution::categorical("c", {"a", Value(), true, 2, 0.5});
  EXPECT_EQ(choice.outside(choice.inside("c", Value())), Value());
  EXPECT_EQ(choice.inside("c", 2.0), 3);
  for (const Distribution& d : {steps, log_int, choice}) EXPECT_EQ(Distribution::from_value("x", d.to_value()), d);
  EXPECT_THROW(log_int.inside("k", 101), Error);
  EXPECT_THROW(steps.inside("x", 0.15), Error);
}

TEST(Distribution, AllowsEveryOfManyStepsHoweverItIsReckoned) {
  for (const auto& [high, step, n] : {std::tuple{1e7, 0.01, 1e9}, {1e6, 1e-4, 1e10}, {0.7, 0.1, 6.0}, {1e12, 1e-3, 1e15}}) {
    for (const double low : {0.0, -high, high / 7}) {
      const Distribution d = Distribution::real("x", low, high, step);
      EXPECT_LE(d.high, high);
      for (double i = 0; i < 1000; ++i) {
        const double value = d.at_share(i / 1000), k = std::round((value - low) / step);
        for (const double same : {value, low + k * step, low + k / std::round(1 / step), d.at_place(value)})
          if (same <= d.high) {
            EXPECT_TRUE(d.contains(same)) << d.allowed() << ": " << same;
          }
      }
      if (step >= 0.01) {
        EXPECT_FALSE(d.contains(low + 3.5 * step)) << d.allowed();
      }
    }
    EXPECT_EQ(Distribution::real("x", 0, high, step).n_values(), std::floor(high / step + 0.5) + 1);
    EXPECT_EQ(Distribution::real("x", 0, high, step).high, high);
    if (high < 1e12) {
      EXPECT_LT(Distribution::real("x", 0, high + step / 3, step).high, high + step / 3);
    }
  }
  const auto large = Distribution::integer("k", -9007199254740991, 9007199254740991, 2);
  EXPECT_TRUE(large.contains(9007199254740991));
  EXPECT_FALSE(large.contains(9007199254740990));
  EXPECT_FALSE(Distribution::integer("k", 0, 10'000'000'000'000'000 / 2).contains(0.5));
}

TEST(Distribution, RefusesRangesThatFloat64CannotTell) {
  const auto said = [](double low, double high, double step) {
    try {
      Distribution::real("x", low, high, step);
    } catch (const Error& error) {
      return error.message();
    }
    return std::string("nothing");
  };
  EXPECT_NE(said(-1.7e308, 1.7e308, 0).find("wider than float64"), std::string::npos);
  EXPECT_NE(said(-8e307, 8e307, 8e307).find("wider than float64"), std::string::npos);
  EXPECT_NE(said(-1.7e308, -1e308, 0.6e308).find("wider than float64"), std::string::npos);
  EXPECT_NE(said(0, 1e300, 1e-10).find("2^53 steps"), std::string::npos);
  EXPECT_NE(said(0, 1, 1e-16).find("2^53 steps"), std::string::npos);
  EXPECT_EQ(said(-8e307, 8e307, 0), "nothing");
  EXPECT_EQ(said(0, 1e300, 1e290), "nothing");
}

TEST(SearchSpace, ActivatesNestedConditionsAndForbidsCombinations) {
  const auto space = SearchSpace::from_value(parse_json(R"({
    "parameters": {"model": {"type": "categorical", "choices": ["knn", "net", "trees"]},
                   "layers": {"type": "int", "low": 0, "high": 3, "when": {"parameter": "model", "equals": "net"}},
                   "units": {"type": "int", "low": 4, "high": 64, "log": true, "when": {"parameter": "layers", "greater": 0}},
                   "k": {"type": "int", "low": 1, "high": 9, "when": [{"parameter": "model", "in": ["knn", "trees"]}]},
                   "seed": {"type": "constant", "value": 7}},
    "forbidden": [{"model": "knn", "k": 1}]})"));
  std::vector<std::optional<double>> values(5);
  values[0] = 1;
  EXPECT_TRUE(space.is_active(1, values));
  EXPECT_FALSE(space.is_active(2, values)) << "its parent has no value yet";
  values[1] = 2;
  EXPECT_TRUE(space.is_active(2, values));
  values[1] = 0;
  EXPECT_FALSE(space.is_active(2, values));
  EXPECT_FALSE(space.is_active(3, values));
  values[0] = 0, values[3] = 1;
  EXPECT_TRUE(space.is_active(3, values));
  EXPECT_TRUE(space.is_forbidden(values));
  values[0] = 2;
  EXPECT_FALSE(space.is_forbidden(values));
  EXPECT_EQ(SearchSpace::from_value(space.to_value()).to_value(), space.to_value());
}

TEST(SearchSpace, ErrorsNameTheParameter) {
  const std::pair<std::string, std::string> cases[] = {
      {R"({"parameters": {"lr": {"type": "float", "low": 0, "high": 1, "log": true}}})", "parameter 'lr': low is 0"},
      {R"({"parameters": {"lr": {"type": "float", "low": 2, "high": 1}}})", "parameter 'lr': low (2) is above high (1)"},
      {R"({"parameters": {"k": {"type": "int", "low": 1, "high": 9, "stepp": 2}}})", "parameter 'k': 'stepp' is not known"},
      {R"({"parameters": {"k": {"type": "int", "low": 1}}})", "parameter 'k': 'high' is missing"},
      {R"({"parameters": {"c": {"type": "categorical", "choices": [1, 1.0]}}})", "parameter 'c': the choice 1.0 is there twice"},
      {R"({"parameters": {"c": {"type": "enum"}}})", "parameter 'c': its type must be"},
      {R"({"parameters": {"c": {"type": "constant", "value": 1, "when": {"parameter": "d", "equals": 1}}}})",
       "parameter 'c': its condition is on 'd'"},
      {R"({"parameters": {"c": {"type": "categorical", "choices": ["a"]}, "d": {"type": "constant", "value": 1, "when": {"parameter": "c", "equals": "b"}}}})",
       "parameter 'c': the value \"b\" is not allowed"},
      {R"({"parameters": {"c": {"type": "int", "low": 0, "high": 1}}, "forbidden": [{"d": 1}]})", "has no parameter 'd'"}};
  for (const auto& [json, expected] : cases)
    EXPECT_NE(message_of(json).find(expected), std::string::npos) << json << "\n" << message_of(json);
}

}  // namespace
}  // namespace kolosal
