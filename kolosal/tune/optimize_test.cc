#include "kolosal/tune/optimize.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "kolosal/base/json.h"

namespace kolosal {
namespace {

Study study_of(const std::string& sampler, const std::string& parameters = "{}") {
  return Study({.sampler = samplers().make(sampler, parse_json(parameters)), .pruner = pruners().make("median", parse_json("{}"))});
}

std::vector<double> ball(RunningTrial& trial) {
  const double x = trial.suggest_float("x", -5, 5);
  const auto k = static_cast<double>(trial.suggest_int("k", 0, 9));
  const bool is_b = trial.suggest_categorical("c", {"a", "b"}).as_text() == "b";
  return {x * x + k + (is_b ? 0 : 1)};
}

TEST(Optimize, RunsAsManyTrialsAsItIsToldAndTheSameOnesEveryTime) {
  Study one = study_of("tpe"), other = study_of("tpe");
  optimize(one, ball, {.n_trials = 60});
  optimize(other, ball, {.n_trials = 20});
  optimize(other, ball, {.n_trials = 40});
  EXPECT_EQ(one.n_trials(), 60);
  EXPECT_LT(one.best().values[0], 1);
  for (int64_t i = 0; i < 60; ++i) EXPECT_EQ(one.trial(i).values, other.trial(i).values);
}

TEST(Optimize, SeveralWorkersRunEveryTrialOnceAndAtTheSameTime) {
  Study study = study_of("random");
  std::atomic<int> n_inside = 0, most = 0;
  int n_told = 0;  // by one thread at a time
  const auto objective = [&](RunningTrial& trial) {
    const int inside = ++n_inside;
    for (int had = most; inside > had && !most.compare_exchange_weak(had, inside);) {
    }
    while (most < 2) std::this_thread::yield();  // until another trial has run beside this one
    std::vector<double> values = ball(trial);
    --n_inside;
    return values;
  };
  optimize(study, objective, {.n_trials = 50, .n_workers = 3, .on_trial = [&](const Study&, const TrialRecord& ended) {
                                EXPECT_EQ(ended.state, TrialState::Complete);
                                ++n_told;
                              }});
  EXPECT_EQ(study.n_trials(), 50);
  EXPECT_EQ(n_told, 50);
  EXPECT_LE(most, 3);
}

TEST(Optimize, EndsWithWhatTheObjectiveThrewAndKeepsTheReason) {
  for (const int n_workers : {1, 3}) {
    Study study = study_of("random");
    const auto objective = [](RunningTrial& trial) -> std::vector<double> {
      if (trial.number() == 5) throw std::runtime_error("no luck");
      return ball(trial);
    };
    EXPECT_THROW(optimize(study, objective, {.n_trials = 1000, .n_workers = n_workers}), std::runtime_error);
    EXPECT_EQ(study.trial(5).state, TrialState::Failed);
    EXPECT_EQ(study.trial(5).failure, "no luck");
    EXPECT_LT(study.n_trials(), 1000);
    for (size_t i = 0; i < study.n_trials(); ++i) EXPECT_TRUE(study.trial(static_cast<int64_t>(i)).is_finished());
    Study going = study_of("random");
    const auto is_known = [](const std::exception& error) { return std::string(error.what()) == "no luck"; };
    optimize(going, objective, {.n_trials = 20, .n_workers = n_workers, .goes_on = is_known});
    EXPECT_EQ(going.n_trials(), 20);
  }
}

TEST(Optimize, StopsAtTheTimeOnRequestAndWhereNothingIsLeft) {
  Study late = study_of("random"), asked = study_of("random"), wrong = study_of("random");
  optimize(late, ball, {.timeout_seconds = 0});
  EXPECT_EQ(late.n_trials(), 0);
  const auto slow = [](RunningTrial& trial) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return ball(trial);
  };
  const Stopwatch watch;
  optimize(late, slow, {.n_trials = 10000, .timeout_seconds = 0.2});
  EXPECT_GT(late.n_trials(), 0);
  EXPECT_LE(late.n_trials(), 10);
  EXPECT_GE(watch.seconds(), 0.2);
  OptimizeOptions options;
  options.on_trial = [&](const Study& study, const TrialRecord&) {
    if (study.n_trials() == 7) options.cancel.cancel();
  };
  optimize(asked, ball, options);
  EXPECT_EQ(asked.n_trials(), 7);
  Study grid = study_of("grid", R"({"search_space": {"x": [1, 2, 3]}})");
  optimize(grid, [](RunningTrial& trial) { return std::vector<double>{trial.suggest_float("x", 0, 5)}; }, {});
  EXPECT_EQ(grid.n_trials(), 3);
  EXPECT_THROW(optimize(wrong, ball, {.n_trials = -1}), Error);
  EXPECT_THROW(optimize(wrong, ball, {.n_workers = -1}), Error);
  EXPECT_THROW(optimize(wrong, ball, {.timeout_seconds = std::nan("")}), Error);
}

class OptimizeTogether : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }
  Study worker() const {
    return Study(
        {.sampler = samplers().make("random"),
         .storage = storages().make("journal", Value::Object{{"path", path_}, {"heartbeat_seconds", 0.02}, {"grace_seconds", 0.2}}),
         .opening = StudyOpening::CreateOrLoad});
  }
  std::string path_ = std::filesystem::temp_directory_path() / ("kolosal-optimize-" + std::to_string(::getpid()) + ".log");
};

TEST_F(OptimizeTogether, FailsAndTellsOfTrialsWhoseWorkersAreGone) {
  {
    Study gone = worker();
    gone.ask();
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  Study study = worker();
  std::vector<int64_t> stale;
  optimize(study, ball, {.n_trials = 2, .on_stale = [&](Study& of, int64_t number) {
                           stale.push_back(number);
                           EXPECT_TRUE(of.retry(number, 1, false));
                         }});
  EXPECT_EQ(stale, std::vector<int64_t>{0});
  EXPECT_EQ(study.trial(0).state, TrialState::Failed);
  EXPECT_EQ(study.trial(1).state, TrialState::Complete);
  EXPECT_EQ(study.n_trials(), 3);
}

TEST_F(OptimizeTogether, LeavesATrialThatAnotherHasEndedAndEndsWhereTheStorageFails) {
  Study study = worker();
  int n_asked = 0;
  const auto objective = [&](RunningTrial& trial) {
    std::vector<double> values = ball(trial);
    if (trial.number() == 1) {
      Study other = worker();
      other.tell_failed(1, "by another");
    }
    return values;
  };
  optimize(study, objective, {.n_trials = 3, .goes_on = [&](const std::exception&) {
                                ++n_asked;
                                return true;
                              }});
  EXPECT_EQ(n_asked, 0);
  EXPECT_EQ(study.trial(1).failure, "by another");
  EXPECT_EQ(study.trial(2).state, TrialState::Complete);
  const auto breaking = [&](RunningTrial& trial) {
    std::vector<double> values = ball(trial);
    std::ofstream(path_, std::ios::app) << "no record\n";
    return values;
  };
  const auto goes_on = [&](const std::exception&) { return true; };
  EXPECT_THROW(optimize(study, breaking, {.n_trials = 3, .goes_on = goes_on}), Error);
}

TEST(Optimize, PrunedTrialsEndWithTheirLastReport) {
  Study study = study_of("random");
  const auto objective = [](RunningTrial& trial) -> std::vector<double> {
    const double x = trial.suggest_float("x", 0, 1);
    for (int step = 0; step < 5; ++step) {
      trial.report(x, step);
      if (trial.should_prune()) throw TrialPruned();
    }
    return {x};
  };
  optimize(study, objective, {.n_trials = 40});
  int n_pruned = 0;
  for (int64_t i = 0; i < 40; ++i) {
    const TrialRecord trial = study.trial(i);
    n_pruned += trial.state == TrialState::Pruned ? 1 : 0;
    EXPECT_EQ(trial.values, std::vector<double>{trial.parameters[0].value});
  }
  EXPECT_GT(n_pruned, 10);
}

}  // namespace
}  // namespace kolosal
