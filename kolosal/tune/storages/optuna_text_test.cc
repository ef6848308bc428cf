#include "kolosal/tune/storages/optuna_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace kolosal {
namespace {

TEST(OptunaText, ReadsDistributionsThatOptunaWroteAndWritesThemBack) {
  const std::pair<const char*, Distribution> known[] = {
      {R"({"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}})",
       Distribution::real("x", 0, 1)},
      {R"({"name": "FloatDistribution", "attributes": {"step": 0.25, "low": 0.0, "high": 1.0, "log": false}})",
       Distribution::real("x", 0, 1, 0.25)},
      {R"({"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 1, "high": 9}})",
       Distribution::integer("x", 1, 9, 1, true)},
      {R"({"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1, 0.5]}})",
       Distribution::categorical("x", {"a", Value(), true, 1, 0.5})}};
  for (const auto& [text, distribution] : known) {
    EXPECT_EQ(distribution_from_text("x", text), distribution) << text;
    EXPECT_EQ(distribution_from_text("x", distribution_text(distribution)), distribution) << text;
  }
}

TEST(OptunaText, ReadsWhatEarlierVersionsWrote) {
  const auto read = [](const char* text) { return distribution_from_text("x", text); };
  EXPECT_EQ(read(R"({"name": "UniformDistribution", "attributes": {"low": 1.0, "high": 2.0}})"), Distribution::real("x", 1, 2));
  EXPECT_EQ(read(R"({"name": "LogUniformDistribution", "attributes": {"low": 1.0, "high": 2.0}})"), Distribution::real("x", 1, 2, 0, true));
  EXPECT_EQ(read(R"({"name": "DiscreteUniformDistribution", "attributes": {"low": 0.0, "high": 2.0, "q": 0.5}})"),
            Distribution::real("x", 0, 2, 0.5));
  EXPECT_EQ(read(R"({"name": "IntUniformDistribution", "attributes": {"low": 0, "high": 8, "step": 2}})"),
            Distribution::integer("x", 0, 8, 2));
  EXPECT_EQ(read(R"({"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 8, "step": 1}})"),
            Distribution::integer("x", 1, 8, 1, true));
  EXPECT_EQ(read(R"({"type": "int", "low": 1, "high": 8})"), Distribution::integer("x", 1, 8));
  EXPECT_THROW(read(R"({"name": "NormalDistribution", "attributes": {}})"), Error);
  EXPECT_THROW(read("no JSON"), Error);
}

TEST(OptunaText, ReadsNumbersThatAreNotFiniteAndLeavesTextsAlone) {
  const Value read = value_from_python_json(R"({"a": NaN, "b": [-Infinity, Infinity], "c": "NaN \" Infinity", "d": 1})");
  EXPECT_TRUE(std::isnan(number_from(read.at("a"))));
  EXPECT_EQ(number_from(read.at("b").as_list()[0]), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(number_text(number_from(read.at("b").as_list()[1])), "Infinity");
  EXPECT_EQ(read.at("c").as_text(), "NaN \" Infinity");
  EXPECT_EQ(number_from(read.at("d")), 1);
  EXPECT_THROW(number_from(read.at("c")), Error);
}

TEST(OptunaText, WritesNumbersThatAreNotFiniteBareAndTextsOfThoseNamesAsTexts) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const Value value = Value::Object{{"a", Value(Value::List{std::nan(""), -kInf, kInf, "NaN", "bare:NaN", "bare::Infinity", 0.5})},
                                    {"NaN", Value(Value::Object{{"b", std::nan("")}})},
                                    {"c", "Infinity"}};
  const std::string text = python_json(value);
  EXPECT_EQ(text, R"({"a":[NaN,-Infinity,Infinity,"NaN","bare:NaN","bare::Infinity",0.5],"NaN":{"b":NaN},"c":"Infinity"})");
  const Value read = value_from_python_json(text);
  EXPECT_TRUE(read.at("a").as_list()[0].is_real());
  EXPECT_EQ(read.at("a").as_list()[1].as_real(), -kInf);
  EXPECT_EQ(read.at("a").as_list()[4].as_text(), "bare:NaN");
  EXPECT_EQ(python_json(read), text);
  EXPECT_EQ(python_json(Value(Value::List{1, 2}), 1), "[1, 2]");
}

TEST(OptunaText, TellsTimesToTheMicrosecondInUtc) {
  const double moment = 1795974707.186273;
  EXPECT_EQ(time_text(moment, false), "2026-11-29 17:51:47.186273");
  EXPECT_EQ(time_text(moment, true), "2026-11-29T17:51:47.186273+00:00");
  for (const char* text : {"2026-11-29 17:51:47.186273", "2026-11-29T17:51:47.186273+00:00", "2026-11-29T19:51:47.186273+02:00"})
    EXPECT_NEAR(time_from_text(text), moment, 1e-6) << text;
  EXPECT_NEAR(time_from_text("2026-11-29 17:51:47"), 1795974707, 1e-6);
  EXPECT_NEAR(time_from_text(time_text(-0.25, false)), -0.25, 1e-9);
  EXPECT_THROW(time_from_text("yesterday"), Error);
}

}  // namespace
}  // namespace kolosal
