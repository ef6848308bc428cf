#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "kolosal/tune/testing/studies.h"

namespace kolosal {
namespace {

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

}  // namespace
}  // namespace kolosal
