#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "kolosal/tune/pareto.h"
#include "kolosal/tune/testing/studies.h"

namespace kolosal {
namespace {

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

}  // namespace
}  // namespace kolosal
