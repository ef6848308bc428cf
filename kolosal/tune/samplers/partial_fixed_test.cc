#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "kolosal/tune/testing/studies.h"

namespace kolosal {
namespace {

TEST(PartialFixedSampler, FixesSomeParametersAndLeavesTheOthersToAnother) {
  Study fixed = study_with("partial_fixed", R"({"sampler": "cmaes", "parameters": {"seed": 3}, "fixed_params": {"k": 5, "c": null}})");
  for (int i = 0; i < 40; ++i) {
    const int64_t trial = fixed.ask();
    const double loss = objective(fixed, trial);
    EXPECT_EQ(fixed.suggest(trial, "k", Distribution::integer("k", 1, 9, 2)).as_integer(), 5);
    EXPECT_TRUE(fixed.suggest(trial, "c", Distribution::categorical("c", {"a", Value(), true})).is_null());
    fixed.tell(trial, {loss});
  }
  Study plain = study_with("cmaes", R"({"seed": 3})"),
        none = study_with("partial_fixed", R"({"sampler": "cmaes", "parameters": {"seed": 3}})");
  EXPECT_EQ(losses_of(plain, 30), losses_of(none, 30));
  EXPECT_THROW(study_with("partial_fixed", R"({"fixed_params": [1]})"), Error);
}

TEST(PartialFixedSampler, TakesANumberThatIsNotAllowedAndSaysSo) {
  Study study = study_with("partial_fixed", R"({"fixed_params": {"x": 9, "k": 2.5, "c": "b"}, "sampler": "partial_fixed",
                                                "parameters": {"fixed_params": {"x": 8, "lr": 0.1}}})");
  for (int i = 0; i < 20; ++i) {
    const int64_t trial = study.ask();
    std::vector<std::string> findings;
    EXPECT_EQ(study.suggest(trial, "x", Distribution::real("x", -5, 5), &findings).as_real(), 9);
    EXPECT_EQ(study.suggest(trial, "k", Distribution::integer("k", 1, 9, 2), &findings).as_integer(), 2);
    EXPECT_EQ(findings, (std::vector<std::string>{
                            "parameter 'x': the given value 9 is taken, though it is not a number from -5 to 5",
                            "parameter 'k': the given value 2.5 is taken as 2, though it is not an integer from 1 to 9 in steps of 2"}));
    EXPECT_EQ(study.suggest(trial, "lr", Distribution::real("lr", 1e-3, 1, 0, true), &findings).as_real(), 0.1);
    EXPECT_THROW(study.suggest(trial, "c", Distribution::categorical("c", {"a", "d"}), &findings), Error);
    EXPECT_EQ(findings.size(), 2U);
    study.suggest(trial, "y", Distribution::real("y", 0, 1));
    study.tell(trial, {1.0 * i});
  }
}

TEST(PartialFixedSampler, RefusesANameThatADeclaredSpaceHasNot) {
  const auto space = SearchSpace::from_value(parse_json(
      R"({"parameters": {"model": {"type": "categorical", "choices": ["a", "b"]},
                         "rate": {"type": "float", "low": 0, "high": 1, "when": {"parameter": "model", "equals": "b"}}}})"));
  for (const auto& [sampler, given] : {std::pair("partial_fixed", "fixed_params"), std::pair("cfo", "low_cost")})
    for (const std::string name : {"rate", "rat"}) {
      Study study = study_with(sampler, R"({")" + std::string(given) + R"(": {")" + name + R"(": 0.5}})");
      const int64_t trial = study.ask();
      study.suggest(trial, space);
      study.tell(trial, {1});
      if (name == "rate") EXPECT_NO_THROW(study.ask());
      else EXPECT_THROW(study.ask(), Error);
      EXPECT_EQ(study.n_trials(), name == "rate" ? 2 : 1);
    }
}

}  // namespace
}  // namespace kolosal
