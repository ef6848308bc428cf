#include "kolosal/tune/pruner.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kolosal/base/json.h"
#include "kolosal/tune/study.h"

namespace kolosal {
namespace {

constexpr int kTrials = 40, kReports = 12;

double report_of(int trial, int i, double sign) {
  if (trial * i % 41 == 40) return std::nan("");
  const double noise = (trial * 7919 + i * 104729 + trial * i * 31) % 1000 / 1000.0;
  return sign * (trial * 37 % 20 / 20.0 + 2.0 / (1 + i) + 0.3 * noise);
}

// For each trial after how many reports it was stopped, as a hexadecimal digit; d where it ran to its end.
std::string stops_of(const std::string& pruner, const std::string& parameters, Direction direction, int stride) {
  Study study({.name = "s",
               .directions = {direction},
               .sampler = samplers().make("random"),
               .pruner = pruners().make(pruner, parse_json(parameters))});
  const double sign = direction == Direction::Minimize ? 1 : -1;
  std::string stops;
  for (int t = 0; t < kTrials; ++t) {
    const int64_t trial = study.ask();
    int n = 0;
    double value = 0;
    bool stopped = false;
    while (!stopped && n < kReports) {
      value = report_of(t, n, sign);
      study.report(trial, value, int64_t{n} * stride);
      ++n;
      stopped = study.should_prune(trial);
    }
    stops += "0123456789abcd"[stopped ? n : 13];
    if (stopped) study.tell_pruned(trial);
    else study.tell(trial, {std::isnan(value) ? sign * 9 : value});
  }
  return stops;
}

TEST(Pruner, DecidesAsOptunaDidOnTheSameHistories) {
  struct Recorded {
    std::string pruner, parameters;
    Direction direction;
    int stride;
    std::string stops;  // of Optuna 5.0.0, whose study was called "s"
  };
  const Recorded recorded[] = {
      {"median", R"({})", Direction::Minimize, 1, "ddddddd11125dd1111153111213111113d111111"},
      {"median", R"({})", Direction::Minimize, 3, "ddddddd11125dd1111153111213111113d111111"},
      {"median", R"({})", Direction::Maximize, 1, "ddddddd11125dd1111153111213111113d111111"},
      {"median", R"({"n_startup_trials": 3, "n_warmup_steps": 4, "interval_steps": 3})", Direction::Minimize, 1,
       "ddddddd55555dd555555d55555d55555bd555555"},
      {"median", R"({"n_startup_trials": 3, "n_warmup_steps": 4, "interval_steps": 3})", Direction::Minimize, 3,
       "ddddddd33335dd3333453333333333333d333333"},
      {"median", R"({"n_startup_trials": 3, "n_warmup_steps": 4, "interval_steps": 3})", Direction::Maximize, 1,
       "ddddddd55555dd555555d55555d55555bd555555"},
      {"percentile", R"({"percentile": 30, "n_startup_trials": 2, "n_min_trials": 4})", Direction::Minimize, 1,
       "ddddddd111124d11111231111111111133111111"},
      {"percentile", R"({"percentile": 30, "n_startup_trials": 2, "n_min_trials": 4})", Direction::Minimize, 3,
       "ddddddd111124d11111231111111111133111111"},
      {"percentile", R"({"percentile": 30, "n_startup_trials": 2, "n_min_trials": 4})", Direction::Maximize, 1,
       "ddddddd111124d11111231111111111133111111"},
      {"successive_halving", R"({})", Direction::Minimize, 1, "ddddddd222225d222225522225d222225d222225"},
      {"successive_halving", R"({})", Direction::Minimize, 3, "ddddddd222223722222d32222332222233222223"},
      {"successive_halving", R"({})", Direction::Maximize, 1, "ddddddd222225d222225522225d222225d222225"},
      {"successive_halving", R"({"min_resource": 1, "reduction_factor": 2, "min_early_stopping_rate": 1})", Direction::Minimize, 1,
       "d335599333555d333555333555d333339d333359"},
      {"successive_halving", R"({"min_resource": 1, "reduction_factor": 2, "min_early_stopping_rate": 1})", Direction::Minimize, 3,
       "d223344222334722234432223332223337222334"},
      {"successive_halving", R"({"min_resource": 1, "reduction_factor": 2, "min_early_stopping_rate": 1})", Direction::Maximize, 1,
       "d335599333555d333555333555d333339d333359"},
      {"successive_halving", R"({"min_resource": 2, "reduction_factor": 2, "bootstrap_count": 3})", Direction::Minimize, 1,
       "3335559333559933355d33355593333399333359"},
      {"successive_halving", R"({"min_resource": 2, "reduction_factor": 2, "bootstrap_count": 3})", Direction::Minimize, 3,
       "2223334222344722234732223372223337222334"},
      {"successive_halving", R"({"min_resource": 2, "reduction_factor": 2, "bootstrap_count": 3})", Direction::Maximize, 1,
       "3335559333559933355d33355593333399333359"},
      {"hyperband", R"({})", Direction::Minimize, 1, "ddddddddda2ddd222244d244add2a42add22a2d4"},
      {"hyperband", R"({})", Direction::Minimize, 3, "ddddddd2daddada2422ad222d4d222224d222422"},
      {"hyperband", R"({})", Direction::Maximize, 1, "ddddddddda2ddd222244d244add2a42add22a2d4"},
      {"hyperband", R"({"max_resource": 40, "reduction_factor": 2})", Direction::Minimize, 1, "ddddd9d235593d52d535d32559d223339d23d393"},
      {"hyperband", R"({"max_resource": 40, "reduction_factor": 2})", Direction::Minimize, 3, "ddddddd223472d32c222d22244c222334722d233"},
      {"hyperband", R"({"max_resource": 40, "reduction_factor": 2})", Direction::Maximize, 1, "ddddd9d235593d52d535d32559d223339d23d393"},
      {"threshold", R"({"upper": 1.5, "lower": -1.4, "n_warmup_steps": 3, "interval_steps": 2})", Direction::Minimize, 1,
       "ddddddd46adddd4dddddddddddc4dddddd48dddd"},
      {"threshold", R"({"upper": 1.5, "lower": -1.4, "n_warmup_steps": 3, "interval_steps": 2})", Direction::Minimize, 3,
       "d22229d2222ddd22222d32222dc2222ddd22222d"},
      {"threshold", R"({"upper": 1.5, "lower": -1.4, "n_warmup_steps": 3, "interval_steps": 2})", Direction::Maximize, 1,
       "d4ddddd46adddd4dddddd4ddddc44ddddd44dddd"},
      {"patient", R"({"patience": 2, "min_delta": 0.01})", Direction::Minimize, 1, "dbcd89acdddddcbbaadcdddddddddbdddddaacdd"},
      {"patient", R"({"patience": 2, "min_delta": 0.01})", Direction::Minimize, 3, "dbcd89acdddddcbbaadcdddddddddbdddddaacdd"},
      {"patient", R"({"patience": 2, "min_delta": 0.01})", Direction::Maximize, 1, "dbcd89acdddddcbbaadcdddddddddbdddddaacdd"},
      {"patient", R"({"pruner": "median", "patience": 1})", Direction::Minimize, 1, "dddddddbddddddaa9addd8acddddcaaddd899bdd"},
      {"patient", R"({"pruner": "median", "patience": 1})", Direction::Minimize, 3, "dddddddbddddddaa9addd8acddddcaaddd899bdd"},
      {"patient", R"({"pruner": "median", "patience": 1})", Direction::Maximize, 1, "dddddddbddddddaa9addd8acddddcaaddd899bdd"},
      {"wilcoxon", R"({})", Direction::Minimize, 1, "d444444444444d444444d444444d444448444444"},
      {"wilcoxon", R"({})", Direction::Minimize, 3, "d444444444444d444444d444444d444448444444"},
      {"wilcoxon", R"({})", Direction::Maximize, 1, "d444444444444d444444d444444d444448444444"},
      {"wilcoxon", R"({"p_threshold": 0.3, "n_startup_steps": 5})", Direction::Minimize, 1, "d555555555d557555555d555555d555555555555"},
      {"wilcoxon", R"({"p_threshold": 0.3, "n_startup_steps": 5})", Direction::Minimize, 3, "d555555555d557555555d555555d555555555555"},
      {"wilcoxon", R"({"p_threshold": 0.3, "n_startup_steps": 5})", Direction::Maximize, 1, "d555555555d557555555d555555d555555555555"},
  };
  for (const Recorded& r : recorded)
    EXPECT_EQ(stops_of(r.pruner, r.parameters, r.direction, r.stride), r.stops)
        << r.pruner << " " << r.parameters << ", every " << r.stride;
}

TEST(WilcoxonPruner, CountsTiesZerosAndManyStepsAsOptunaDid) {
  struct Recorded {
    double p_threshold;
    int n_startup_steps, n_reports;
    std::vector<int> stops;  // 0: never
  };
  const Recorded recorded[] = {
      {0.1, 2, 13, {0, 4, 4, 0, 13, 10, 0, 0, 0, 0, 8, 6, 10, 6}},
      {0.02, 2, 13, {0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 10, 8, 0, 8}},
      {0.1, 14, 90, {0, 14, 14, 0, 14, 14, 0, 15, 21, 56, 14, 14, 30, 14}},
      {0.01, 20, 90, {0, 34, 20, 0, 63, 20, 0, 55, 26, 65, 20, 21, 0, 26}},
  };
  for (const Recorded& r : recorded) {
    const Value parameters = Value::Object{{"p_threshold", r.p_threshold}, {"n_startup_steps", r.n_startup_steps}};
    Study study({.sampler = samplers().make("random"), .pruner = pruners().make("wilcoxon", parameters)});
    std::vector<int> stops;
    for (int t = 0; t < 14; ++t) {
      const int64_t trial = study.ask();
      double total = 0;
      int stop = 0;
      for (int n = 0; stop == 0 && n < r.n_reports; ++n) {
        const double value = std::floor(4 * ((t * 7919 + n * 104729 + t * n * 31) % 1000 / 1000.0) + t * 5 % 14 / 14.0 * 1.2) / 4;
        study.report(trial, value, n);
        total += value;
        if (study.should_prune(trial)) stop = n + 1;
      }
      stops.push_back(stop);
      if (stop > 0) study.tell_pruned(trial);
      else study.tell(trial, {total / r.n_reports});
    }
    EXPECT_EQ(stops, r.stops) << r.p_threshold << ", " << r.n_reports << " reports";
  }
}

TEST(Pruner, RefusesWhatCannotBe) {
  EXPECT_THROW(pruners().make("threshold"), Error);
  EXPECT_THROW(pruners().make("median", parse_json(R"({"interval_steps": 0})")), Error);
  EXPECT_THROW(pruners().make("hyperband", parse_json(R"({"min_resource": 9, "max_resource": 3})")), Error);
  Study study(
      {.directions = {Direction::Minimize, Direction::Minimize}, .sampler = samplers().make("random"), .pruner = pruners().make("median")});
  EXPECT_THROW(study.should_prune(study.ask()), Error);
}

// No pruner stops a trial that has reported nothing.
TEST(Pruner, WaitsForTheFirstReport) {
  for (const std::string& name : pruners().names()) {
    Study study(
        {.sampler = samplers().make("random"), .pruner = pruners().make(name, parse_json(name == "threshold" ? R"({"upper": 0})" : "{}"))});
    EXPECT_FALSE(study.should_prune(study.ask())) << name;
  }
}

}  // namespace
}  // namespace kolosal
