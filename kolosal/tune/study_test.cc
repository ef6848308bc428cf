#include "kolosal/tune/study.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <set>
#include <thread>

#include "kolosal/base/json.h"
#include "kolosal/base/random.h"
#include "kolosal/tune/pareto.h"

namespace kolosal {
namespace {

Study study_with(const std::string& sampler, const std::string& parameters = "{}",
                 std::vector<Direction> directions = {Direction::Minimize}) {
  return Study({.name = "s", .directions = std::move(directions), .sampler = samplers().make(sampler, parse_json(parameters))});
}

std::string parameters_for(const std::string& sampler) {
  return sampler == "grid" ? R"({"search_space": {"x": [-1, 0.5], "k": [1, 3], "lr": [0.01, 1], "c": ["a", null], "q": [0.25]}})" : "{}";
}

double objective(Study& study, int64_t trial) {
  const double x = study.suggest(trial, "x", Distribution::real("x", -5, 5)).as_real();
  const auto k = static_cast<double>(study.suggest(trial, "k", Distribution::integer("k", 1, 9, 2)).as_integer());
  const double lr = study.suggest(trial, "lr", Distribution::real("lr", 1e-3, 1, 0, true)).as_real();
  double loss = x * x + k + std::abs(std::log10(lr) + 2);
  if (study.suggest(trial, "c", Distribution::categorical("c", {"a", Value(), true})).is_null())
    loss += study.suggest(trial, "q", Distribution::real("q", 0, 1, 0.25)).as_real();
  return loss;
}

std::vector<double> losses_of(Study& study, int n) {
  std::vector<double> losses;
  for (int i = 0; i < n; ++i) {
    const int64_t trial = study.ask();
    losses.push_back(objective(study, trial));
    study.tell(trial, {losses.back()});
  }
  return losses;
}

// --- Every sampler

TEST(EverySampler, ReplaysWithTheSameSeedAndHistory) {
  for (const std::string& name : samplers().names()) {
    if (name == "brute_force") continue;  // reals without steps have no end
    Study a = study_with(name, parameters_for(name)), b = study_with(name, parameters_for(name));
    EXPECT_EQ(losses_of(a, 40), losses_of(b, 40)) << name;
    // A study that is given the first 20 trials goes on as the one that ran them.
    if (name == "grid") continue;
    Study copy = study_with(name);
    Value first = a.to_value();
    Value::Object& members = first.as_object();
    for (auto& [key, member] : members)
      if (key == "trials") member.as_list().resize(20);
    copy.add_from_value(first);
    EXPECT_EQ(losses_of(copy, 1)[0], a.trial(20).values[0]) << name;
  }
}

TEST(EverySampler, StaysWithinBoundsAfterAnyHistory) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const std::vector<std::pair<std::string, Distribution>> lasting = {{"widest", Distribution::real("", -8e307, 8e307)},
                                                                     {"farthest", Distribution::real("", 1e308, 1.7e308)},
                                                                     {"narrowest", Distribution::real("", 0, 5e-324)},
                                                                     {"finest", Distribution::real("", 0, 1e7, 0.01)},
                                                                     {"most", Distribution::real("", -1e12, 1e12, 1e-3)}};
  for (const std::string& name : samplers().names()) {
    if (name == "grid" || name == "brute_force") continue;
    for (const std::string parameters : {R"({})", R"({"group": true})", R"({"multivariate": false})"}) {
      if (name != "tpe" && parameters != "{}") continue;
      Study study = study_with(name, parameters);
      for (int i = 0; i < 120; ++i) {
        const int64_t trial = study.ask();
        objective(study, trial);
        const double high = i % 3 == 0 ? 1e-300 : i % 3 == 1 ? 1.0 : 1e300;  // a range that changes
        const Distribution d = Distribution::real("wide", -high, high);
        EXPECT_TRUE(d.contains(study.suggest_inside(trial, "wide", d))) << name;
        EXPECT_EQ(study.suggest(trial, "one", Distribution::integer("one", 3, 3)).as_integer(), 3);
        for (const auto& [key, same] : lasting) {
          const double taken = study.suggest_inside(trial, key, same);
          EXPECT_TRUE(same.contains(taken)) << name << ", " << key;
          EXPECT_EQ(study.suggest_inside(trial, key, same), taken) << name << ", " << key;
        }
        study.report(trial, i % 2 == 0 ? kInf : std::nan(""), i % 4);
        if (i % 7 == 0) study.set_constraint(trial, "c", i % 2 == 0 ? 1 : -1);
        if (i % 6 == 0) study.tell(trial, {std::nan("")});
        else if (i % 6 == 1) study.tell_pruned(trial);
        else if (i % 6 == 2) study.tell_failed(trial, "for a test");
        else if (i % 6 < 5) study.tell(trial, {i % 12 < 6 ? kInf : -kInf});  // and every sixth goes on running
      }
      for (size_t i = 0; i < study.n_trials(); ++i)
        for (const TrialParameter& had : study.trial(static_cast<int64_t>(i)).parameters)
          EXPECT_TRUE(had.distribution->contains(had.value)) << name << ", " << study.parameter_name(had.parameter);
    }
  }
}

TEST(EverySampler, ObeysConditionsAndForbiddenCombinations) {
  const auto space = SearchSpace::from_value(parse_json(R"({
    "parameters": {"a": {"type": "int", "low": 0, "high": 3}, "b": {"type": "int", "low": 0, "high": 3},
                   "c": {"type": "float", "low": 0, "high": 1, "when": {"parameter": "a", "greater": 1}}},
    "forbidden": [{"a": 0}, {"a": 2, "b": 0}, {"a": 3, "b": 3}]})"));
  for (const std::string name : {"random", "qmc", "tpe", "nsga2", "nsga3", "cmaes", "gp", "cfo", "auto"}) {
    Study study = study_with(name);
    int n_with = 0;
    for (int i = 0; i < 60; ++i) {
      const int64_t trial = study.ask();
      const Value taken = study.suggest(trial, space);
      const int64_t a = taken.at("a").as_integer(), b = taken.at("b").as_integer();
      EXPECT_GT(a, 0);
      EXPECT_EQ(taken.find("c") != nullptr, a > 1) << name;
      EXPECT_EQ(study.trial(trial).parameters.size(), a > 1 ? 3 : 2) << name;
      n_with += a > 1 ? 1 : 0;
      EXPECT_FALSE((a == 2 && b == 0) || (a == 3 && b == 3));
      study.tell(trial, {static_cast<double>(-b)});
    }
    EXPECT_GT(n_with, 0) << name;
    EXPECT_LT(n_with, 60) << name;
  }
  Study study = study_with("tpe");
  const auto none =
      SearchSpace::from_value(parse_json(R"({"parameters": {"a": {"type": "constant", "value": 1}}, "forbidden": [{"a": 1}]})"));
  EXPECT_THROW(study.suggest(study.ask(), none), Error);
}

TEST(EverySampler, TakesTwoHundredParametersAndOne) {
  for (const std::string name : {"random", "qmc", "tpe", "nsga2", "nsga3", "cmaes", "gp", "cfo", "auto"}) {
    for (const int n : {1, 200}) {
      Study study = study_with(name);
      for (int i = 0; i < (name == "gp" || name == "auto" ? 13 : 25); ++i) {
        const int64_t trial = study.ask();
        double sum = 0;
        for (int p = 0; p < n; ++p) {
          const double x = study.suggest(trial, "x" + std::to_string(p), Distribution::real("x", 0, 1)).as_real();
          EXPECT_TRUE(x >= 0 && x <= 1) << name << ": " << x;
          sum += x;
        }
        study.tell(trial, {sum});
      }
    }
  }
}

// Some draw a point again by chance, and none goes on with it.
TEST(EverySampler, LeavesPointsThatFailedForOthers) {
  for (const std::string& name : samplers().names()) {
    if (name == "grid") continue;
    for (const std::string seed : {"0", "1"}) {
      Study study = study_with(name, name == "partial_fixed" ? R"({"parameters": {"seed": )" + seed + "}}" : R"({"seed": )" + seed + "}");
      std::map<std::pair<double, double>, int> n_failed;
      for (int i = 0; i < 50; ++i) {
        const int64_t trial = study.ask();
        const double x = study.suggest_inside(trial, "x", Distribution::real("x", 0, 1, 0.01));
        const double k = study.suggest_inside(trial, "k", Distribution::integer("k", 1, 9));
        if (x >= 0.4) study.tell(trial, {x + std::abs(k - 5) / 10});
        else {
          study.tell_failed(trial, "for a test");
          const int n = ++n_failed[{x, k}];
          EXPECT_LE(n, 4) << name << ": " << x << ", " << k;
        }
      }
    }
  }
}

// --- Brute force, and samplers with fixed parameters

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
  Study wrong = study_with("partial_fixed", R"({"fixed_params": {"x": 9}})");
  EXPECT_THROW(losses_of(wrong, 1), Error);
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

// --- One sampler

TEST(GpSampler, LeavesARegionWhereTrialsFail) {
  Study study = study_with("gp");
  int n_failed = 0;
  for (int i = 0; i < 45; ++i) {
    const int64_t trial = study.ask();
    const double x = study.suggest_inside(trial, "x", Distribution::real("x", 0, 1));
    const double y = study.suggest_inside(trial, "y", Distribution::real("y", 0, 1));
    if (x >= 0.3) study.tell(trial, {x + (y - 0.6) * (y - 0.6)});
    else {
      study.tell_failed(trial, "for a test");
      n_failed += i >= 15 ? 1 : 0;
    }
  }
  EXPECT_LT(n_failed, 15);
  EXPECT_LT(study.best().values[0], 0.35);
}

TEST(GridSampler, TriesEveryCombinationOnceAndIsThenExhausted) {
  Study study = study_with("grid", R"({"search_space": {"a": [0, 1, 2, 3, 4], "b": ["x", "y", "z"]}, "seed": 3})");
  std::set<std::pair<int64_t, std::string>> met;
  while (!study.is_exhausted()) {
    const int64_t trial = study.ask();
    met.emplace(study.suggest(trial, "a", Distribution::integer("a", 0, 4)).as_integer(),
                study.suggest(trial, "b", Distribution::categorical("b", {"x", "y", "z"})).as_text());
    study.tell(trial, {0});
  }
  EXPECT_EQ(met.size(), 15);
  EXPECT_EQ(study.n_trials(), 15);
  const int64_t more = study.ask();
  EXPECT_THROW(study.suggest(more, "c", Distribution::integer("c", 0, 1)), Error);
  EXPECT_THROW(study_with("grid", R"({"search_space": {"a": []}})"), Error);
}

TEST(QmcSampler, EveryBoxOfAPowerOfTwoHoldsItsShareOfPoints) {
  for (const std::string seed : {"0", "1", "77"}) {
    Study study = study_with("qmc", "{\"seed\": " + seed + "}");
    std::vector<std::vector<double>> points;
    for (int i = 0; i < 64; ++i) {
      const int64_t trial = study.ask();
      points.emplace_back();
      for (int p = 0; p < 20; ++p)
        points.back().push_back(study.suggest(trial, "x" + std::to_string(p), Distribution::real("x", 0, 1)).as_real());
      study.tell(trial, {0});
    }
    for (size_t p = 0; p < 20; ++p) {
      std::set<int> cells;
      for (const auto& point : points) cells.insert(static_cast<int>(point[p] * 64));
      EXPECT_EQ(cells.size(), 64) << "dimension " << p;
    }
    std::set<std::pair<int, int>> boxes;
    for (const auto& point : points) boxes.emplace(static_cast<int>(point[0] * 8), static_cast<int>(point[1] * 8));
    EXPECT_EQ(boxes.size(), 64);
  }
}

double branin(double x, double y) {
  const double a = y - 5.1 / (4 * std::numbers::pi * std::numbers::pi) * x * x + 5 / std::numbers::pi * x - 6;
  return a * a + 10 * (1 - 1 / (8 * std::numbers::pi)) * std::cos(x) + 10;
}

// The median over 11 seeds of the best of 100 trials.
double median_best(const std::string& parameters, Direction direction) {
  std::vector<double> best;
  for (int seed = 0; seed < 11; ++seed) {
    Value given = parse_json(parameters);
    given.set("seed", seed);
    Study study({.directions = {direction}, .sampler = samplers().make("tpe", given)});
    const double sign = direction == Direction::Minimize ? 1 : -1;
    for (int i = 0; i < 100; ++i) {
      const int64_t trial = study.ask();
      const double x = study.suggest(trial, "x", Distribution::real("x", -5, 10)).as_real();
      study.tell(trial, {sign * branin(x, study.suggest(trial, "y", Distribution::real("y", 0, 15)).as_real())});
    }
    best.push_back(sign * study.best().values[0]);
  }
  std::sort(best.begin(), best.end());
  return best[5];
}

TEST(TpeSampler, FindsTheLeastOfBraninWhateverTheDirection) {
  EXPECT_LT(median_best("{}", Direction::Minimize), 0.45);  // the least is 0.398; random search reaches 0.8
  EXPECT_LT(median_best("{}", Direction::Maximize), 0.45);
  EXPECT_LT(median_best(R"({"multivariate": false})", Direction::Minimize), 0.6);
}

TEST(TpeSampler, KeepsWorkersApartAndLearnsGroups) {
  // Ten trials asked at once in one place, with and without the liar.
  const auto spread = [](const std::string& liar) {
    Study study = study_with("tpe", "{\"constant_liar\": " + liar + "}");
    for (int i = 0; i < 60; ++i) {
      const int64_t trial = study.ask();
      study.tell(trial, {std::pow(study.suggest(trial, "x", Distribution::real("x", 0, 1)).as_real() - 0.5, 2)});
    }
    std::vector<double> x;
    for (int i = 0; i < 20; ++i) x.push_back(study.suggest(study.ask(), "x", Distribution::real("x", 0, 1)).as_real());
    return *std::max_element(x.begin(), x.end()) - *std::min_element(x.begin(), x.end());
  };
  EXPECT_GT(spread("true"), spread("false"));
  // Two branches, each with a valley along the diagonal: only drawing the pair together finds its end.
  const auto best = [](const std::string& group) {
    double sum = 0;
    for (int seed = 0; seed < 5; ++seed) {
      Study study = study_with("tpe", "{\"seed\": " + std::to_string(seed) + ", \"group\": " + group + "}");
      for (int i = 0; i < 100; ++i) {
        const int64_t trial = study.ask();
        const std::string b = study.suggest(trial, "b", Distribution::categorical("b", {"l", "r"})).as_text();
        const double u = study.suggest(trial, "u" + b, Distribution::real("u", -5, 5)).as_real();
        const double v = study.suggest(trial, "v" + b, Distribution::real("v", -5, 5)).as_real();
        study.tell(trial, {10 * std::pow(u - v, 2) + std::pow(u + v - 3, 2)});
      }
      sum += std::log(study.best().values[0]);
    }
    return sum;
  };
  EXPECT_LT(best("true"), best("false"));
}

TEST(TpeSampler, ApproachesTheFrontOfTwoObjectivesAndTheFeasible) {
  Study study = study_with("tpe", R"({"seed": 1})", {Direction::Minimize, Direction::Maximize});
  for (int i = 0; i < 150; ++i) {
    const int64_t trial = study.ask();
    const double x = study.suggest(trial, "x", Distribution::real("x", 0, 1)).as_real();
    const double y = study.suggest(trial, "y", Distribution::real("y", 0, 1)).as_real();
    study.tell(trial, {x, -(1 - x) * (1 + 9 * y)});  // the front is y = 0
  }
  double late = 0;
  for (int64_t i = 100; i < 150; ++i) late += study.trial(i).parameters[1].value / 50;
  EXPECT_LT(late, 0.25);
  EXPECT_GT(study.pareto_front().size(), 8);
  EXPECT_THROW(study.best(), Error);

  Study limited = study_with("tpe", R"({"seed": 2})");
  int n_feasible = 0;
  for (int i = 0; i < 100; ++i) {
    const int64_t trial = limited.ask();
    const double x = limited.suggest(trial, "x", Distribution::real("x", 0, 1)).as_real();
    limited.set_constraint(trial, "x at least 0.9", 0.9 - x);
    limited.tell(trial, {x});
    n_feasible += i >= 50 && x >= 0.9 ? 1 : 0;
  }
  EXPECT_GT(n_feasible, 15);  // random search: 5
  EXPECT_GE(limited.best().values[0], 0.9);
}

TEST(NsgaSampler, ComesNearerToTheFrontThanChance) {
  // ZDT1 in 10 parameters: the front is f2 = 1 - sqrt(f1), where the others are 0.
  const auto volume = [](const std::string& sampler, int seed) {
    Study study = study_with(sampler, "{\"seed\": " + std::to_string(seed) + "}", {Direction::Minimize, Direction::Maximize});
    for (int i = 0; i < 1000; ++i) {
      const int64_t trial = study.ask();
      double first = 0, others = 0;
      for (int p = 0; p < 10; ++p) {
        const double x = study.suggest(trial, "x" + std::to_string(p), Distribution::real("x", 0, 1)).as_real();
        (p == 0 ? first : others) += x;
      }
      const double g = 1 + others;
      study.tell(trial, {first, -g * (1 - std::sqrt(first / g))});
    }
    Losses front;
    for (const int64_t number : study.pareto_front()) {
      const TrialRecord trial = study.trial(number);
      front.push_back({trial.values[0], -trial.values[1]});
    }
    return hypervolume(front, {1.1, 1.1});
  };
  for (int seed = 0; seed < 3; ++seed) {
    EXPECT_LT(volume("random", seed), 0.1);
    EXPECT_GT(volume("nsga2", seed), 0.55);  // the whole front: 0.87
  }
}

TEST(NsgaSampler, MindsConstraintsAndFindsTheLeastOfOneObjective) {
  Study study = study_with("nsga2", R"({"seed": 1, "population_size": 20})");
  for (int i = 0; i < 600; ++i) {
    const int64_t trial = study.ask();
    const double x = study.suggest(trial, "x", Distribution::real("x", 0, 10)).as_real();
    const auto k = static_cast<double>(study.suggest(trial, "k", Distribution::integer("k", 0, 20)).as_integer());
    const std::string c = study.suggest(trial, "c", Distribution::categorical("c", {"a", "b", "c"})).as_text();
    study.set_constraint(trial, "x is at least 3", 3 - x);
    study.tell(trial, {x + std::abs(k - 7) + (c == "b" ? 0 : 1)});
  }
  EXPECT_NEAR(study.best().values[0], 3, 0.05);
  EXPECT_GT(study.trial(599).generation, 20);
}

TEST(Nsga3Sampler, SpreadsOverTheFrontOfThreeLosses) {
  // DTLZ2 in 7 parameters: the front is an eighth of the unit sphere.
  const auto volume = [](const std::string& sampler, int seed) {
    Study study = study_with(sampler, "{\"seed\": " + std::to_string(seed) + "}", std::vector(3, Direction::Minimize));
    for (int i = 0; i < 1000; ++i) {
      const int64_t trial = study.ask();
      double x[7], g = 0;
      for (int p = 0; p < 7; ++p) {
        x[p] = study.suggest_inside(trial, "x" + std::to_string(p), Distribution::real("x", 0, 1));
        if (p > 1) g += (x[p] - 0.5) * (x[p] - 0.5);
      }
      const double a = x[0] * std::numbers::pi / 2, b = x[1] * std::numbers::pi / 2;
      study.tell(trial, {(1 + g) * std::cos(a) * std::cos(b), (1 + g) * std::cos(a) * std::sin(b), (1 + g) * std::sin(a)});
    }
    Losses front;
    for (const int64_t number : study.pareto_front()) front.push_back(study.trial(number).values);
    return hypervolume(front, {1.1, 1.1, 1.1});
  };
  for (int seed = 0; seed < 2; ++seed) {
    EXPECT_LT(volume("random", seed), 0.6);
    EXPECT_GT(volume("nsga3", seed), 0.7);  // the whole front: 0.807
  }
}

TEST(GpSampler, LooksFartherWhereResultsAreEqual) {
  for (const std::string seed : {"0", "1", "2"}) {
    Study study = study_with("gp", "{\"seed\": " + seed + "}");
    std::set<std::pair<double, double>> cells;
    std::set<std::pair<int, int>> squares;
    for (int i = 0; i < 60; ++i) {
      const int64_t trial = study.ask();
      const double x = study.suggest_inside(trial, "x", Distribution::real("x", 0, 1));
      const double y = study.suggest_inside(trial, "y", Distribution::real("y", 0, 1));
      cells.emplace(x, y);
      squares.emplace(static_cast<int>(x * 4), static_cast<int>(y * 4));
      study.tell(trial, {7});
    }
    EXPECT_EQ(cells.size(), 60);
    EXPECT_GE(squares.size(), 16);
    // A plateau with a tenth of the square below it, and a small space that is tried through before a point comes again.
    Study plateau = study_with("gp", "{\"seed\": " + seed + "}"), small = study_with("gp", "{\"seed\": " + seed + "}");
    std::set<std::pair<double, double>> met;
    for (int i = 0; i < 40; ++i) {
      const int64_t trial = plateau.ask(), other = small.ask();
      const double x = plateau.suggest_inside(trial, "x", Distribution::real("x", 0, 1));
      const double y = plateau.suggest_inside(trial, "y", Distribution::real("y", 0, 1));
      plateau.tell(trial, {x > 0.4 && x < 0.7 && y > 0.3 && y < 0.6 ? -1.0 : 0.0});
      const double a = small.suggest_inside(other, "a", Distribution::integer("a", 0, 5));
      const double b = small.suggest_inside(other, "b", Distribution::integer("b", 0, 5));
      if (i >= 10) met.emplace(a, b);
      small.tell(other, {(a - 2) * (a - 2) + b});
    }
    EXPECT_EQ(plateau.best().values[0], -1) << seed;
    EXPECT_GE(met.size(), 26) << seed;
  }
}

TEST(GpSampler, LearnsWherePenaltiesAreNearTheGreatestNumber) {
  for (const std::string warp : {"false", "true"}) {
    Study study = study_with("gp", "{\"warp_output\": " + warp + "}");
    int n_late = 0;
    for (int i = 0; i < 40; ++i) {
      const int64_t trial = study.ask();
      const double x = study.suggest_inside(trial, "x", Distribution::real("x", 0, 1));
      study.set_constraint(trial, "c", x > 0.9 ? 1.5e308 : -1.7e308);
      study.tell(trial, {x < 0.5 ? 1.7e308 : 1e308 * (x - 0.5)});
      n_late += i >= 20 && x >= 0.5 && x < 0.6 ? 1 : 0;
    }
    EXPECT_GT(n_late, 8) << warp;  // by chance: 2
  }
}

TEST(GpSampler, LearnsFromEarlierStudiesAndForgetsThoseThatMislead) {
  const auto text_of = [](const std::vector<std::array<double, 3>>& trials) {
    std::string text;
    for (const auto& [x, y, loss] : trials)
      text += (text.empty() ? "" : ", ") + ("{\"parameters\": {\"x\": " + std::to_string(x) + ", \"y\": " + std::to_string(y) +
                                            "}, \"loss\": " + std::to_string(loss) + "}");
    return "[[" + text + "]]";
  };
  // The loss of a sixth trial and the best of thirty, summed over seeds, with an earlier study whose least is at `at`.
  const auto run = [&](std::optional<double> at) {
    std::pair<double, double> sum;
    for (int seed = 0; seed < 5; ++seed) {
      std::vector<std::array<double, 3>> earlier;
      RandomStream stream(static_cast<uint64_t>(seed), "earlier");
      for (int i = 0; i < 40 && at; ++i) {
        const double x = stream.uniform(), y = stream.uniform();
        earlier.push_back({x, y, 1e4 * ((x - *at) * (x - *at) + (y - *at) * (y - *at)) - 7e6});
      }
      Study study = study_with("gp", "{\"seed\": " + std::to_string(seed) + (at ? ", \"earlier_trials\": " + text_of(earlier) : "") + "}");
      for (int i = 0; i < 30; ++i) {
        const int64_t trial = study.ask();
        const double x = study.suggest_inside(trial, "x", Distribution::real("x", 0, 1)) - 0.8;
        const double y = study.suggest_inside(trial, "y", Distribution::real("y", 0, 1)) - 0.8;
        study.tell(trial, {x * x + y * y});
        if (i == 5) sum.first += study.best().values[0];
      }
      sum.second += study.best().values[0];
    }
    return sum;
  };
  const auto alone = run({}), with = run(0.75), misled = run(0.1);
  EXPECT_LT(with.first, 0.3 * alone.first);
  EXPECT_LT(with.second, 1e-3);
  EXPECT_LT(misled.second, 1e-2);
  EXPECT_THROW(study_with("gp", R"({"earlier_trials": [{"parameters": {}, "loss": 1}]})"), Error);
}

TEST(OrderedChoices, AreTakenForNumbers) {
  Value::List choices;
  for (int i = 0; i < 40; ++i) choices.emplace_back(std::to_string(1000 - i));
  const Distribution ordered = Distribution::categorical("c", choices, true), unordered = Distribution::categorical("c", choices);
  EXPECT_EQ(Distribution::from_value("c", ordered.to_value()), ordered);
  EXPECT_FALSE(ordered == unordered);
  EXPECT_TRUE(ordered.allows_same(unordered));
  for (const std::string name : {"tpe", "gp", "cmaes", "nsga2", "auto"}) {
    const auto best = [&](const Distribution& of) {
      double sum = 0;
      for (int seed = 0; seed < 6; ++seed) {
        Study study = study_with(name, "{\"seed\": " + std::to_string(seed) + (name == "nsga2" ? ", \"population_size\": 8}" : "}"));
        for (int i = 0; i < 40; ++i) {
          const int64_t trial = study.ask();
          double loss = 0;
          for (const char* parameter : {"a", "b", "c"}) loss += std::abs(study.suggest_inside(trial, parameter, of) - 29);
          study.tell(trial, {loss});
        }
        sum += study.best().values[0];
      }
      return sum;
    };
    EXPECT_LT(best(ordered), 0.8 * best(unordered)) << name;
  }
  // What Optuna has written says nothing of an order: the parameter is the same.
  Study study = study_with("tpe");
  study.add_finished(TrialState::Complete, {{"c", unordered}}, {"997"}, {1});
  EXPECT_EQ(study.suggest_inside(study.ask(), "c", ordered) >= 0, true);
}

TEST(NsgaSampler, EveryCrossoverComesNearTheLeast) {
  for (const std::string name : {"nsga2", "nsga3"})
    for (const std::string crossover : {R"("sbx")", R"("vsbx")", R"("uniform")", R"({"kind": "blx_alpha", "alpha": 0.3})", R"("spx")",
                                        R"({"kind": "undx", "sigma_xi": 0.4})"}) {
      Study study = study_with(name, R"({"seed": 1, "population_size": 20, "crossover": )" + crossover + "}");
      for (int i = 0; i < 1000; ++i) {
        const int64_t trial = study.ask();
        double loss = study.suggest(trial, "c", Distribution::categorical("c", {"a", "b"})).as_text() == "a" ? 1 : 0;
        for (const char* x : {"x", "y", "z"}) loss += std::pow(study.suggest_inside(trial, x, Distribution::real(x, -5, 5)) - 2, 2);
        loss += std::pow(study.suggest_inside(trial, "k", Distribution::integer("k", 1, 100, 1, true)) - 9, 2);
        study.tell(trial, {loss});
      }
      EXPECT_LT(study.best().values[0], 0.3) << name << ", " << crossover;
    }
  EXPECT_THROW(study_with("nsga2", R"({"crossover": "none"})"), Error);
  EXPECT_THROW(study_with("nsga2", R"({"crossover": {"kind": "spx", "eta": 2}})"), Error);
}

TEST(AutoSampler, GoesToTpeWhereNoRangeLastsAndPassesOverTrialsWithoutParameters) {
  const auto note = [](const Study& study, int64_t trial) {
    for (const auto& [name, json] : study.trial(trial).system_attributes)
      if (name == "auto:sampler") return parse_json(json).as_text().substr(0, 4);
    return std::string();
  };
  Study moving = study_with("auto"), pruned = study_with("auto");
  pruned.tell_pruned(pruned.ask());
  for (int i = 0; i < 15; ++i) {
    const int64_t trial = moving.ask(), other = pruned.ask();
    moving.tell(trial, {moving.suggest_inside(trial, "x", Distribution::real("x", 0, 1 + i % 2))});
    pruned.tell(other, {std::abs(pruned.suggest_inside(other, "x", Distribution::real("x", 0, 1)) - 0.3)});
  }
  EXPECT_EQ(note(moving, 14), "tpe:");
  EXPECT_EQ(note(pruned, 15), "gp: ");
  EXPECT_LT(pruned.best().values[0], 0.01);
  // Samplers that draw together pass over such a trial too.
  for (const std::string name : {"tpe", "cmaes", "gp"}) {
    Study study = study_with(name);
    for (int i = 0; i < 60; ++i) {
      const int64_t trial = study.ask();
      if (i % 10 != 5) study.suggest_inside(trial, "x", Distribution::real("x", 0, 1));
      if (i % 10 != 5) study.suggest_inside(trial, "y", Distribution::real("y", 0, 1));
      study.tell(trial, {static_cast<double>(i % 7)});
    }
    EXPECT_EQ(study.n_trials(), 60);
  }
}

TEST(AutoSampler, SaysWhichSamplerAndWhy) {
  Study numbers = study_with("auto");
  const Distribution d = Distribution::real("x", 0, 1);
  const auto run = [&](int n) {
    for (int i = 0; i < n; ++i) {
      const int64_t trial = numbers.ask();
      const double x = numbers.suggest_inside(trial, "x", d);
      numbers.tell(trial, {(x - 0.3) * (x - 0.3)});
    }
  };
  run(12);
  for (int i = 12; i < 250; ++i)
    numbers.add_finished(TrialState::Complete, {{"x", d}}, {i / 250.0}, {(i / 250.0 - 0.3) * (i / 250.0 - 0.3)});
  run(2);
  const auto note = [](const Study& study, int64_t trial) {
    for (const auto& [name, json] : study.trial(trial).system_attributes)
      if (name == "auto:sampler") return parse_json(json).as_text();
    return std::string();
  };
  EXPECT_EQ(note(numbers, 11).substr(0, 3), "gp:");
  EXPECT_EQ(note(numbers, 251).substr(0, 6), "cmaes:");
  Study branches = study_with("auto");
  losses_of(branches, 30);
  EXPECT_EQ(note(branches, 29).substr(0, 4), "tpe:");
}

// --- The study

TEST(Study, KeepsStatesAndRefusesToChangeWhatIsOver) {
  Study study = study_with("random");
  study.enqueue({{"x", 1.5}, {"c", Value()}}, Value::Object{{"why", "known"}});
  EXPECT_EQ(study.trial(0).state, TrialState::Waiting);
  EXPECT_THROW(study.tell(0, {1.0}), Error);
  const int64_t first = study.ask();
  EXPECT_EQ(first, 0);
  EXPECT_EQ(study.suggest(first, "x", Distribution::real("x", 0, 2)).as_real(), 1.5);
  EXPECT_EQ(study.suggest(first, "x", Distribution::real("x", 0, 2)).as_real(), 1.5);
  EXPECT_TRUE(study.suggest(first, "c", Distribution::categorical("c", {"a", Value()})).is_null());
  EXPECT_THROW(study.suggest(first, "x", Distribution::real("x", 0, 2, 0, false).integer("x", 0, 2)), Error);
  study.report(first, 3, 5);
  study.report(first, 4, 5);
  EXPECT_THROW(study.report(first, 4, -1), Error);
  study.tell_pruned(first);
  EXPECT_EQ(study.trial(first).values, std::vector<double>{3});
  EXPECT_THROW(study.tell(first, {1.0}), Error);
  EXPECT_THROW(study.best(), Error);
  EXPECT_EQ(study.tell(study.ask(), {1, 2}), TrialState::Failed);
  EXPECT_EQ(study.tell(study.ask(), {std::nan("")}), TrialState::Failed);
  EXPECT_NE(study.trial(1).failure.find("2 values"), std::string::npos);
  const int64_t good = study.ask(), infeasible = study.ask();
  study.set_constraint(infeasible, "c", 1);
  study.set_constraint(infeasible, "c", -1);  // the first stays
  study.tell(infeasible, {-10});
  study.tell(good, {2});
  EXPECT_EQ(study.best().number, good);
  study.enqueue({{"x", 5}});
  EXPECT_THROW(study.suggest(study.ask(), "x", Distribution::real("x", 0, 2)), Error);
  study.enqueue({{"x", 5}, {"k", 3}}, Value::Object{{"warm_start", "an earlier study"}});
  const int64_t warm = study.ask();
  EXPECT_LE(study.suggest(warm, "x", Distribution::real("x", 0, 2)).as_real(), 2);
  EXPECT_EQ(study.suggest(warm, "k", Distribution::integer("k", 0, 9)).as_integer(), 3);
  EXPECT_THROW(study.trial(99), Error);
}

TEST(Study, CountsEveryTrialOfManyThreadsOnce) {
  Study study = study_with("tpe");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&study] {
      for (int i = 0; i < 50; ++i) {
        const int64_t trial = study.ask();
        study.tell(trial, {objective(study, trial)});
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(study.n_trials(), 200);
  for (int64_t i = 0; i < 200; ++i) EXPECT_EQ(study.trial(i).state, TrialState::Complete);
}

}  // namespace
}  // namespace kolosal
