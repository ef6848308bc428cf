#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kolosal/base/random.h"
#include "kolosal/tune/testing/studies.h"

namespace kolosal {
namespace {

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

}  // namespace
}  // namespace kolosal
