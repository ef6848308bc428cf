#include "kolosal/validation/cross_validate.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <mutex>
#include <thread>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

// A number that is the target plus noise, and a category; `shift` changes the last rows only.
SupervisedRows rows_of(size_t n, double shift) {
  std::vector<double> x(n), y(n);
  std::vector<int32_t> codes(n);
  RandomStream random(4, "rows");
  for (size_t i = 0; i < n; ++i) {
    x[i] = random.normal() + (i >= n / 2 ? shift : 0.0);
    codes[i] = static_cast<int32_t>(random.below(3));
    y[i] = 2 * x[i] + codes[i] + 0.1 * random.normal();
  }
  const auto levels = std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"a", "b", "c"});
  return {Table({Column::numeric("x", std::move(x)), Column::categorical("c", std::move(codes), levels)}),
          Target{Task::Regression, n, 1, std::move(y), {}, {}},
          {}};
}

Schema schema_of() {
  Schema schema;
  schema.columns = {{"x", ColumnKind::Numeric, ColumnRole::Feature, "", 0, 100, {}},
                    {"c", ColumnKind::Categorical, ColumnRole::Feature, "", 0, 3, {"a", "b", "c"}}};
  return schema;
}

std::vector<Fold> first_half_trains(size_t n) {
  Fold fold;
  for (uint32_t i = 0; i < n; ++i) (i < n / 2 ? fold.train : fold.valid).push_back(i);
  return {fold};
}

TEST(PreparedFolds, HeldOutRowsChangeNothingThatWasLearnt) {
  const Schema schema = schema_of();
  const SupervisedRows plain = rows_of(100, 0), shifted = rows_of(100, 1000);
  const FeatureNeeds needs{false, false, true};
  const PreparedFolds a(plain, schema, first_half_trains(100)), b(shifted, schema, first_half_trains(100));
  EXPECT_EQ(a.prepare(needs, 0, 1, {})->pipeline->to_value(), b.prepare(needs, 0, 1, {})->pipeline->to_value());
}

TEST(PreparedFolds, LearnersWithTheSameNeedsShareOnePreparation) {
  const Schema schema = schema_of();
  const SupervisedRows rows = rows_of(60, 0);
  const PreparedFolds folds(rows, schema, make_folds({60, {}, {}, {}, {}}, {}, 1));
  const FeatureNeeds needs{true, true, false};
  EXPECT_EQ(folds.prepare(needs, 0, 1, {}).get(), folds.prepare(needs, 0, 1, {}).get());
  EXPECT_NE(folds.prepare(needs, 0, 1, {}).get(), folds.prepare(needs, 1, 1, {}).get());
}

TEST(CrossValidate, ScoresEveryFoldAndTheirMean) {
  const Schema schema = schema_of();
  const SupervisedRows rows = rows_of(200, 0);
  FoldOptions options;
  options.n_folds = 4;
  const PreparedFolds folds(rows, schema, make_folds({200, {}, {}, {}, {}}, options, 1));
  const CrossValidation result = cross_validate(*learners().make("ridge"), folds, *metrics().make("rmse"), {});
  ASSERT_EQ(result.fold_scores.size(), 4U);
  EXPECT_LT(result.mean_score, 0.2);
  EXPECT_GT(result.std_score, 0);
}

TEST(CrossValidate, GivesTheSameOnAnyNumberOfThreads) {
  const Schema schema = schema_of();
  const SupervisedRows rows = rows_of(300, 0);
  const PreparedFolds folds(rows, schema, make_folds({300, {}, {}, {}, {}}, {}, 1));
  const auto learner = learners().make("gradient_boosting", Value(Value::Object{{"n_trees", Value(5)}, {"row_fraction", Value(0.5)}}));
  std::vector<CrossValidation> found;
  for (const int n_threads : {1, 3}) {
    FitContext context;
    context.threads = std::make_shared<const Threads>(n_threads);
    found.push_back(cross_validate(*learner, folds, *metrics().make("rmse"), context));
  }
  EXPECT_EQ(found[0].fold_scores, found[1].fold_scores);
  for (size_t k = 0; k < 5; ++k) EXPECT_EQ(found[0].fits[k].model->to_value(), found[1].fits[k].model->to_value());
}

// Notes how many threads each fit may use.
class Counting : public Learner {
 public:
  bool supports(Task) const override { return true; }
  FeatureNeeds needs() const override { return {true, true, false}; }
  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet* validation, const FitContext& context) const override {
    const std::scoped_lock lock(mutex_);
    ++n_fits_[context.threads->size()];
    return learners().make("constant")->fit(train, validation, context);
  }
  std::map<int, int> n_fits() const { return n_fits_; }

 private:
  mutable std::mutex mutex_;
  mutable std::map<int, int> n_fits_;
};

TEST(CrossValidate, FitsFoldsThatFillAllThreadsByOneThreadEach) {
  const Schema schema = schema_of();
  const SupervisedRows rows = rows_of(100, 0);
  const auto n_fits = [&](int n_folds, int n_threads) {
    FoldOptions options;
    options.n_folds = n_folds;
    const PreparedFolds folds(rows, schema, make_folds({100, {}, {}, {}, {}}, options, 1));
    FitContext context;
    context.threads = std::make_shared<const Threads>(n_threads);
    const Counting learner;
    (void)cross_validate(learner, folds, *metrics().make("rmse"), context);
    return learner.n_fits();
  };
  EXPECT_EQ(n_fits(5, 2), (std::map<int, int>{{1, 4}, {2, 1}}));
  EXPECT_EQ(n_fits(4, 2), (std::map<int, int>{{1, 2}, {2, 2}}));  // of the last two one may take longer
  EXPECT_EQ(n_fits(3, 4), (std::map<int, int>{{4, 3}}));
}

// Needs more than half of the memory for a while.
class Wasteful : public Learner {
 public:
  bool supports(Task) const override { return true; }
  FeatureNeeds needs() const override { return {true, true, false}; }
  std::unique_ptr<Model> fit(const TrainingSet& train, const TrainingSet* validation, const FitContext& context) const override {
    const MemoryLease lease(context.memory, context.memory->limit() / 4 * 3, "waste");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return learners().make("constant")->fit(train, validation, context);
  }
};

TEST(CrossValidate, FitsAFoldThatFindsNoMemoryBesideOthersOnceTheseAreDone) {
  const Schema schema = schema_of();
  const SupervisedRows rows = rows_of(100, 0);
  const PreparedFolds folds(rows, schema, make_folds({100, {}, {}, {}, {}}, {}, 1));
  FitContext context;
  context.threads = std::make_shared<const Threads>(4);
  context.memory = std::make_shared<MemoryBudget>(size_t{1} << 30);
  const CrossValidation found = cross_validate(Wasteful(), folds, *metrics().make("rmse"), context);
  for (const FoldFit& fit : found.fits) EXPECT_NE(fit.model, nullptr);
}

TEST(OutOfFold, MeansPredictionsOverRepeatsAndSkipsRowsNeverHeldOut) {
  OutOfFold held(3, 1);
  held.add({{}, {0, 2}}, std::vector<double>{1, 5});
  held.add({{}, {0}}, std::vector<double>{3});
  EXPECT_EQ(held.rows(), (std::vector<uint32_t>{0, 2}));
  EXPECT_EQ(held.predictions(), (std::vector<double>{2, 5}));
}

}  // namespace
}  // namespace kolosal
