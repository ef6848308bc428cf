#include "kolosal/tune/terminator.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kolosal/base/json.h"

namespace kolosal {
namespace {

Study a_study(Direction direction = Direction::Minimize, const std::string& sampler = "random") {
  return Study({.name = "s", .directions = {direction}, .sampler = samplers().make(sampler)});
}

void run(Study& study, int n, const auto& objective) {
  for (int i = 0; i < n; ++i) {
    const int64_t trial = study.ask();
    const double x = study.suggest(trial, "x", Distribution::real("x", -1, 1)).as_real();
    study.tell(trial, {objective(x)});
  }
}

double improvement(const Study& study, const std::string& name, const std::string& parameters = "{}") {
  return improvement_estimates().make(name, parse_json(parameters))->evaluate(study.trials(), study.directions()[0]);
}

TEST(BestValueStagnation, CountsCompleteTrialsAfterTheBest) {
  for (const Direction direction : {Direction::Minimize, Direction::Maximize}) {
    Study study = a_study(direction);
    const double sign = direction == Direction::Minimize ? 1 : -1;
    for (const double value : {3, 1, 2, 1, 5}) {
      study.tell(study.ask(), {sign * value});
      study.tell_failed(study.ask(), "on purpose");
    }
    EXPECT_EQ(improvement(study, "best_value_stagnation"), 30 - 3);
    EXPECT_EQ(improvement(study, "best_value_stagnation", R"({"max_stagnation_trials": 2})"), -1);
  }
}

TEST(CrossValidationError, IsTheScaledSpreadOfTheBestTrialsScores) {
  Study study = a_study(Direction::Maximize);
  const auto error = error_estimates().make("cross_validation");
  for (const double value : {0.5, 0.9, 0.7}) {
    const int64_t trial = study.ask();
    const std::vector<double> scores = {value - 0.1, value, value + 0.1};
    report_cross_validation_scores(study, trial, scores);
    study.tell(trial, {value});
  }
  const double variance = 2 * 0.01 / 3;
  EXPECT_NEAR(error->evaluate(study.trials(), Direction::Maximize), std::sqrt((1 / 3.0 + 1 / 2.0) * variance), 1e-12);
  study.tell(study.ask(), {1});
  EXPECT_THROW(error->evaluate(study.trials(), Direction::Maximize), Error);
  const int64_t trial = study.ask();
  EXPECT_THROW(report_cross_validation_scores(study, trial, std::vector{1.0}), Error);
  EXPECT_THROW(report_cross_validation_scores(study, trial, std::vector{1.0, std::nan("")}), Error);
  EXPECT_THROW(report_cross_validation_scores(study, 0, std::vector{1.0, 2.0}), Error);  // it is over
}

TEST(RegretBound, FallsAsTheFunctionBecomesKnownAndIsInItsUnits) {
  Study early = a_study(), late = a_study(), scaled = a_study();
  const auto objective = [](double x) { return (x - 0.3) * (x - 0.3) + 0.1 * std::sin(9 * x); };
  run(early, 5, objective);
  run(late, 60, objective);
  run(scaled, 60, [&](double x) { return 1000 * objective(x) - 7; });
  const double before = improvement(early, "regret_bound"), after = improvement(late, "regret_bound");
  EXPECT_GT(after, 0);
  EXPECT_LT(after, before / 3);
  EXPECT_NEAR(improvement(scaled, "regret_bound") / after, 1000, 1);
}

TEST(RegretBound, SaysWhereItCannotAnswer) {
  Study study = a_study();
  EXPECT_THROW(improvement(study, "regret_bound"), Error);
  study.tell(study.ask(), {1});
  EXPECT_THROW(improvement(study, "regret_bound"), Error);  // there is no parameter
  Study infinite = a_study(Direction::Maximize);
  run(infinite, 30, [](double x) { return x > 0.5 ? -std::numeric_limits<double>::infinity() : x; });
  EXPECT_TRUE(std::isfinite(improvement(infinite, "regret_bound")));
}

TEST(ExpectedRegret, FallsAsTheOptimumIsFoundWhateverTheUnits) {
  Study study = a_study(Direction::Maximize, "tpe"), scaled = a_study(Direction::Maximize, "tpe");
  EXPECT_GT(improvement(study, "expected_regret"), 1e300);  // one that ends no study
  const auto objective = [](double x) { return 5 - (x - 0.3) * (x - 0.3); };
  run(study, 5, objective);
  const double early = improvement(study, "expected_regret");
  run(study, 45, objective);
  run(scaled, 50, [&](double x) { return 1000 * objective(x) - 7; });
  const double late = improvement(study, "expected_regret");
  EXPECT_GT(late, 0);
  EXPECT_LT(late, early / 10);
  EXPECT_NEAR(improvement(scaled, "expected_regret") / late, 1, 0.01);
}

TEST(MedianError, IsAShareOfTheMedianOfTheFirstTrialsAfterTheWarmUp) {
  Study study = a_study();
  // Trials 2 to 6 of stagnation 5: 5, 4, 5, 4, 3.
  const auto error = error_estimates().make("median", parse_json(R"({"improvement": "best_value_stagnation", "parameters":
      {"max_stagnation_trials": 5}, "warm_up_trials": 2, "n_initial_trials": 5, "threshold_ratio": 0.5})"));
  for (const double value : {0, 0, 9, 9, 8, 8, 8}) {
    EXPECT_LT(error->evaluate(study.trials(), Direction::Minimize), 0);
    study.tell(study.ask(), {value});
  }
  EXPECT_EQ(error->evaluate(study.trials(), Direction::Minimize), 2);
  study.tell(study.ask(), {-1});
  EXPECT_EQ(error->evaluate(study.trials(), Direction::Minimize), 2);
}

TEST(Terminator, EndsAStudyThatHasFoundItsOptimumButNotBeforeThereAreEnoughTrials) {
  Study study = a_study(Direction::Minimize, "tpe");
  const auto bound = improvement_estimates().make("regret_bound");
  const auto error = error_estimates().make("static", parse_json(R"({"constant": 0.02})"));
  int n = 0;
  while (n < 100 && !should_terminate(study, *bound, *error, 20)) {
    run(study, 1, [](double x) { return x * x; });
    ++n;
  }
  EXPECT_GE(n, 20);
  EXPECT_LT(n, 60);
  EXPECT_LT(study.best().values[0], 0.02);
  EXPECT_FALSE(should_terminate(study, *bound, *error, 1000));
  EXPECT_THROW(should_terminate(study, *bound, *error, 0), Error);
  Study several({.name = "s", .directions = {Direction::Minimize, Direction::Minimize}, .sampler = samplers().make("random")});
  EXPECT_THROW(should_terminate(several, *bound, *error, 1), Error);
}

}  // namespace
}  // namespace kolosal
