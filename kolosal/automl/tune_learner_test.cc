#include "kolosal/automl/tune_learner.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "kolosal/base/json.h"
#include "kolosal/base/random.h"
#include "kolosal/models/learner.h"
#include "kolosal/tune/storage_address.h"

namespace kolosal {
namespace {

// 200 rows whose target is a line of one of three columns, and noise.
Table made_table(uint64_t seed = 1) {
  constexpr size_t kRows = 200;
  std::vector<std::vector<double>> x(3, std::vector<double>(kRows));
  std::vector<double> y(kRows);
  for (size_t row = 0; row < kRows; ++row) {
    RandomStream random(seed, "made", row);
    for (auto& column : x) column[row] = random.normal();
    y[row] = 3 * x[0][row] + 0.5 * random.normal();
  }
  std::vector<Column> columns;
  for (size_t j = 0; j < x.size(); ++j) columns.push_back(Column::numeric("x" + std::to_string(j), std::move(x[j])));
  columns.push_back(Column::numeric("y", std::move(y)));
  return Table(std::move(columns));
}

TrainOptions table_options() {
  TrainOptions options;
  options.target = {"y"};
  options.n_threads = 1;
  options.n_folds = 3;
  return options;
}

TuneOptions ridge(int64_t trials) {
  TuneOptions options;
  options.learner = "ridge";
  options.trials = trials;
  return options;
}

std::string parameters_of(const TuneResult& result) {
  std::string text;
  for (int64_t i = 0; i < static_cast<int64_t>(result.study->n_trials()); ++i) {
    const TrialRecord trial = result.study->trial(i);
    text += to_json(Value(trial_parameters(*result.study, trial))) + " " + to_json(Value(trial.values[0])) + "\n";
  }
  return text;
}

class Listener final : public TuneListener {
 public:
  void on_fold(int64_t, int64_t) override { ++n_folds; }
  void on_trial(const Study& study, const TrialRecord&) override {
    if (static_cast<int64_t>(study.n_trials()) == cancel_after) token.cancel();
  }
  int64_t n_folds = 0, cancel_after = -1;
  CancelToken token;
};

TEST(LearnerSpace, HasTheRangesOfTheLearnersTable) {
  const SearchSpace space = learner_space("gradient_boosting", {{"max_leaves", 31}});
  const auto& parameters = space.parameters();
  const auto find = [&](std::string_view name) {
    return std::ranges::find_if(parameters, [&](const DeclaredParameter& p) { return p.name == name; });
  };
  ASSERT_NE(find("learning_rate"), parameters.end());
  EXPECT_TRUE(find("learning_rate")->distribution.log);
  EXPECT_EQ(find("min_rows_in_leaf")->distribution.kind, ParameterKind::Int);
  EXPECT_EQ(find("max_leaves"), parameters.end());
  EXPECT_THROW(learner_space("constant"), Error);
}

TEST(LearnerSpace, IsThereForEveryLearnerWithARange) {
  for (const auto& entry : learners().entries()) {
    const bool any = std::ranges::any_of(entry.parameters.fields, [](const FieldSpec& field) { return field.search.has_value(); });
    if (!any) continue;
    const SearchSpace space = learner_space(entry.name);
    for (const DeclaredParameter& parameter : space.parameters()) {
      for (const double share : {0.0, 0.5, std::nextafter(1.0, 0.0)}) {
        const Value value = parameter.distribution.outside(parameter.distribution.at_share(share));
        EXPECT_NO_THROW(check_field(*entry.parameters.find(parameter.name), value, entry.name)) << parameter.name;
      }
    }
  }
}

TEST(TuneLearner, BeginsWithTheDefaultsAndIsNotWorse) {
  TuneOptions options;
  options.trials = 6;
  options.set = {"n_trees=10"};
  const TuneResult result = tune_learner(made_table(), table_options(), options);
  EXPECT_EQ(result.n_trials, 6);
  const ParameterTable& declared = learners().at("gradient_boosting").parameters;
  int n_defaults = 0;
  for (const auto& [name, value] : trial_parameters(*result.study, result.study->trial(0))) {
    const Value& usual = declared.find(name)->default_value;
    if (usual.is_null()) continue;
    EXPECT_EQ(value.as_real(), usual.as_real()) << name;
    ++n_defaults;
  }
  EXPECT_GT(n_defaults, 3);
  EXPECT_LE(result.best.values[0], result.study->trial(0).values[0]);
  EXPECT_FALSE(result.task.higher_is_better);
  EXPECT_EQ(result.study->trial(0).intermediate.size(), 3);
}

TEST(TuneLearner, GivesTheSameTrialsOnAnyNumberOfThreads) {
  TrainOptions one = table_options(), four = table_options();
  four.n_threads = 4;
  const std::string first = parameters_of(tune_learner(made_table(), one, ridge(8)));
  EXPECT_EQ(parameters_of(tune_learner(made_table(), four, ridge(8))), first);
  one.seed = 7;
  EXPECT_NE(parameters_of(tune_learner(made_table(), one, ridge(8))), first);
}

TEST(TuneLearner, KeepsWhatIsFixedAndTakesAGivenSpace) {
  TuneOptions options = ridge(4);
  options.set = {"fit_intercept=false"};
  options.space = parse_json(R"({"parameters": {"l2": {"type": "float", "low": 10, "high": 20}}})");
  const TuneResult result = tune_learner(made_table(), table_options(), options);
  for (const auto& [name, value] : result.parameters) {
    if (name == "l2") {
      EXPECT_GE(value.as_real(), 10);
    } else {
      EXPECT_FALSE(value.as_bool());
    }
  }
  EXPECT_EQ(result.parameters.size(), 2);
  options.set = {"l2=3"};
  EXPECT_THROW(check_tune_options(options), Error);
  options.set = {};
  options.space = parse_json(R"({"parameters": {"l3": {"type": "float", "low": 10, "high": 20}}})");
  EXPECT_THROW(check_tune_options(options), Error);
}

TEST(TuneLearner, GoesOnInAStorageWithTheSameObjectiveOnly) {
  const std::string path = (std::filesystem::temp_directory_path() / ("kolosal-tune-" + std::to_string(::getpid()) + ".log")).string();
  std::filesystem::remove(path);
  TuneOptions options = ridge(3);
  options.storage = "journal:///" + path;
  const TuneResult first = tune_learner(made_table(), table_options(), options);
  const TuneResult second = tune_learner(made_table(), table_options(), options);
  EXPECT_EQ(second.task.n_trials_before, 3);
  EXPECT_EQ(second.study->n_trials(), 6);
  EXPECT_EQ(parameters_of(second), parameters_of(tune_learner(made_table(), table_options(), ridge(6))));
  EXPECT_THROW(tune_learner(made_table(2), table_options(), options), Error);
  TrainOptions other = table_options();
  other.n_folds = 4;
  EXPECT_THROW(tune_learner(made_table(), other, options), Error);
  options.study = "another";
  EXPECT_EQ(tune_learner(made_table(), other, options).study->n_trials(), 3);
  std::filesystem::remove(path);
}

// Another worker that ends a trial under way, as one does that takes it for stale.
class Meddler final : public TuneListener {
 public:
  explicit Meddler(std::string storage) : storage_(std::move(storage)) {}
  void on_begin(const TuneTask& task) override { study_ = task.study; }
  void on_fold(int64_t trial, int64_t fold) override {
    if (trial != 1 || fold != 1) return;
    Study other({.name = study_,
                 .sampler = samplers().make("random", Value(Value::Object{})),
                 .storage = open_storage(storage_),
                 .opening = StudyOpening::Load});
    other.tell_failed(trial, "taken for stale");
  }
  void on_trial(const Study&, const TrialRecord& trial) override { states.push_back(trial.state); }
  std::vector<TrialState> states;

 private:
  std::string storage_, study_;
};

TEST(TuneLearner, GoesOnWhereAnotherWorkerHasEndedItsTrial) {
  const std::string path = (std::filesystem::temp_directory_path() / ("kolosal-meddled-" + std::to_string(::getpid()) + ".log")).string();
  std::filesystem::remove(path);
  TuneOptions options = ridge(4);
  options.storage = "journal:///" + path;
  Meddler meddler(options.storage);
  TuneRun run;
  run.listener = &meddler;
  EXPECT_EQ(tune_learner(made_table(), table_options(), options, run).n_trials, 4);
  EXPECT_EQ(meddler.states, (std::vector{TrialState::Complete, TrialState::Failed, TrialState::Complete, TrialState::Complete}));
  std::filesystem::remove(path);
}

TEST(TuneLearner, EndsTrialsEarlyWhereAPrunerIsNamed) {
  TuneOptions options = ridge(20);
  options.pruner = "median";
  options.pruner_parameters = Value(Value::Object{{"n_startup_trials", 2}});
  Listener listener;
  TuneRun run;
  run.listener = &listener;
  const TuneResult result = tune_learner(made_table(), table_options(), options, run);
  int64_t n_pruned = 0;
  for (int64_t i = 0; i < 20; ++i) n_pruned += result.study->trial(i).state == TrialState::Pruned;
  EXPECT_GT(n_pruned, 2);
  EXPECT_LT(listener.n_folds, 60 - n_pruned);
}

TEST(TuneLearner, StopsOnRequestAndInTime) {
  Listener listener;
  listener.cancel_after = 5;
  TuneRun run;
  run.listener = &listener;
  run.cancel = listener.token;
  EXPECT_EQ(tune_learner(made_table(), table_options(), ridge(1000), run).n_trials, 5);
  EXPECT_THROW(tune_learner(made_table(), table_options(), ridge(1000), run), Error);  // the token is still set
  TrainOptions timed = table_options();
  timed.time_limit = 0.3;
  TuneOptions endless = ridge(1);
  endless.trials.reset();
  const Stopwatch watch;
  EXPECT_GT(tune_learner(made_table(), timed, endless).n_trials, 1);
  EXPECT_LT(watch.seconds(), 3);
}

TEST(TuneLearner, SaysWhyNoTrialWasComplete) {
  TuneOptions options;
  options.learner = "gradient_boosting";
  options.space = parse_json(R"({"parameters": {"learning_rate": {"type": "float", "low": 2, "high": 3}}})");
  try {
    tune_learner(made_table(), table_options(), options);
    FAIL() << "a learning rate of 2 was taken";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("learning_rate"), std::string::npos) << error.message();
  }
}

}  // namespace
}  // namespace kolosal
