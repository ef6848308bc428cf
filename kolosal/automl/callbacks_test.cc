#include "kolosal/automl/callbacks.h"

#include <gtest/gtest.h>

namespace kolosal {
namespace {

CandidateRecord scored(double score) {
  CandidateRecord record;
  record.name = "a";
  record.score = score;
  return record;
}

TEST(IterationEarlyStopping, EndsAFitThatHasNotImprovedForItsPatience) {
  IterationEarlyStopping stopping("validation_loss", 2, 0.1);
  CandidateRecord candidate;
  EXPECT_TRUE(stopping.on_iteration(candidate, 0, {1, 10, 0, 1.00}));
  EXPECT_TRUE(stopping.on_iteration(candidate, 0, {2, 10, 0, 0.95}));  // less than min_delta better
  EXPECT_TRUE(stopping.on_iteration(candidate, 1, {1, 10, 0, 5.00}));  // another fold has a patience of its own
  EXPECT_FALSE(stopping.on_iteration(candidate, 0, {3, 10, 0, 0.95}));
}

TEST(IterationEarlyStopping, MonitorsTheLossItIsToldTo) {
  IterationEarlyStopping stopping("train_loss", 1, 0);
  CandidateRecord candidate;
  EXPECT_TRUE(stopping.on_iteration(candidate, 0, {1, 10, 1.0, 1.0}));
  EXPECT_TRUE(stopping.on_iteration(candidate, 0, {2, 10, 0.5, 2.0}));
  EXPECT_FALSE(stopping.on_iteration(candidate, 0, {3, 10, 0.6, 0.1}));
  EXPECT_THROW(IterationEarlyStopping("accuracy", 1, 0), Error);
}

TEST(CandidateEarlyStopping, CountsModelsWithoutGainInTheMetricsDirection) {
  CandidateEarlyStopping stopping(2, 0.0, true);
  EXPECT_TRUE(stopping.on_candidate_end(scored(0.8)));
  EXPECT_TRUE(stopping.on_candidate_end(scored(0.7)));
  EXPECT_TRUE(stopping.on_candidate_end(scored(0.9)));
  EXPECT_TRUE(stopping.on_candidate_end(scored(0.9)));
  EXPECT_FALSE(stopping.on_candidate_end(scored(0.85)));
}

TEST(MetricHistory, KeepsEveryLoss) {
  MetricHistory history;
  history.on_iteration(scored(1), 3, {5, 10, 0.25, 0.5});
  ASSERT_EQ(history.entries().size(), 1U);
  EXPECT_EQ(history.entries()[0].fold, 3);
  EXPECT_EQ(history.entries()[0].progress.train_loss, 0.25);
}

TEST(LoggingCallback, SaysWhyACandidateFailed) {
  std::vector<std::string> lines;
  LoggingCallback logging([&](const std::string& line) { lines.push_back(line); });
  CandidateRecord failed;
  failed.name = "forest";
  failed.status = CandidateStatus::Failed;
  failed.reason = "memory ran out";
  logging.on_candidate_end(failed);
  EXPECT_EQ(lines, std::vector<std::string>{"forest: failed (memory ran out)"});
}

}  // namespace
}  // namespace kolosal
