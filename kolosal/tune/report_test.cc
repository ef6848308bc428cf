#include "kolosal/tune/report.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <thread>

#include "kolosal/base/json.h"

namespace kolosal {
namespace {

TEST(StudyReport, HoldsEveryTrialOfASmallStudyAndIsOnePage) {
  Study study({.name = "</script><b>", .sampler = samplers().make("random")});
  for (int i = 0; i < 30; ++i) {
    const int64_t trial = study.ask();
    const double x = study.suggest(trial, "</script>x", Distribution::real("x", 1e-3, 1, 0, true)).as_real();
    study.suggest(trial, "c", Distribution::categorical("c", {"<i>", Value(), true, 2}));
    study.report(trial, i == 3 ? std::nan("") : x, 1);
    if (i % 3 == 0) study.tell_pruned(trial);
    else if (i % 3 == 1) study.tell_failed(trial, "<script>alert(1)</script>");
    else study.tell(trial, {i == 5 ? std::numeric_limits<double>::infinity() : x});
  }
  const Value report = study_report(study);
  EXPECT_EQ(report.at("n_trials").as_integer(), 30);
  EXPECT_EQ(report.at("trials").as_list().size(), 30);
  EXPECT_EQ(report.at("states").at("pruned").as_integer(), 10);
  EXPECT_EQ(report.at("best").as_list().size(), 1);
  EXPECT_EQ(report.at("importances").as_list().size(), 2);
  EXPECT_EQ(report.at("trials").as_list()[5].at("values").as_list()[0].as_text(), "Infinity");
  const std::string page = study_report_html(study);
  size_t n_ends = 0;
  for (size_t at = page.find("</script>"); at != std::string::npos; at = page.find("</script>", at + 1)) ++n_ends;
  EXPECT_EQ(n_ends, 2);
  EXPECT_EQ(page.find("http://", 0) == std::string::npos ? 0 : 1, 1);  // the name of SVG elements alone
  EXPECT_EQ(page.find("https://"), std::string::npos);
}

TEST(StudyReport, OfManyTrialsKeepsThoseThatWereBest) {
  Study study({.name = "s", .sampler = samplers().make("random")});
  std::vector<double> best;
  double least = 1e9;
  for (int i = 0; i < 5000; ++i) {
    const int64_t trial = study.ask();
    const double x = study.suggest(trial, "x", Distribution::real("x", 0, 1)).as_real();
    study.tell(trial, {x});
    if (x < least) best.push_back(least = x);
  }
  const Value report = study_report(study);
  const Value::List& trials = report.at("trials").as_list();
  EXPECT_LE(trials.size(), 3000 + best.size());
  EXPECT_GE(trials.size(), 2900);
  for (const double value : best)
    EXPECT_TRUE(std::any_of(trials.begin(), trials.end(), [&](const Value& t) { return t.at("values").as_list()[0].as_real() == value; }));
  EXPECT_EQ(trials.back().at("number").as_integer(), 4999);
}

TEST(StudyReport, CanBeMadeWhileTrialsRun) {
  Study study({.name = "s", .sampler = samplers().make("random")});
  std::atomic<bool> done = false;
  std::thread worker([&] {
    for (int i = 0; i < 600; ++i) {
      const int64_t trial = study.ask();
      if (i % 100 == 99) study.suggest(trial, "x" + std::to_string(i), Distribution::real("x", 0, 1));
      study.tell(trial, {static_cast<double>(-i)});
      std::this_thread::yield();
    }
    done = true;
  });
  while (!done) {
    const Value report = study_report(study);
    for (const Value& best : report.at("best").as_list()) EXPECT_LT(best.as_integer(), report.at("n_trials").as_integer());
    for (const Value& trial : report.at("trials").as_list())
      EXPECT_LE(trial.at("params").as_list().size(), report.at("parameters").as_list().size());
  }
  worker.join();
  EXPECT_EQ(study_report(study).at("best").as_list()[0].as_integer(), 599);
}

TEST(StudyReport, OfNoTrialsIsAPageToo) {
  Study study({.name = "s", .directions = {Direction::Minimize, Direction::Maximize}, .sampler = samplers().make("random")});
  EXPECT_NE(study_report_html(study).find("\"n_trials\":0"), std::string::npos);
}

}  // namespace
}  // namespace kolosal
