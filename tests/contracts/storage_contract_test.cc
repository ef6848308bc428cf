// What holds for every storage: for each entry of storages(), alone and shared by studies, threads and processes.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <functional>
#include <limits>
#include <numeric>
#include <thread>

#include "kolosal/base/json.h"
#include "kolosal/tune/study.h"
#include "kolosal/tune/testing/postgres_server.h"

namespace kolosal {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

// A folder that goes with the test.
struct Folder {
  Folder() : path(std::filesystem::temp_directory_path() / ("kolosal-storage-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

class EveryStorage : public testing::TestWithParam<std::string> {
 protected:
  bool is_shared() const { return GetParam() != "memory"; }
  std::shared_ptr<Storage> open(Value::Object parameters = {}) {
    if (!is_shared()) return storages().make(GetParam());
    if (GetParam() == "postgres") {
      if (database_.empty()) database_ = PostgresServer::get().new_database();
      parameters.emplace_back("url", database_);
    } else {
      parameters.emplace_back("path", (folder_.path / "studies").string());
    }
    return storages().make(GetParam(), parameters);
  }
  static Study study(const std::shared_ptr<Storage>& storage, StudyOpening opening = StudyOpening::CreateOrLoad,
                     const std::string& sampler = "random", std::vector<Direction> directions = {Direction::Minimize}) {
    return Study(
        {.name = "s", .directions = std::move(directions), .sampler = samplers().make(sampler), .storage = storage, .opening = opening});
  }
  Folder folder_;
  std::string database_;
};

INSTANTIATE_TEST_SUITE_P(All, EveryStorage, testing::ValuesIn(storages().names()), [](const auto& instance) { return instance.param; });

double suggest_all(Study& study, int64_t trial) {
  const double x = study.suggest_inside(trial, "x", Distribution::real("x", -5, 5));
  study.suggest_inside(trial, "k", Distribution::integer("k", 1, 9, 2));
  study.suggest_inside(trial, "lr", Distribution::real("lr", 1e-3, 1, 0, true));
  study.suggest_inside(trial, "c", Distribution::categorical("c", {"a", Value(), true, 7, 0.5}));
  study.suggest_inside(trial, "q", Distribution::real("q", 0, 1, 0.25));
  return x;
}

TEST_P(EveryStorage, KeepsAllOfATrial) {
  auto storage = open();
  TrialRecord written;
  {
    Study first = study(storage, StudyOpening::Create, "random", {Direction::Minimize, Direction::Maximize});
    first.enqueue({{"x", 1.5}}, Value::Object{{"from", "user"}});
    const int64_t trial = first.ask();
    EXPECT_EQ(suggest_all(first, trial), 1.5);
    first.report(trial, kInf, 4);
    first.report(trial, std::nan(""), 2);
    first.report(trial, 3, 2);  // passed over
    first.set_constraint(trial, "c", -kInf);
    first.set_user_attribute(trial, "note", Value::List{1, Value(), "\"quoted\"\n"});
    first.tell(trial, {-kInf, 0.1});
    first.set_user_attribute(trial, "late", true);
    first.tell_failed(first.ask(), "on purpose");
    first.set_study_attribute("about", Value::Object{{"a", 1}});
    written = first.trial(trial);
  }
  if (is_shared()) storage = open();
  const Study second = study(storage, StudyOpening::Load);
  EXPECT_EQ(second.directions(), (std::vector{Direction::Minimize, Direction::Maximize}));
  EXPECT_EQ(to_json(second.study_attributes()), R"({"about":{"a":1}})");
  ASSERT_EQ(second.n_trials(), 2);
  const TrialRecord read = second.trial(0);
  EXPECT_EQ(read.state, TrialState::Complete);
  ASSERT_EQ(read.parameters.size(), 5);
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(*read.parameters[i].distribution, *written.parameters[i].distribution);
    EXPECT_EQ(read.parameters[i].value, written.parameters[i].value);
    EXPECT_EQ(second.parameter_name(read.parameters[i].parameter), std::vector({"x", "k", "lr", "c", "q"})[i]);
  }
  EXPECT_EQ(read.values, (std::vector{-kInf, 0.1}));
  ASSERT_EQ(read.intermediate.size(), 2);
  EXPECT_TRUE(std::isnan(read.intermediate[0].second));
  EXPECT_EQ(read.intermediate[1], (std::pair{int64_t{4}, kInf}));
  EXPECT_EQ(read.constraints, written.constraints);
  EXPECT_EQ(to_json(read.user_attributes), R"({"from":"user","note":[1,null,"\"quoted\"\n"],"late":true})");
  EXPECT_EQ(to_json(Value(read.fixed)), R"({"x":1.5})");
  EXPECT_NEAR(read.started, written.started, 1e-5);
  EXPECT_NEAR(read.ended, written.ended, 1e-5);
  EXPECT_EQ(second.trial(1).state, TrialState::Failed);
  EXPECT_EQ(second.trial(1).failure, "on purpose");
}

TEST_P(EveryStorage, RefusesWhatIsNotThereOrTaken) {
  const auto storage = open();
  EXPECT_THROW(study(storage, StudyOpening::Load), Error);
  study(storage, StudyOpening::Create);
  EXPECT_THROW(study(storage, StudyOpening::Create), Error);
  const int64_t id = storage->find_study("s").value();
  EXPECT_THROW(storage->write(id, 0, {}), Error);
  EXPECT_THROW(storage->add_trial(id + 100, {}), Error);
  storage->add_trial(id, {});
  storage->write(id, 0, {.state = TrialState::Complete, .values = {1}, .at = 5});
  EXPECT_THROW(storage->write(id, 0, {.state = TrialState::Failed, .at = 5}), Error);
  EXPECT_THROW(storage->write(id, 0, {.intermediate = {{1, 1.0}}}), Error);
  storage->delete_study(id);
  EXPECT_FALSE(storage->find_study("s"));
  EXPECT_TRUE(storage->studies().empty());
  EXPECT_THROW(storage->read(id, 0, {}), Error);
}

TEST_P(EveryStorage, KeepsStudiesApart) {
  const auto storage = open();
  const int64_t a = storage->create_study("a", {Direction::Minimize}), b = storage->create_study("b", {Direction::Maximize});
  for (int i = 0; i < 6; ++i) EXPECT_EQ(storage->start_trial(i % 2 == 0 ? a : b, 1), i / 2);
  storage->set_study_attribute(a, AttributeOwner::User, "k", "1");
  storage->set_study_attribute(a, AttributeOwner::User, "k", "[2]");
  storage->delete_study(a);
  const int64_t c = storage->create_study("a", {Direction::Minimize});
  EXPECT_EQ(storage->studies().size(), 2);
  EXPECT_EQ(storage->study(b).n_trials, 3);
  EXPECT_EQ(storage->study(c).n_trials, 0);
  EXPECT_TRUE(storage->study(c).user_attributes.empty());
  EXPECT_EQ(storage->start_trial(c, 1), 0);
}

TEST_P(EveryStorage, ShowsStudiesTheTrialsOfEachOther) {
  const auto one = open();
  const auto other = is_shared() ? open() : one;
  Study a = study(one), b = study(other);
  a.enqueue({{"x", 2.0}});
  const int64_t first = b.ask();
  EXPECT_EQ(first, 0);
  EXPECT_EQ(b.suggest_inside(first, "x", Distribution::real("x", 0, 4)), 2);
  EXPECT_EQ(a.ask(), 1);
  EXPECT_EQ(a.trial(0).state, TrialState::Running);
  EXPECT_EQ(a.trial(0).parameters.size(), 1);
  b.tell(first, {7});
  EXPECT_EQ(a.trial(0).state, TrialState::Running);
  a.refresh();
  EXPECT_EQ(a.best().values[0], 7);
  // What pruners remember of trials is there for all.
  b.report(b.ask(), 1, 1);
  a.refresh();
  EXPECT_EQ(a.trial(2).intermediate.size(), 1);
}

TEST_P(EveryStorage, GoesOnAsIfTheStudyHadNotStopped) {
  for (const std::string sampler : {"tpe", "nsga2"}) {
    const auto storage = open();
    if (storage->find_study("s")) storage->delete_study(*storage->find_study("s"));
    Study alone({.name = "s", .sampler = samplers().make(sampler)});
    for (int part = 0; part < 3; ++part) {
      Study stored = study(storage, StudyOpening::CreateOrLoad, sampler);
      for (int i = 0; i < 40; ++i)
        for (Study* each : {&alone, &stored}) {
          const int64_t trial = each->ask();
          const double x = suggest_all(*each, trial);
          each->tell(trial, {x * x});
        }
    }
    const Study stored = study(storage, StudyOpening::Load, sampler);
    for (int64_t i = 0; i < 120; ++i) EXPECT_EQ(stored.trial(i).values, alone.trial(i).values) << sampler << i;
  }
}

TEST_P(EveryStorage, NumbersTrialsOfManyThreadsWithoutGap) {
  const auto storage = open();
  std::atomic<int> popped = 0;
  Study first = study(storage);
  for (int i = 0; i < 20; ++i) first.enqueue({{"x", 4.0}});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      Study mine = study(is_shared() && t % 2 == 0 ? open() : storage);
      for (int i = 0; i < 25; ++i) {
        const int64_t trial = mine.ask();
        if (suggest_all(mine, trial) == 4.0) ++popped;
        mine.tell(trial, {static_cast<double>(t)});
      }
    });
  for (std::thread& thread : threads) thread.join();
  first.refresh();
  EXPECT_EQ(first.n_trials(), 100);
  EXPECT_EQ(popped, 20);
  for (int64_t i = 0; i < 100; ++i) EXPECT_EQ(first.trial(i).state, TrialState::Complete);
}

TEST_P(EveryStorage, SurvivesKillsAtAnyMoment) {
  if (!is_shared()) GTEST_SKIP() << "ends with its process";
  Study watched = study(open());  // open across the forks
  int64_t n_before = 0;
  for (int round = 0; round < 8; ++round) {
    std::vector<pid_t> children;
    for (int c = 0; c < 3; ++c) {
      const pid_t child = ::fork();
      if (child == 0) {
        try {
          Study mine = study(open());
          for (;;) {
            const int64_t trial = mine.ask();
            mine.tell(trial, {suggest_all(mine, trial)});
          }
        } catch (...) {
          ::_exit(9);
        }
      }
      children.push_back(child);
    }
    for (int i = 0; i < 3000 && static_cast<int64_t>(watched.n_trials()) == n_before; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      watched.refresh();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1 + 11 * round));
    for (const pid_t child : children) ::kill(child, SIGKILL);
    for (const pid_t child : children) {
      int status = 0;
      ::waitpid(child, &status, 0);
      EXPECT_TRUE(WIFSIGNALED(status)) << "a worker met an error";
    }
    Study after = study(open());
    const auto n = static_cast<int64_t>(after.n_trials());
    EXPECT_GT(n, n_before);
    n_before = n;
    for (int64_t i = 0; i < n; ++i) {
      const TrialRecord trial = after.trial(i);
      EXPECT_TRUE(trial.state == TrialState::Running || (trial.state == TrialState::Complete && trial.parameters.size() == 5 &&
                                                         trial.values == std::vector{trial.parameters[0].value}));
    }
    EXPECT_EQ(after.ask(), n);  // and it goes on
    ++n_before;
    watched.refresh();
  }
}

TEST_P(EveryStorage, FailsAndRetriesTrialsOfSilentWorkers) {
  if (!is_shared()) GTEST_SKIP() << "ends with its process";
  const Value::Object beating = {{"heartbeat_seconds", 0.1}, {"grace_seconds", 1.2}};
  Study mine = study(open(beating));
  const int64_t alive = mine.ask();
  int64_t silent = 0;
  {
    Study other = study(open(beating));
    silent = other.ask();
    suggest_all(other, silent);
  }
  EXPECT_TRUE(mine.fail_stale().empty());
  std::vector<int64_t> failed;
  for (int i = 0; i < 60 && failed.empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    failed = mine.fail_stale();
  }
  EXPECT_EQ(failed, std::vector{silent});
  EXPECT_EQ(mine.trial(silent).state, TrialState::Failed);
  EXPECT_TRUE(mine.retry(silent, 1, false));
  const int64_t again = mine.ask();
  EXPECT_EQ(suggest_all(mine, again), mine.trial(silent).parameters[0].value);
  mine.tell_failed(again, "again");
  EXPECT_FALSE(mine.retry(again, 1, false));
  mine.tell(alive, {1});
  EXPECT_EQ(mine.best().number, alive);
}

TEST_P(EveryStorage, TakesAndGivesStudiesAsJson) {
  Study source({.name = "s", .sampler = samplers().make("tpe")});
  source.set_study_attribute("about", "this");
  for (int i = 0; i < 15; ++i) {
    const int64_t trial = source.ask();
    const double x = suggest_all(source, trial);
    source.report(trial, x, i);
    if (i % 3 == 0) source.tell(trial, {i == 0 ? kInf : x});
    else if (i % 3 == 1) source.tell_pruned(trial);
    else source.tell_failed(trial, "no");
  }
  source.enqueue({{"x", 1.0}});
  const Value exported = parse_json(to_json(source.to_value()));
  Study made = study(open());
  made.add_from_value(exported);
  EXPECT_EQ(to_json(made.to_value()), to_json(exported));
  EXPECT_THROW(study(open({}), StudyOpening::CreateOrLoad).add_from_value(Value::Object{{"format", "other"}}), Error);
}

TEST_P(EveryStorage, RefusesAParameterThatOfAnotherTrialIsSomethingElse) {
  const auto one = open(), other = is_shared() ? open() : one;
  Study a = study(one), b = study(other);
  const int64_t first = a.ask(), second = b.ask();
  a.suggest_inside(first, "c", Distribution::categorical("c", {"p", "q"}));
  EXPECT_THROW(b.suggest_inside(second, "c", Distribution::categorical("c", {"p", "q", "r"})), Error);
  EXPECT_EQ(b.trial(second).parameters.size(), 0);
  b.suggest_inside(second, "x", Distribution::real("x", 0, 1));
  b.suggest_inside(second, "c", Distribution::categorical("c", {"p", "q"}));  // and as the other has it, it is taken
  b.tell(second, {2});
  a.tell(first, {1});
  b.refresh();
  EXPECT_EQ(b.best().number, first);
  const Study third = study(is_shared() ? open() : one, StudyOpening::Load);
  EXPECT_EQ(third.trial(second).parameters.size(), 2);
  EXPECT_THROW(one->add_trial(one->find_study("s").value(), {.parameters = {{"x", Distribution::real("x", 1, 2, 0, true), 1}}}), Error);
}

// What storages of earlier versions, or other programs, hold.
class GivenTrials final : public Storage {
 public:
  std::vector<StoredTrial> trials;
  int64_t create_study(const std::string&, const std::vector<Direction>&) override { return 0; }
  std::optional<int64_t> find_study(const std::string&) override { return 0; }
  std::vector<StoredStudy> studies() override { return {study(0)}; }
  StoredStudy study(int64_t) override { return {.name = "s", .directions = {Direction::Minimize}}; }
  void delete_study(int64_t) override {}
  void set_study_attribute(int64_t, AttributeOwner, const std::string&, const std::string&) override {}
  int64_t add_trial(int64_t, const StoredTrial& trial) override {
    trials.push_back(trial);
    trials.back().number = static_cast<int64_t>(trials.size()) - 1;
    return trials.back().number;
  }
  int64_t start_trial(int64_t, double now) override {
    if (is_broken) throw Error(ErrorCode::Io, "the disk is full");
    return add_trial(0, {.started = now});
  }
  void write(int64_t, int64_t number, const TrialChange& change) override {
    if (is_broken) throw Error(ErrorCode::Io, "the disk is full");
    StoredTrial& trial = trials[static_cast<size_t>(number)];
    for (const StoredParameter& p : change.parameters) trial.parameters.push_back(p);
    for (const auto& one : change.system_attributes) trial.system_attributes.push_back(one);
    if (change.state) trial.state = *change.state, trial.values = change.values;
  }
  std::vector<StoredTrial> read(int64_t, int64_t first, std::span<const std::pair<int64_t, TrialState>>) override {
    return {trials.begin() + first, trials.end()};
  }
  void beat(int64_t, std::span<const int64_t>) override {}
  std::vector<int64_t> fail_stale(int64_t, double) override { return {}; }
  bool is_broken = false;
};

Study study_of(const std::shared_ptr<GivenTrials>& storage, const std::string& sampler = "random",
               std::vector<Direction> directions = {Direction::Minimize}) {
  return Study({.name = "s",
                .directions = std::move(directions),
                .sampler = samplers().make(sampler),
                .storage = storage,
                .opening = StudyOpening::CreateOrLoad});
}

TEST(AStudy, ReadsWhatItCanOfTrialsThatDoNotFitTogether) {
  const auto storage = std::make_shared<GivenTrials>();
  const Distribution two = Distribution::categorical("c", {"p", "q"}), three = Distribution::categorical("c", {"p", "q", "r"});
  storage->add_trial(0, {.state = TrialState::Complete, .parameters = {{"c", two, 1}}, .values = {3}});
  storage->add_trial(
      0, {.state = TrialState::Complete, .parameters = {{"c", three, 2}, {"x", Distribution::real("x", 0, 1), 0.5}}, .values = {1}});
  storage->add_trial(0, {.state = TrialState::Complete, .parameters = {{"c", two, 7}}, .values = {2}});  // there is no choice 7
  storage->add_trial(0, {.state = TrialState::Complete});
  storage->add_trial(0, {.state = TrialState::Complete, .values = {std::nan("")}});
  storage->add_trial(0, {.state = TrialState::Complete,
                         .values = {4},
                         .system_attributes = {{"completed_rung_x", "1"},
                                               {"completed_rung_0", "\"no\""},
                                               {"completed_rung_-1", "1"},
                                               {"fixed_params", "7"},
                                               {"kolosal:failure", "[]"},
                                               {"completed_rung_1", "0.5"}}});
  Study study = study_of(storage);
  ASSERT_EQ(study.n_trials(), 6);
  EXPECT_EQ(study.trial(0).parameters.size(), 1);
  ASSERT_EQ(study.trial(1).parameters.size(), 1);
  EXPECT_EQ(study.parameter_name(study.trial(1).parameters[0].parameter), "x");
  EXPECT_EQ(study.trial(1).state, TrialState::Complete);
  EXPECT_TRUE(study.trial(2).parameters.empty());
  EXPECT_EQ(study.trial(3).state, TrialState::Failed);
  EXPECT_EQ(study.trial(3).failure, "it is complete and has 0 values; the study has 1 objectives");
  EXPECT_EQ(study.trial(4).state, TrialState::Failed);
  EXPECT_EQ(study.trial(5).rungs.size(), 2);
  EXPECT_EQ(study.trial(5).system_attributes.size(), 5);
  EXPECT_EQ(study.best().number, 1);
  storage->add_trial(0, {.state = TrialState::Complete, .values = {0}, .user_attributes = {{"note", "{"}}});  // no JSON
  for (int i = 0; i < 2; ++i) EXPECT_THROW(study.refresh(), Error);  // and nothing of it is taken in
  EXPECT_EQ(study.n_trials(), 6);
  storage->trials.back().user_attributes.clear();
  study.refresh();
  EXPECT_EQ(study.best().number, 6);
}

TEST(AStudy, WritesTheParametersOfACallThatFailedWithTheNext) {
  const auto storage = std::make_shared<GivenTrials>();
  Study study = study_of(storage);
  const int64_t trial = study.ask(), other = study.ask();
  storage->is_broken = true;
  EXPECT_THROW(study.suggest_inside(trial, "x", Distribution::real("x", 0, 1)), Error);
  EXPECT_THROW(study.tell(trial, {1}), Error);
  storage->is_broken = false;
  study.suggest_inside(other, "y", Distribution::real("y", 0, 1));
  study.tell(trial, {1});
  ASSERT_EQ(storage->trials[0].parameters.size(), 1);
  EXPECT_EQ(storage->trials[0].parameters[0].name, "x");
  ASSERT_EQ(storage->trials[1].parameters.size(), 1);
  EXPECT_EQ(storage->trials[1].parameters[0].name, "y");
}

TEST(AStudy, RefusesTrialsInJsonThatAreCompleteWithoutValues) {
  Study source({.name = "s", .sampler = samplers().make("random")});
  source.tell(source.ask(), {1});
  const std::string text = to_json(source.to_value());
  for (const std::string values : {"[]", "[\"NaN\"]", "[1,2]"}) {
    std::string changed = text;
    const auto at = changed.find("\"values\":[1");
    ASSERT_NE(at, std::string::npos);
    changed.replace(at + 9, changed.find(']', at) - at - 8, values);
    Study taking({.name = "t", .sampler = samplers().make("random")});
    EXPECT_THROW(taking.add_from_value(parse_json(changed)), Error) << values;
    EXPECT_EQ(taking.n_trials(), 0);
  }
  Study taking({.name = "t", .sampler = samplers().make("random")});
  taking.add_from_value(parse_json(text));
  EXPECT_EQ(taking.best().values[0], 1);
}

TEST_P(EveryStorage, WritesNothingOfADeletedStudyIntoAnother) {
  for (const std::string name : {"s", "other"}) {
    const auto one = open(), other = is_shared() ? open() : one;
    if (const auto had = one->find_study("s")) one->delete_study(*had);
    Study deleted = study(one);
    const int64_t trial = deleted.ask();
    deleted.suggest_inside(trial, "x", Distribution::real("x", 0, 1));
    other->delete_study(other->find_study("s").value());
    Study next({.name = name, .sampler = samplers().make("random"), .storage = other, .opening = StudyOpening::CreateOrLoad});
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_EQ(next.ask(), 0);
    for (int i = 0; i < 2; ++i) {
      EXPECT_THROW(deleted.tell(trial, {123}), Error);
      EXPECT_THROW(deleted.set_user_attribute(trial, "a", 1), Error);
      if (name != "s") {
        EXPECT_THROW(deleted.ask(), Error);
      }
    }
    next.refresh();
    EXPECT_EQ(next.n_trials(), 1);
    EXPECT_EQ(next.trial(0).state, TrialState::Running);
    EXPECT_EQ(to_json(next.trial(0).user_attributes), "{}");
    other->delete_study(other->find_study(name).value());
  }
}

// Runs `child` in a process that fork makes; whether it ended well within ten seconds.
bool ends_well(const std::function<void()>& child) {
  const pid_t made = ::fork();
  if (made == 0) {
    ::alarm(10);
    try {
      child();
      ::_exit(testing::Test::HasFailure() ? 2 : 0);
    } catch (...) {
      ::_exit(3);
    }
  }
  int status = 0;
  ::waitpid(made, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_P(EveryStorage, GoesOnWithAStudyInAProcessThatForkMade) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer's allocator may stay locked in a process that fork made beside a thread that allocates";
#endif
  const Value::Object beating = is_shared() ? Value::Object{{"heartbeat_seconds", 0.1}, {"grace_seconds", 1.5}} : Value::Object{};
  auto storage = open(beating);
  auto mine = std::make_unique<Study>(StudyOptions{.name = "s", .sampler = samplers().make("random"), .storage = storage});
  const int64_t before = mine->ask();
  std::atomic<bool> stops = false;
  std::thread busy([&] {  // holds the study's lock most of the time
    while (!stops) {
      mine->refresh();
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  });
  for (int i = 0; i < 5; ++i)
    EXPECT_TRUE(ends_well([&] {
      const int64_t trial = mine->ask();
      if (i == 0 && is_shared()) {
        for (int wait = 0; wait < 25; ++wait) {
          std::this_thread::sleep_for(std::chrono::milliseconds(100));
          if (!mine->fail_stale().empty()) ::_exit(4);
        }
      }
      mine->tell(trial, {suggest_all(*mine, trial)});
      mine.reset();
    })) << i;
  stops = true;
  busy.join();
  mine->refresh();
  if (is_shared()) {
    EXPECT_EQ(mine->n_trials(), 6);
  }
  mine->tell(before, {1});
  EXPECT_EQ(mine->trial(before).state, TrialState::Complete);
}

TEST(AStudy, FailsATrialThatItsSamplerCannotPropose) {
  const std::vector<Direction> two = {Direction::Minimize, Direction::Minimize};
  for (const std::string sampler : {"gp", "cmaes"}) {
    Study alone({.name = "s", .directions = two, .sampler = samplers().make(sampler)});
    Study stored({.name = "s", .directions = two, .sampler = samplers().make(sampler), .storage = storages().make("memory")});
    for (Study* study : {&alone, &stored}) {
      for (int i = 0; i < 2; ++i) EXPECT_THROW(study->ask(), Error);
      ASSERT_EQ(study->n_trials(), 2);
      for (const TrialRecord& trial : study->trials()) {
        EXPECT_EQ(trial.state, TrialState::Failed);
        EXPECT_NE(trial.failure.find("takes one objective"), std::string::npos);
      }
    }
  }
}

}  // namespace
}  // namespace kolosal
