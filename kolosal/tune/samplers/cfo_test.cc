#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "kolosal/base/json.h"
#include "kolosal/tune/study.h"

namespace kolosal {
namespace {

Study study_with(const std::string& parameters, const std::string& sampler = "cfo") {
  return Study({.sampler = samplers().make(sampler, parse_json(parameters))});
}

const Distribution kTrees = Distribution::integer("trees", 4, 1000, 1, true), kRate = Distribution::real("rate", 0, 1);

TEST(CfoSampler, StartsAtTheCheapPointAndStaysNearIt) {
  Study study = study_with(R"({"low_cost": {"trees": 4, "kind": "b"}, "step": 0.1})");
  int n_as_given = 0;
  for (int i = 0; i < 15; ++i) {
    const int64_t trial = study.ask();
    const double trees = study.suggest_inside(trial, "trees", kTrees), rate = study.suggest_inside(trial, "rate", kRate);
    const std::string kind = study.suggest(trial, "kind", Distribution::categorical("kind", {"a", "b"})).as_text();
    if (i == 0) {
      EXPECT_EQ(trees, 4);
      EXPECT_EQ(rate, 0.5);
      EXPECT_EQ(kind, "b");
    }
    n_as_given += kind == "b" ? 1 : 0;
    if (i < 8) {
      EXPECT_LT(trees, 20);
      EXPECT_NEAR(rate, 0.5, 0.1 * std::sqrt(3.0) + 1e-12);
    }
    study.tell(trial, {i == 0 ? 0.0 : 1.0});
  }
  EXPECT_GE(n_as_given, 9);
}

TEST(CfoSampler, MostlyKeepsTheCheapChoiceWhereTrialsFail) {
  Study study = study_with(R"({"low_cost": {"kind": "c"}})");
  int n_as_given = 0;
  for (int i = 0; i < 40; ++i) {
    const int64_t trial = study.ask();
    study.suggest_inside(trial, "rate", kRate);
    n_as_given += study.suggest(trial, "kind", Distribution::categorical("kind", {"a", "b", "c", "d"})).as_text() == "c" ? 1 : 0;
    study.tell_failed(trial, "for a test");
  }
  EXPECT_GT(n_as_given, 24);
}

TEST(CfoSampler, LeavesAPointThatFailsAfterOneTrial) {
  // All but the first two fail: one the other way from the second, and steps from the first.
  Study study = study_with(R"({"step": 0.1})");
  const Distribution d = Distribution::real("x", 0, 1);
  std::set<std::pair<double, double>> points;
  for (int i = 0; i < 60; ++i) {
    const int64_t trial = study.ask();
    points.emplace(study.suggest_inside(trial, "x", d), study.suggest_inside(trial, "y", d));
    if (i < 2) study.tell(trial, {static_cast<double>(i)});
    else study.tell_failed(trial, "for a test");
  }
  EXPECT_EQ(points.size(), 60);
}

TEST(CfoSampler, GoesOnTheSameWhateverTheOrderInWhichTrialsEnded) {
  const Distribution d = Distribution::real("x", 0, 1);
  const auto point = [&](Study& study, int64_t trial) {
    return std::pair(study.suggest_inside(trial, "x", d), study.suggest_inside(trial, "y", d));
  };
  Study study = study_with(R"({"least_step": 0.05})");
  for (int round = 0; round < 25; ++round) {
    std::vector<std::pair<int64_t, double>> results;
    for (int i = 0; i < 4; ++i) {
      const int64_t trial = study.ask();
      const auto [x, y] = point(study, trial);
      results.emplace_back(trial, std::abs(x - 0.2) + std::abs(y - 0.7));
    }
    for (size_t i = 4; i-- > 0;)
      if (round % 3 == 1 && i == 2) study.tell_failed(results[i].first, "for a test");
      else study.tell(results[i].first, {results[i].second});
    Study again = study_with(R"({"least_step": 0.05})");
    again.add_from_value(study.to_value());
    const int64_t next = study.ask();
    const auto here = point(study, next);
    const int64_t first = again.ask();
    EXPECT_EQ(point(again, first), here) << round;
    EXPECT_EQ(study.trial(next).generation, again.trial(first).generation) << round;
    study.tell(next, {std::abs(here.first - 0.2) + std::abs(here.second - 0.7)});
  }
}

TEST(CfoSampler, MarksItsOwnTrialsAloneAndWithNoGenerationOfOthers) {
  Study study = study_with("{}");
  const Distribution d = Distribution::real("x", 0, 1);
  for (int i = 0; i < 20; ++i) {
    if (i % 5 == 3) study.enqueue({{"x", 0.25}});
    const int64_t trial = study.ask();
    const double x = study.suggest_inside(trial, "x", d), y = study.suggest_inside(trial, "y", d);
    EXPECT_LE(study.trial(trial).generation, 0);
    EXPECT_EQ(study.trial(trial).generation != 0, i > 0 && i % 5 != 3) << i;
    study.tell(trial, {std::abs(x - 0.2) + std::abs(y - 0.7)});
  }
}

TEST(CfoSampler, WritesTheMarkOfTheProposalThatWasTaken) {
  const auto space = SearchSpace::from_value(parse_json(
      R"({"parameters": {"a": {"type": "int", "low": 0, "high": 5}, "b": {"type": "int", "low": 0, "high": 5}},
          "forbidden": [{"a": 0}, {"a": 1}, {"a": 3}, {"b": 1}, {"b": 3}]})"));
  const std::shared_ptr<Storage> storage = storages().make("memory", parse_json("{}"));
  Study study({.name = "s", .sampler = samplers().make("cfo"), .storage = storage});
  for (int i = 0; i < 40; ++i) {
    const int64_t trial = study.ask();
    const Value taken = study.suggest(trial, space);
    study.tell(trial, {static_cast<double>(taken.at("a").as_integer() + taken.at("b").as_integer())});
  }
  const Study reread({.name = "s", .sampler = samplers().make("cfo"), .storage = storage, .opening = StudyOpening::Load});
  for (int64_t i = 0; i < 40; ++i) EXPECT_EQ(reread.trial(i).generation, study.trial(i).generation) << i;
}

TEST(CfoSampler, GoesTheOtherWayAfterATrialThatIsNoBetter) {
  Study study = study_with(R"({"step": 0.05})");
  const Distribution d = Distribution::real("x", 0, 1);
  std::vector<std::array<double, 2>> points;
  for (int i = 0; i < 5; ++i) {
    const int64_t trial = study.ask();
    points.push_back({study.suggest_inside(trial, "x", d), study.suggest_inside(trial, "y", d)});
    study.tell(trial, {i == 0 ? 0.0 : 1.0});
  }
  for (const size_t first : {1, 3})
    for (size_t k = 0; k < 2; ++k) EXPECT_NEAR(points[first][k] + points[first + 1][k], 2 * points[0][k], 1e-12);
  EXPECT_NEAR(std::hypot(points[1][0] - 0.5, points[1][1] - 0.5), 0.05 * std::sqrt(2.0), 1e-12);
  EXPECT_NE(points[1], points[3]);
}

TEST(CfoSampler, WorkersStepFromOnePointInDifferentDirections) {
  Study study = study_with("{}");
  const Distribution d = Distribution::real("x", 0, 1);
  for (int i = 0; i < 12; ++i) {
    const int64_t trial = study.ask();
    const double x = study.suggest_inside(trial, "x", d), y = study.suggest_inside(trial, "y", d);
    study.tell(trial, {std::abs(x - 0.2) + std::abs(y - 0.7)});
  }
  std::set<std::pair<double, double>> points;
  for (int i = 0; i < 6; ++i) {
    const int64_t trial = study.ask();
    const double x = study.suggest_inside(trial, "x", d), y = study.suggest_inside(trial, "y", d);
    points.emplace(x, y);
  }
  EXPECT_EQ(points.size(), 6);
}

// A loss that more trees lower, the less the more there are, and the trees that 60 trials grow.
std::pair<double, double> loss_and_cost(const std::string& sampler, const std::string& parameters, int seed) {
  Value given = parse_json(parameters);
  given.set("seed", seed);
  Study study = study_with(to_json(given), sampler);
  double cost = 0;
  for (int i = 0; i < 60; ++i) {
    const int64_t trial = study.ask();
    const double trees = study.suggest_inside(trial, "trees", kTrees);
    const double rate = study.suggest_inside(trial, "rate", Distribution::real("rate", 1e-3, 1, 0, true));
    const double leaves = study.suggest_inside(trial, "leaves", Distribution::integer("leaves", 2, 256, 1, true));
    cost += trees;
    study.tell(trial, {std::pow(std::log10(rate) + 1, 2) + 0.05 * std::pow(std::log2(leaves / 16), 2) + 0.2 / std::sqrt(trees)});
  }
  return {study.best().values[0], cost};
}

TEST(CfoSampler, FindsBetterThanChanceForLessCost) {
  std::vector<double> losses, by_chance, costs, costs_by_chance;
  for (int seed = 0; seed < 11; ++seed) {
    const auto [loss, cost] = loss_and_cost("cfo", R"({"low_cost": {"trees": 4}})", seed);
    const auto [other, other_cost] = loss_and_cost("random", "{}", seed);
    losses.push_back(loss);
    by_chance.push_back(other);
    costs.push_back(cost);
    costs_by_chance.push_back(other_cost);
  }
  const auto median = [](std::vector<double> x) {
    std::nth_element(x.begin(), x.begin() + 5, x.end());
    return x[5];
  };
  EXPECT_LT(median(losses), median(by_chance));
  EXPECT_LT(median(costs), 0.5 * median(costs_by_chance));
}

TEST(CfoSampler, StartsAgainWhereStepsHaveBecomeShort) {
  // A local minimum where the search starts, and a deeper one.
  Study study = study_with(R"({"least_step": 0.05})");
  const Distribution d = Distribution::real("x", 0, 1);
  for (int i = 0; i < 200; ++i) {
    const int64_t trial = study.ask();
    const double x = study.suggest_inside(trial, "x", d), y = study.suggest_inside(trial, "y", d);
    const double near = std::hypot(x - 0.5, y - 0.5), far = std::hypot(x - 0.1, y - 0.9);
    study.tell(trial, {std::min(near, 2 * far - 1)});
  }
  EXPECT_LT(study.best().values[0], -0.9);
}

TEST(CfoSampler, RefusesWhatItCannotDo) {
  EXPECT_THROW(study_with(R"({"low_cost": [1]})"), Error);
  EXPECT_THROW(study_with(R"({"step": 0.1, "least_step": 0.2})"), Error);
  Study study = study_with(R"({"low_cost": {"rate": 2}})");
  const int64_t trial = study.ask();
  EXPECT_THROW(study.suggest_inside(trial, "rate", kRate), Error);
  Study several({.directions = {Direction::Minimize, Direction::Minimize}, .sampler = samplers().make("cfo")});
  EXPECT_THROW(several.ask(), Error);
}

}  // namespace
}  // namespace kolosal
