#include "kolosal/tune/study.h"

#include <gtest/gtest.h>

#include <cmath>
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
