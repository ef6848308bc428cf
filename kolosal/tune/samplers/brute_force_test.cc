#include <gtest/gtest.h>

#include <set>
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

TEST(BruteForceSampler, RefusesWhatHasNoEnd) {
  Study study = study_with("brute_force");
  const int64_t trial = study.ask();
  EXPECT_THROW(study.suggest(trial, "x", Distribution::real("x", 0, 1)), Error);
  EXPECT_EQ(study.suggest(trial, "one", Distribution::real("one", 2, 2)).as_real(), 2);
}

}  // namespace
}  // namespace kolosal
