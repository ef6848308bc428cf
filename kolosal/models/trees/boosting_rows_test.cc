// Gradient boosting: rows held out, little memory, and directions of leaves that are quantiles.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kolosal/models/trees/trees_test_rows.h"

namespace kolosal {
namespace {

using namespace trees_test;

std::unique_ptr<Learner> booster(Value::Object parameters) { return learners().make("gradient_boosting", Value(std::move(parameters))); }

std::unique_ptr<Learner> quick_booster() { return booster({{"n_trees", Value(10)}}); }

TEST(BoostingRows, KeepsTheRoundsThatThereIsMemoryFor) {
  const Rows train = make_rows(Task::Regression, 500);
  const auto learner = booster({{"n_trees", Value(2000)}, {"growth", Value("leaf")}, {"row_fraction", Value(1)}});
  FitContext tight = context_of(1);
  tight.memory = std::make_shared<MemoryBudget>(size_t{1} << 20);
  size_t most = 0;
  tight.on_iteration = [&](const FitProgress&) { return most = std::max(most, tight.memory->used()), true; };
  const auto model = learner->fit({train.x, train.target}, nullptr, tight);
  EXPECT_GT(model->n_iterations(), 20U);
  EXPECT_LT(model->n_iterations(), 2000U);
  EXPECT_GT(most, size_t{900} << 10);
  EXPECT_EQ(tight.memory->used(), 0U);
}

TEST(BoostingRows, StopsByRowsHeldOutWhoseClassesCountAsThoseLearntFrom) {
  const Rows train = make_rows(Task::Binary, 800), held_out = make_rows(Task::Binary, 400, 1);
  std::vector<double> sums(2, 0.0), weights;
  for (const double y : held_out.target.values) sums[static_cast<size_t>(y)] += 1;
  for (const double y : held_out.target.values) weights.push_back(400 / (2 * sums[static_cast<size_t>(y)]));
  const TrainingSet plain{held_out.x, held_out.target}, weighted{held_out.x, held_out.target, weights};
  const auto losses = [&](const TrainingSet& validation) {
    std::vector<double> told;
    FitContext context = context_of(1);
    context.on_iteration = [&](const FitProgress& progress) { return told.push_back(progress.validation_loss), true; };
    (void)booster({{"n_trees", Value(5)}, {"class_weight", Value("balanced")}})->fit({train.x, train.target}, &validation, context);
    return told;
  };
  const auto ours = losses(plain), theirs = losses(weighted);
  for (size_t i = 0; i < 5; ++i) EXPECT_NEAR(ours[i], theirs[i], 1e-12);
}

TEST(BoostingRows, RefusesRowsHeldOutThatAreNotLikeThoseLearntFrom) {
  const Rows train = make_rows(Task::Binary, 200), good = make_rows(Task::Binary, 100, 1);
  const auto refuses = [&](const FeatureMatrix& x, const Target& target, std::span<const double> weights = {}) {
    const TrainingSet validation{x, target, weights};
    EXPECT_THROW(quick_booster()->fit({train.x, train.target}, &validation, context_of(1)), Error);
  };
  refuses(FeatureMatrix({{"a", 0}}, 100), good.target);
  refuses(good.x, make_rows(Task::Binary, 50).target);
  refuses(good.x, make_rows(Task::Regression, 100).target);
  refuses(good.x, make_rows(Task::Multiclass, 100).target);
  refuses(good.x, good.target, std::vector<double>(99, 1.0));
  Target unknown = good.target;
  unknown.values[3] = 7;
  refuses(good.x, unknown);
  Rows ranked = make_rows(Task::Ranking, 200);
  ranked.target.group.resize(150);
  EXPECT_THROW(quick_booster()->fit({ranked.x, ranked.target}, nullptr, context_of(1)), Error);
}

TEST(BoostingRows, RisesAsToldByQuantilesOfTargetsOfAnySize) {
  for (const char* growth : {"leaf", "symmetric"})
    for (const char* loss : {"absolute", "quantile"}) {
      SCOPED_TRACE(std::string(growth) + " " + loss);
      Rows train = make_rows(Task::Regression, 2000);
      double spread = 0, error = 0;
      for (size_t i = 0; i < 2000; ++i) train.target.values[i] = 1000 * (train.x.at(i, 0) + 0.5 * std::sin(5 * train.x.at(i, 0)));
      const auto model = booster({{"loss", Value(loss)},
                                  {"growth", Value(growth)},
                                  {"n_trees", Value(60)},
                                  {"learning_rate", Value(0.2)},
                                  {"monotone", Value(Value::List{1, 0, 0, 0, 0})}})
                             ->fit({train.x, train.target}, nullptr, context_of(2));
      const auto out = predict(*model, train.x);
      for (size_t i = 0; i < 2000; ++i) {
        spread += std::abs(train.target.values[i]);
        error += std::abs(train.target.values[i] - out[i]);
      }
      EXPECT_LT(error, 0.3 * spread);
      FeatureMatrix line(train.x.features(), 100);
      for (size_t i = 0; i < 100; ++i) {
        for (size_t f = 1; f < 5; ++f) line.column(f)[i] = train.x.at(7, f);
        line.column(0)[i] = -3 + 0.06F * static_cast<float>(i);
      }
      const auto along = predict(*model, line);
      EXPECT_TRUE(std::ranges::is_sorted(along));
    }
}

}  // namespace
}  // namespace kolosal
