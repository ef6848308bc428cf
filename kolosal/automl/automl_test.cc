#include "kolosal/automl/automl.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "kolosal/automl/report.h"
#include "kolosal/base/file.h"
#include "kolosal/base/json.h"
#include "kolosal/base/random.h"

namespace kolosal {
namespace {

// Two numbers, a city and a flag; the class follows the first number and the city.
Table people(size_t n, uint64_t seed = 1) {
  std::vector<double> age(n), height(n);
  std::vector<std::string> city(n), rich(n);
  std::vector<uint8_t> there(n);
  RandomStream random(seed, "people");
  for (size_t i = 0; i < n; ++i) {
    age[i] = 20 + 50 * random.uniform();
    height[i] = 150 + 40 * random.uniform();
    const uint64_t c = random.below(3);
    city[i] = c == 0 ? "Oslo" : c == 1 ? "Rome" : "Lima";
    rich[i] = age[i] + (c == 0 ? 20 : 0) + 8 * random.normal() > 55 ? "yes" : "no";
    there[i] = random.uniform() > 0.05;
  }
  return Table({Column::numeric("age", std::move(age), Validity::from_bytes(there)), Column::numeric("height", std::move(height)),
                Column::text("city", city), Column::text("rich", rich)});
}

TrainOptions quick(const std::string& target) {
  TrainOptions options;
  options.target = {target};
  options.max_models = 3;
  options.seed = 3;
  options.n_folds = 3;
  return options;
}

std::string temporary(const std::string& name) {
  return (std::filesystem::temp_directory_path() / ("kolosal-automl-test-" + std::to_string(getpid()) + "-" + name)).string();
}

const TrainResult& trained() {
  static const TrainResult result = AutoML(quick("rich")).fit(people(400));
  return result;
}

TEST(AutoML, LearnsABinaryTargetAndRecordsWhatItTried) {
  const RunRecord& record = trained().record;
  EXPECT_EQ(record.task, Task::Binary);
  EXPECT_EQ(record.metric, "roc_auc");
  EXPECT_EQ(record.n_folds, 3);
  EXPECT_NEAR(*record.find("constant")->score, 0.5, 0.02);
  EXPECT_GT(*record.find(record.best)->score, 0.85);
  EXPECT_LE(*record.find(record.best)->score_low, *record.find(record.best)->score);
  EXPECT_GT(record.candidates.front().score.value(), record.candidates.back().score.value());
  EXPECT_EQ(record.importance_names.front(), "age");
}

TEST(AutoML, PredictsRowsItHasNotSeen) {
  const Table fresh = people(300, 2);
  const std::vector<MetricScore> scores = evaluate(*trained().predictor, fresh, {"roc_auc", "accuracy"}, {});
  EXPECT_GT(scores[0].score, 0.85);
  EXPECT_LT(scores[0].low, scores[0].score);
  EXPECT_GT(scores[1].score, 0.75);
}

TEST(AutoML, TheSameSeedGivesTheSameBytesOnAnyNumberOfThreads) {
  std::string first;
  for (const int n_threads : {1, 2, 4}) {
    TrainOptions options = quick("rich");
    options.n_threads = n_threads;
    const std::string path = temporary("threads.kolosal");
    AutoML(options).fit(people(400)).save(path);
    const std::string bytes = read_file(path);
    std::filesystem::remove(path);
    if (first.empty()) first = bytes;
    EXPECT_TRUE(bytes == first) << n_threads << " threads";
  }
}

TEST(AutoML, ASavedModelPredictsTheSame) {
  const std::string path = temporary("saved.kolosal");
  trained().save(path);
  const TrainResult loaded = TrainResult::load(path);
  std::filesystem::remove(path);
  const Table fresh = people(100, 3);
  EXPECT_EQ(loaded.predictor->predict(fresh, Threads(1)).values, trained().predictor->predict(fresh, Threads(2)).values);
  EXPECT_EQ(to_value(loaded.record), to_value(trained().record.without_timings()));
}

// The bound is wide, so that a busy machine or a sanitizer does not break it; benchmarks/accuracy_round.py measures the overshoot.
TEST(AutoML, ATimeLimitEndsARunThatWouldTakeLonger) {
  TrainOptions options = quick("rich");
  options.max_models.reset();
  options.time_limit = 2;
  const Stopwatch watch;
  const TrainResult result = AutoML(options).fit(people(60'000));
  EXPECT_LT(watch.seconds(), 10);
  EXPECT_TRUE(result.record.stopped_early);
  EXPECT_TRUE(result.record.find(result.record.best)->score.has_value());
}

TEST(AutoML, ALimitTooShortForAnythingStillGivesTheBaseline) {
  TrainOptions options = quick("rich");
  options.time_limit = 0.01;
  const TrainResult result = AutoML(options).fit(people(2'000));
  EXPECT_TRUE(result.record.find("constant")->score.has_value());
  EXPECT_TRUE(result.record.stopped_early);
}

TEST(AutoML, CancellationKeepsWhatIsThere) {
  TrainRun run;
  struct CancelAfterFirst : TrainCallback {
    CancelToken cancel;
    bool on_candidate_end(const CandidateRecord&) override {
      cancel.cancel();
      return true;
    }
  };
  auto callback = std::make_shared<CancelAfterFirst>();
  callback->cancel = run.cancel;
  run.callbacks = {callback};
  const TrainResult result = AutoML(quick("rich")).fit(people(400), run);
  EXPECT_EQ(result.record.best, "constant");
  EXPECT_TRUE(result.record.stopped_early);
}

TEST(AutoML, AnInterruptedRunGoesOnWhereItStopped) {
  const std::string directory = temporary("run");
  TrainRun run;
  run.run_directory = directory;
  struct Killed : TrainCallback {
    bool on_candidate_end(const CandidateRecord& candidate) override {
      if (candidate.name == "boosting") throw std::runtime_error("killed");
      return true;
    }
  };
  run.callbacks = {std::make_shared<Killed>()};
  EXPECT_THROW(AutoML(quick("rich")).fit(people(400), run), std::runtime_error);
  struct CountFits : TrainCallback {
    int iterations = 0;
    bool on_iteration(const CandidateRecord& candidate, int, const FitProgress&) override {
      iterations += candidate.name == "boosting";
      return true;
    }
  };
  auto counting = std::make_shared<CountFits>();
  run.callbacks = {counting};
  run.resume = true;
  const TrainResult resumed = AutoML(quick("rich")).fit(people(400), run);
  EXPECT_EQ(counting->iterations, 0);
  EXPECT_EQ(to_value(resumed.record.without_timings()), to_value(trained().record.without_timings()));
  EXPECT_FALSE(std::filesystem::exists(directory));
}

TEST(AutoML, AnotherTableCannotResumeARun) {
  const std::string directory = temporary("other-run");
  TrainRun run;
  run.run_directory = directory;
  struct Killed : TrainCallback {
    void on_train_begin(const RunRecord&) override { throw std::runtime_error("killed"); }
  };
  run.callbacks = {std::make_shared<Killed>()};
  EXPECT_THROW(AutoML(quick("rich")).fit(people(400), run), std::runtime_error);
  run.callbacks.clear();
  run.resume = true;
  EXPECT_THROW(AutoML(quick("rich")).fit(people(401), run), Error);
  std::filesystem::remove_all(directory);
}

TEST(AutoML, RefitKeepsOneModelForEachMember) {
  TrainOptions options = quick("rich");
  options.refit = true;
  const TrainResult result = AutoML(options).fit(people(400));
  for (const PredictorMember& member : result.predictor->members()) EXPECT_EQ(member.members.size(), 1U);
  EXPECT_GT(evaluate(*result.predictor, people(300, 2), {"roc_auc"}, {})[0].score, 0.85);
}

TEST(AutoML, RowsWithoutTargetAreCountedAndLeftOut) {
  const Table table = people(100);
  std::vector<std::string> rich;
  std::vector<uint8_t> there;
  for (size_t i = 0; i < 100; ++i) {
    rich.emplace_back(table.column("rich").text(i));
    there.push_back(i % 10 != 0);
  }
  const TrainResult result = AutoML(quick("rich")).fit(table.with_column(Column::text("rich", rich, Validity::from_bytes(there))));
  EXPECT_EQ(result.record.n_rows, 90);
  EXPECT_EQ(result.record.n_rows_without_target, 10);
  EXPECT_NE(result.record.findings.front().find("10 rows"), std::string::npos);
}

TEST(AutoML, SaysWhatIsWrongWithATableItCannotLearnFrom) {
  const auto message = [](const Table& table, const TrainOptions& options) -> std::string {
    try {
      AutoML(options).fit(table);
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing was wrong";
  };
  EXPECT_NE(message(people(10), quick("riich")).find("did you mean 'rich'"), std::string::npos);
  EXPECT_NE(message(people(0), quick("rich")).find("empty"), std::string::npos);
  EXPECT_NE(message(people(1), quick("rich")).find("one row"), std::string::npos);
  EXPECT_NE(message(people(50).with_column(Column::text("rich", std::vector<std::string>(50, "yes"))), quick("rich")).find("class"),
            std::string::npos);
  EXPECT_NE(message(people(50), TrainOptions()).find("target"), std::string::npos);
  TrainOptions wrong_metric = quick("rich");
  wrong_metric.metric = "rmse";
  EXPECT_NE(message(people(50), wrong_metric).find("rmse"), std::string::npos);
}

TEST(Report, IsOnePageThatHoldsTheRun) {
  const std::string page = report_html(trained());
  EXPECT_TRUE(page.starts_with("<!doctype html>"));
  EXPECT_EQ(page.find("{{CONTENT}}"), std::string::npos);
  EXPECT_NE(page.find("\"roc\""), std::string::npos);
  EXPECT_NE(page.find("boosting"), std::string::npos);
}

TEST(Report, NamesFromTheTableCannotBreakOutOfThePage) {
  const Table table = people(200);
  std::vector<std::string> hostile;
  for (size_t i = 0; i < 200; ++i)
    hostile.emplace_back(table.column("rich").text(i) == "yes" ? "</script><script>alert(1)</script>" : "no");
  const std::string page = report_html(AutoML(quick("rich")).fit(table.with_column(Column::text("rich", hostile))));
  EXPECT_EQ(page.find("<script>alert"), std::string::npos);
}

}  // namespace
}  // namespace kolosal
