// What adapters do without the libraries; what they do with them is checked from Python, where those are installed.
#include <gtest/gtest.h>

#include "kolosal/models/adapters/external_booster.h"
#include "kolosal/models/trees/trees_test_rows.h"

namespace kolosal {
namespace {

using namespace trees_test;

TEST(Adapters, SayWhatToInstallWhereTheLibraryIsNotThere) {
  const Rows rows = make_rows(Task::Regression, 50);
  for (const char* name : {"lightgbm", "xgboost"}) {
    const auto learner = learners().make(name, Value(Value::Object{{"library", Value("/none/there.so")}}));
    EXPECT_NE(learner->unavailable().find(std::string("pip install ") + name), std::string::npos) << learner->unavailable();
    try {
      (void)learner->fit({rows.x, rows.target}, nullptr, context_of(1));
      ADD_FAILURE() << "fitted without a library";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::Unsupported);
      EXPECT_NE(error.message().find("/none/there.so"), std::string::npos);
    }
  }
}

TEST(Adapters, PutRowsOfAGroupTogetherAndLeaveOutThoseOfWeightZero) {
  Rows rows = make_rows(Task::Ranking, 6);
  rows.target.group = {2, 1, 2, 1, 1, 0};
  rows.target.values = {0, 1, 2, 3, 4, 5};
  const std::vector<double> weights = {1, 1, 2, 1, 0, 1};
  const ExternalRows made({rows.x, rows.target, weights});
  EXPECT_EQ(made.target, (std::vector<float>{5, 1, 3, 0, 2}));
  EXPECT_EQ(made.group_sizes, (std::vector<int32_t>{1, 2, 2}));
  EXPECT_EQ(made.weights, (std::vector<float>{1, 1, 1, 1, 2}));
  EXPECT_EQ(made.group_weights, (std::vector<float>{1, 1, 1.5}));
  EXPECT_EQ(made.x.at(0, 0), rows.x.at(5, 0));
  const Rows plain = make_rows(Task::Regression, 6);
  const ExternalRows shared({plain.x, plain.target});
  EXPECT_EQ(shared.x.column(0).data(), std::as_const(plain.x).column(0).data());
}

// Losses that are listed.
class Listed : public ExternalBooster {
 public:
  explicit Listed(std::vector<double> losses) : losses_(std::move(losses)) {}
  bool update(int) override { return true; }
  double validation_loss(int round) override { return losses_[static_cast<size_t>(round)]; }
  std::string written(int) override { return {}; }

 private:
  std::vector<double> losses_;
};

TEST(Adapters, KeepTheRoundsThatWereBestAndEndByPatienceOrWhenTold) {
  Listed booster({5, 4, 3, 3.5, 3.2, 3.1, 1});
  const FitContext context = context_of(1);
  EXPECT_EQ(run_rounds(booster, 7, BestRound(3, 0), true, context), 3);
  EXPECT_EQ(run_rounds(booster, 7, BestRound({}, 0), true, context), 7);
  EXPECT_EQ(run_rounds(booster, 5, BestRound(3, 0), false, context), 5);
  FitContext told = context_of(1);
  told.on_iteration = [](const FitProgress& progress) { return progress.iteration < 2; };
  EXPECT_EQ(run_rounds(booster, 7, BestRound(3, 0), true, told), 2);
  told.cancel.cancel();
  EXPECT_THROW(run_rounds(booster, 7, BestRound(3, 0), true, told), Error);
}

TEST(Adapters, SettingsOfTheUserOverrideTheirs) {
  using Settings = std::vector<std::pair<std::string, std::string>>;
  const Value extra(Value::Object{{"b", Value(true)}, {"c", Value("x")}, {"d", Value(0.5)}});
  EXPECT_EQ(merged_settings({{"a", "1"}, {"b", "2"}}, extra), (Settings{{"a", "1"}, {"b", "true"}, {"c", "x"}, {"d", "0.5"}}));
  EXPECT_TRUE(higher_is_better("ndcg@5") && higher_is_better("auc") && !higher_is_better("rmse"));
}

}  // namespace
}  // namespace kolosal
