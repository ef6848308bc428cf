#include "kolosal/models/forms/forest_rounds.h"

#include <gtest/gtest.h>

#include "kolosal/models/learner.h"
#include "kolosal/models/trees/trees_test_rows.h"

namespace kolosal {
namespace {

using namespace trees_test;

std::unique_ptr<Model> fit(const char* learner, const Rows& rows, int n_trees, uint64_t seed = 1) {
  return learners()
      .make(learner, Value(Value::Object{{"n_trees", Value(n_trees)}}))
      ->fit({rows.x, rows.target}, nullptr, context_of(1, seed));
}

const Forest& forest_of(const Model& model) { return dynamic_cast<const ForestModel&>(model).forest(); }

constexpr std::pair<const char*, Task> kCases[] = {{"gradient_boosting", Task::Binary},
                                                   {"gradient_boosting", Task::Multiclass},
                                                   {"gradient_boosting", Task::Regression},
                                                   {"random_forest", Task::Multiclass},
                                                   {"extra_trees", Task::MultiRegression}};

TEST(ForestRounds, PredictRoundByRoundWhatTheirSlicesDo) {
  for (const auto& [learner, task] : kCases) {
    SCOPED_TRACE(std::string(learner) + " " + std::string(enum_name(task)));
    const Rows rows = make_rows(task, 700);
    const auto model = fit(learner, rows, 7);
    StagedPrediction staged(dynamic_cast<const ForestModel&>(*model), rows.x);
    std::vector<double> out(rows.x.n_rows() * model->n_outputs());
    size_t n_rounds = 0;
    while (staged.next(Threads(2), out)) {
      ++n_rounds;
      const ForestModel part(slice_rounds(forest_of(*model), 0, n_rounds));
      const auto expected = predict(part, rows.x);
      for (size_t i = 0; i < out.size(); ++i) ASSERT_NEAR(out[i], expected[i], 1e-12);
    }
    EXPECT_EQ(n_rounds, 7U);
    for (size_t i = 0; const double value : predict(*model, rows.x)) ASSERT_NEAR(out[i++], value, 1e-12);
    EXPECT_EQ(ForestModel(slice_rounds(forest_of(*model), 0, 7)).to_value(), model->to_value());
  }
}

TEST(ForestRounds, PartsOfAForestMakeItAgain) {
  for (const auto& [learner, task] : kCases) {
    const Rows rows = make_rows(task, 700);
    const auto model = fit(learner, rows, 6);
    Forest joined = slice_rounds(forest_of(*model), 0, 2);
    append_trees(joined, slice_rounds(forest_of(*model), 2, 6));
    EXPECT_EQ(predict(ForestModel(std::move(joined)), rows.x), predict(*model, rows.x));
  }
  const auto boosted = fit("gradient_boosting", make_rows(Task::Regression, 700), 6);
  const auto importance = [](Forest forest) { return ForestModel(std::move(forest)).feature_importance(); };
  EXPECT_NE(importance(slice_rounds(forest_of(*boosted), 0, 1)), importance(forest_of(*boosted)));
  EXPECT_THROW(slice_rounds(forest_of(*boosted), 0, 7), Error);
  EXPECT_THROW(slice_rounds(forest_of(*boosted), 3, 2), Error);
  EXPECT_EQ(slice_rounds(forest_of(*boosted), 0, 0).roots.size(), 0U);
  EXPECT_THROW(slice_rounds(forest_of(*fit("random_forest", make_rows(Task::Binary, 100), 2)), 1, 1), Error);
}

TEST(ForestRounds, AMeanPredictsTheMeanOfTheScores) {
  for (const char* learner : {"gradient_boosting", "random_forest"}) {
    const Rows rows = make_rows(Task::Regression, 700);
    const auto a = fit(learner, rows, 4, 1), b = fit(learner, make_rows(Task::Regression, 500, 9), 8, 2);
    const std::vector<const Forest*> both = {&forest_of(*a), &forest_of(*b)};
    const auto mean = predict(ForestModel(mean_of_forests(both)), rows.x), first = predict(*a, rows.x), second = predict(*b, rows.x);
    const double share = std::string_view(learner) == "random_forest" ? 4.0 / 12 : 0.5;
    for (size_t i = 0; i < mean.size(); ++i) ASSERT_NEAR(mean[i], share * first[i] + (1 - share) * second[i], 1e-6);
  }
  const auto a = fit("gradient_boosting", make_rows(Task::Regression, 100), 2),
             b = fit("random_forest", make_rows(Task::Regression, 100), 2);
  const std::vector<const Forest*> unlike = {&forest_of(*a), &forest_of(*b)};
  EXPECT_THROW(mean_of_forests(unlike), Error);
  EXPECT_THROW(mean_of_forests({}), Error);
}

}  // namespace
}  // namespace kolosal
