#include "kolosal/tune/study.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <thread>
#include <vector>

#include "kolosal/tune/testing/studies.h"

namespace kolosal {
namespace {

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
  study.enqueue({{"x", 5}, {"k", 3}}, Value::Object{{"warm_start", "an earlier study"}});
  const int64_t warm = study.ask();
  EXPECT_LE(study.suggest(warm, "x", Distribution::real("x", 0, 2)).as_real(), 2);
  EXPECT_EQ(study.suggest(warm, "k", Distribution::integer("k", 0, 9)).as_integer(), 3);
  EXPECT_THROW(study.trial(99), Error);
}

TEST(Study, TakesEnqueuedNumbersThatAreNotAllowedAndSaysSo) {
  Study study = study_with("random");
  study.enqueue({{"x", 5}, {"k", 2.5}, {"q", 0.3}, {"lr", 0}, {"c", "z"}, {"n", std::nan("")}});
  const int64_t trial = study.ask();
  std::vector<std::string> findings;
  const Distribution x = Distribution::real("x", 0, 2);
  EXPECT_EQ(study.suggest(trial, "x", x, &findings).as_real(), 5);
  EXPECT_EQ(findings, std::vector<std::string>{"parameter 'x': the enqueued value 5 is taken, though it is not a number from 0 to 2"});
  EXPECT_EQ(study.suggest(trial, "x", x, &findings).as_real(), 5);  // told once
  EXPECT_EQ(study.suggest(trial, "k", Distribution::integer("k", 0, 9), &findings).as_integer(), 2);
  EXPECT_EQ(findings.back(), "parameter 'k': the enqueued value 2.5 is taken as 2, though it is not an integer from 0 to 9");
  EXPECT_EQ(study.suggest(trial, "q", Distribution::real("q", 0, 1, 0.25), &findings).as_real(), 0.3);
  EXPECT_EQ(findings.size(), 3);
  // A value that the trial has already stays, whatever is allowed later.
  EXPECT_EQ(study.suggest(trial, "later", Distribution::integer("later", 5, 6), &findings).as_integer() / 7, 0);
  const int64_t had = study.suggest(trial, "later", Distribution::integer("later", 0, 1), &findings).as_integer();
  EXPECT_GE(had, 5);
  EXPECT_EQ(findings.back(),
            "parameter 'later' is " + std::to_string(had) + " in this trial and stays so, though it is now to be an integer from 0 to 1");
  // What is no number that the scale can hold is an error, as a choice that is none.
  EXPECT_THROW(study.suggest(trial, "lr", Distribution::real("lr", 0.1, 1, 0, true)), Error);
  EXPECT_THROW(study.suggest(trial, "c", Distribution::categorical("c", {"a", "b"})), Error);
  EXPECT_THROW(study.suggest(trial, "n", Distribution::real("n", 0, 1)), Error);
  study.tell(trial, {1});
  EXPECT_EQ(study.best().parameters.size(), 4);

  const auto space = SearchSpace::from_value(parse_json(R"({"parameters": {"x": {"type": "float", "low": 0, "high": 2}}})"));
  study.enqueue({{"x", -7}});
  findings.clear();
  EXPECT_EQ(study.suggest(study.ask(), space, &findings)[0].second.as_real(), -7);
  EXPECT_EQ(findings.size(), 1);
}

TEST(Study, ProposesByAnotherSamplerFromThenOn) {
  Study study = study_with("partial_fixed", R"({"fixed_params": {"x": 0.5}})");
  const Distribution x = Distribution::real("x", 0, 1);
  const int64_t begun = study.ask();
  study.set_sampler(samplers().make("grid", parse_json(R"({"search_space": {"x": [0.25]}})")));
  EXPECT_EQ(study.suggest_inside(begun, "x", x), 0.5);  // proposed before
  study.tell(begun, {1});
  const int64_t next = study.ask();
  EXPECT_EQ(study.suggest_inside(next, "x", x), 0.25);
  study.tell(next, {0});
  EXPECT_TRUE(study.is_exhausted());
  // A sampler that keeps much of the history goes on as one that had it all along.
  for (const std::string name : {"tpe", "gp", "cmaes"}) {
    Study changed = study_with("random"), same = study_with("random");
    losses_of(changed, 25), losses_of(same, 25);
    Study loaded = study_with(name);
    loaded.add_from_value(same.to_value());
    changed.set_sampler(samplers().make(name));
    EXPECT_EQ(losses_of(changed, 3), losses_of(loaded, 3)) << name;
  }
  EXPECT_THROW(study.set_sampler(nullptr), Error);
}

TEST(Study, AsksAnotherPrunerFromThenOn) {
  Study study = study_with("random");
  const int64_t trial = study.ask();
  study.report(trial, 3, 1);
  EXPECT_FALSE(study.should_prune(trial));
  study.set_pruner(pruners().make("threshold", parse_json(R"({"upper": 2})")));
  EXPECT_TRUE(study.should_prune(trial));
  study.set_pruner(nullptr);
  EXPECT_FALSE(study.should_prune(trial));
}

TEST(Study, SaysWhyThereIsNoBestTrial) {
  const auto message = [](const Study& study) {
    try {
      (void)study.best();
    } catch (const Error& error) {
      return error.message();
    }
    return std::string();
  };
  Study study = study_with("random");
  study.tell_pruned(study.ask());
  EXPECT_EQ(message(study), "study 's' has no complete trial");
  EXPECT_FALSE(study.best_or_none().has_value());
  const int64_t infeasible = study.ask();
  study.set_constraint(infeasible, "c", 1);
  study.tell(infeasible, {0});
  EXPECT_EQ(message(study), "study 's' has complete trials (1) and no best one, since their constraints do not hold");
  study.tell(study.ask(), {2});
  EXPECT_EQ(study.best_or_none().value().number, 2);
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
