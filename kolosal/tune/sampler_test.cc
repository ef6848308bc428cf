#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "kolosal/tune/testing/studies.h"

namespace kolosal {
namespace {

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

TEST(EverySampler, GoesOnAfterEnqueuedValuesThatAreNotAllowed) {
  for (const std::string& name : samplers().names()) {
    if (name == "grid" || name == "brute_force") continue;
    Study study = study_with(name);
    for (int i = 0; i < 40; ++i) {
      const bool is_given = i % 5 == 0;
      if (is_given) study.enqueue({{"x", i % 2 == 0 ? 1e6 : -40.0}, {"k", i % 2 == 0 ? 100 : 4}, {"lr", i % 2 == 0 ? 50.0 : 1e-9}});
      const int64_t trial = study.ask();
      const double loss = objective(study, trial);
      for (const TrialParameter& had : study.trial(trial).parameters)
        EXPECT_TRUE(is_given || had.distribution->contains(had.value)) << name << ", " << study.parameter_name(had.parameter);
      study.tell(trial, {loss});
    }
    EXPECT_EQ(study.n_trials(), 40);
    EXPECT_LT(study.best().values[0], 30) << name;
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

}  // namespace
}  // namespace kolosal
