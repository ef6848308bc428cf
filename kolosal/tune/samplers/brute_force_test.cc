#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "kolosal/tune/testing/studies.h"

namespace kolosal {
namespace {

// A tree: "b" is there where "a" is above 1, and has as many values as "a" says.
double branch(Study& study, int64_t trial) {
  const int64_t a = study.suggest(trial, "a", Distribution::integer("a", 0, 4)).as_integer();
  const double q = study.suggest(trial, "q", Distribution::real("q", 0, 1, 0.5)).as_real();
  if (a < 2) return q;
  return q + static_cast<double>(study.suggest(trial, "b", Distribution::integer("b", 0, a)).as_integer());
}

TEST(BruteForceSampler, TriesEveryLeafOnceInAnOrderOfTheSeed) {
  constexpr int kLeaves = 3 * (2 + 3 + 4 + 5);
  std::vector<std::vector<std::vector<double>>> orders;
  for (const std::string seed : {"1", "1", "2"}) {
    Study study = study_with("brute_force", R"({"seed": )" + seed + "}");
    orders.emplace_back();
    while (!study.is_exhausted()) {
      const int64_t trial = study.ask();
      study.tell(trial, {branch(study, trial)});
      orders.back().emplace_back();
      for (const TrialParameter& had : study.trial(trial).parameters) orders.back().back().push_back(had.value);
      ASSERT_LE(orders.back().size(), kLeaves);
    }
    EXPECT_EQ(std::set(orders.back().begin(), orders.back().end()).size(), kLeaves);
  }
  EXPECT_EQ(orders[0], orders[1]);
  EXPECT_NE(orders[0], orders[2]);
}

TEST(BruteForceSampler, KeepsAwayFromWhatRunsAndMindsWhatFailed) {
  const Distribution two = Distribution::integer("a", 0, 1);
  for (const bool avoids : {false, true}) {
    Study study = study_with("brute_force", avoids ? R"({"avoid_premature_stop": true})" : "{}");
    EXPECT_FALSE(study.is_exhausted());
    const int64_t first = study.ask(), second = study.ask();
    const double taken = study.suggest_inside(first, "a", two);
    const double other = study.suggest_inside(second, "a", two);
    EXPECT_TRUE(avoids || other != taken);
    EXPECT_EQ(study.is_exhausted(), !avoids);
    study.tell_failed(first, "for a test");
    study.tell(second, {1});
    EXPECT_TRUE(avoids || study.is_exhausted());
  }
}

TEST(BruteForceSampler, TriesEveryValueOfALogarithmicRangeOnce) {
  Study study = study_with("brute_force");
  std::set<double> taken;
  for (int i = 0; i < 4 && !study.is_exhausted(); ++i) {
    const int64_t trial = study.ask();
    taken.insert(study.suggest_inside(trial, "n", Distribution::integer("n", 1, 4, 1, true)));
    study.tell(trial, {0});
  }
  EXPECT_EQ(taken, (std::set<double>{1, 2, 3, 4}));
  EXPECT_TRUE(study.is_exhausted());
}

TEST(BruteForceSampler, TriesEveryCombinationThatIsNotForbiddenOnceAndEnds) {
  // "b" is there where "a" is above 0. Nothing is left behind a = 2, only a part of it behind a = 1, and a = 0 by itself is forbidden.
  const auto space = SearchSpace::from_value(parse_json(R"({
    "parameters": {"one": {"type": "constant", "value": 7}, "a": {"type": "int", "low": 0, "high": 3},
                   "b": {"type": "int", "low": 0, "high": 2, "when": {"parameter": "a", "greater": 0}},
                   "c": {"type": "categorical", "choices": ["x", "y"]}},
    "forbidden": [{"one": 7, "a": 0}, {"a": 1, "b": 0}, {"a": 1, "b": 1, "c": "y"}, {"a": 2, "b": 0}, {"a": 2, "b": 1},
                  {"a": 2, "c": "x"}, {"a": 2, "b": 2, "c": "y"}]})"));
  for (const std::string seed : {"0", "1", "2"}) {
    Study study = study_with("brute_force", R"({"seed": )" + seed + "}");
    std::set<std::string> met;
    int n = 0;
    for (; n < 20 && !study.is_exhausted(); ++n) {
      const int64_t trial = study.ask();
      met.insert(to_json(Value(study.suggest(trial, space))));
      study.tell(trial, {0});
    }
    EXPECT_EQ(n, 1 + 2 + 6) << seed;
    EXPECT_EQ(met.size(), 9) << seed;
  }
}

TEST(BruteForceSampler, RefusesWhatHasNoEnd) {
  Study study = study_with("brute_force");
  const int64_t trial = study.ask();
  EXPECT_THROW(study.suggest(trial, "x", Distribution::real("x", 0, 1)), Error);
  EXPECT_EQ(study.suggest(trial, "one", Distribution::real("one", 2, 2)).as_real(), 2);
}

}  // namespace
}  // namespace kolosal
