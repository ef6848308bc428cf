#include "kolosal/models/trees/binned_rows.h"

#include <gtest/gtest.h>

#include <limits>

#include "kolosal/models/trees/trees_test_rows.h"

namespace kolosal {
namespace {

using namespace trees_test;

FitContext sharing_context(int n_threads = 1) {
  FitContext context = context_of(n_threads);
  context.share_work();
  return context;
}

std::shared_ptr<const BinnedRows> binned(const Rows& rows, const FitContext& context, std::span<const double> weights = {},
                                         int max_bins = 255) {
  return bin_rows(TrainingRows({rows.x, rows.target, weights}), max_bins, false, context);
}

TEST(BinnedRows, AreMadeAnewForEachFitWithoutACache) {
  const Rows rows = make_rows(Task::Regression, 300);
  const FitContext context = context_of(1);
  EXPECT_NE(binned(rows, context), binned(rows, context));
}

TEST(BinnedRows, AreFoundWhereTheNumbersAreTheSameWhereverTheyLie) {
  const Rows rows = make_rows(Task::Regression, 300);
  const FitContext context = sharing_context();
  const auto first = binned(rows, context);
  EXPECT_EQ(first, binned(rows, context));
  EXPECT_EQ(first, binned(make_rows(Task::Regression, 300), context));
  EXPECT_EQ(first, binned(make_rows(Task::Binary, 300), context)) << "whatever the targets are";
  EXPECT_EQ(context.cache->n_found(), 3);
  EXPECT_EQ(context.memory->used(), context.cache->n_bytes());
}

TEST(BinnedRows, AreFoundWhereTheRowsOfWeightZeroAreLeftOut) {
  const Rows rows = make_rows(Task::Regression, 3000);
  std::vector<double> weights(3000, 1.0);
  std::vector<uint32_t> kept;
  for (uint32_t row = 0; row < 3000; ++row)
    if (row % 7 == 3) weights[row] = 0;
    else kept.push_back(row);
  const FitContext context = sharing_context();
  const auto first = binned(rows, context, weights);
  EXPECT_EQ(first->matrix.n_rows(), kept.size());
  const Rows taken{rows.x.take(kept), rows.target.take(kept)};
  EXPECT_EQ(first, binned(taken, context)) << "left out or taken out";
  EXPECT_NE(first, binned(rows, context));
  weights[4] = 0;
  weights[3] = 1;
  EXPECT_NE(first, binned(rows, context, weights)) << "as many rows, but others";
}

TEST(BinnedRows, AreNotFoundWhereAnythingThatBinsDependOnDiffers) {
  const Rows rows = make_rows(Task::Regression, 300);
  std::vector<double> weights(300, 1.0);
  const FitContext context = sharing_context();
  const auto first = binned(rows, context);
  EXPECT_NE(first, binned(rows, context, {}, 254));
  weights[7] = 2;
  const auto weighted = binned(rows, context, weights);
  EXPECT_NE(first, weighted);
  weights[7] = 3;
  EXPECT_NE(weighted, binned(rows, context, weights));
  Rows other = make_rows(Task::Regression, 300);
  other.x.column(4)[299] = std::nextafter(other.x.at(299, 4), 10.0F);
  EXPECT_NE(first, binned(other, context));
  FeatureMatrix more({{"a", 0}, {"b", 0}, {"holes", 0}, {"category", 13}, {"noise", 0}}, 300);
  for (size_t f = 0; f < 5; ++f) std::ranges::copy(std::as_const(rows.x).column(f), more.column(f).begin());
  EXPECT_NE(first, bin_rows(TrainingRows({more, rows.target}), 255, false, context)) << "one more category";
  EXPECT_NE(first, bin_rows(TrainingRows({rows.x, rows.target}), 255, true, context)) << "with columns";
  EXPECT_EQ(context.cache->n_found(), 0);
}

TEST(BinnedRows, HeldOutAreFoundOnlyForTheSameRowsLearntFrom) {
  const Rows train = make_rows(Task::Regression, 300), other = make_rows(Task::Regression, 300, 1),
             held_out = make_rows(Task::Regression, 90, 2);
  const FitContext context = sharing_context();
  const TrainingRows rows({held_out.x, held_out.target});
  const auto learnt = binned(train, context);
  const auto first = bin_rows_like(*learnt, rows, context);
  EXPECT_EQ(first, bin_rows_like(*learnt, rows, context));
  EXPECT_EQ(first->bins, learnt->bins);
  EXPECT_NE(first, bin_rows_like(*binned(other, context), rows, context));
}

// Fits of different parameters on the same rows, one after the other.
std::vector<Value> fits_in_turn(const TrainingSet& train, const TrainingSet* validation, FitContext context) {
  std::vector<Value> models;
  for (const double rate : {0.1, 0.2, 0.3})
    models.push_back(model_to_value(*learners()
                                         .make("gradient_boosting", Value(Value::Object{{"n_trees", Value(400)},
                                                                                        {"learning_rate", Value(rate)},
                                                                                        {"growth", Value("leaf")},
                                                                                        {"class_weight", Value("balanced")}}))
                                         ->fit(train, validation, context)));
  return models;
}

TEST(BinnedRows, SharedOrNotGiveTheSameModels) {
  const Rows train = make_rows(Task::Binary, 20'000), held_out = make_rows(Task::Binary, 500, 1);
  const TrainingSet set{train.x, train.target}, validation{held_out.x, held_out.target};
  const FitContext context = sharing_context(2);
  EXPECT_EQ(fits_in_turn(set, &validation, context), fits_in_turn(set, &validation, context_of(1)));
  EXPECT_EQ(context.cache->n_found(), 4);
}

TEST(BinnedRows, MakeWayWhereAFitNeedsTheirMemory) {
  const Rows rows = make_rows(Task::Regression, 2000);
  FitContext tight = context_of(1);
  tight.memory = std::make_shared<MemoryBudget>(size_t{1} << 20);
  tight.share_work();
  const std::vector<Value> before = [&] {
    FitContext alone = tight;
    alone.cache = nullptr;
    Rows targets = make_rows(Task::Binary, 2000);
    return fits_in_turn({targets.x, targets.target}, nullptr, alone);
  }();
  // So many other rows that little is left.
  for (uint64_t seed = 1; seed < 40; ++seed) (void)binned(make_rows(Task::Regression, 2000, seed), tight);
  EXPECT_GT(tight.memory->used(), size_t{200'000});
  const Rows targets = make_rows(Task::Binary, 2000);
  EXPECT_EQ(before, fits_in_turn({targets.x, targets.target}, nullptr, tight));
}

}  // namespace
}  // namespace kolosal
