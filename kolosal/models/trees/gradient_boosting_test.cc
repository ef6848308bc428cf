#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "kolosal/models/forms/forest.h"
#include "kolosal/models/trees/tree_grower.h"
#include "kolosal/models/trees/trees_test_rows.h"

namespace kolosal {
namespace {

using namespace trees_test;

std::unique_ptr<Learner> booster(Value::Object parameters) { return learners().make("gradient_boosting", Value(std::move(parameters))); }

std::unique_ptr<Learner> quick_booster() {
  return booster(
      {{"n_trees", Value(40)}, {"learning_rate", Value(0.1)}, {"max_leaves", Value(15)}, {"cat_smooth", Value(1)}, {"cat_l2", Value(1)}});
}

constexpr Task kTasks[] = {Task::Binary, Task::Multiclass, Task::Regression, Task::MultiRegression, Task::Ranking};

TEST(GradientBoosting, LearnsWhatAFeatureTellsOnlyBelowASplitByAnother) {
  FeatureMatrix x({{"a", 0}, {"b", 0}}, 400);
  Target target{Task::Regression, 400, 1, {}, {}, {}};
  for (size_t i = 0; i < 400; ++i) {
    const bool a = i % 2 == 1, b = i % 4 > 1;
    x.column(0)[i] = a ? 1 : 0;
    x.column(1)[i] = b ? 1 : 0;
    target.values.push_back((a ? 1.0 : 0.0) + (a != b ? 2.0 : 0.0));  // of all rows, b alone gains nothing
  }
  const auto model = learners()
                         .make("gradient_boosting", Value(Value::Object{{"n_trees", Value(100)},
                                                                        {"learning_rate", Value(0.1)},
                                                                        {"growth", Value("leaf")},
                                                                        {"row_fraction", Value(1)},
                                                                        {"feature_fraction", Value(1)}}))
                         ->fit({x, target}, nullptr, context_of(1));
  EXPECT_LT(squared_error(predict(*model, x), target), 1e-6);
}

TEST(GradientBoosting, LearnsEveryTaskFromNumbersHolesAndCategories) {
  for (const Task task : {Task::Binary, Task::Multiclass, Task::Regression, Task::MultiRegression}) {
    SCOPED_TRACE(enum_name(task));
    const Rows train = make_rows(task, 3000), test = make_rows(task, 1000, 1);
    const auto model = quick_booster()->fit({train.x, train.target}, nullptr, context_of(2));
    const auto none = booster({{"n_trees", Value(1)}, {"max_leaves", Value(1)}})->fit({train.x, train.target}, nullptr, context_of(1));
    EXPECT_LT(squared_error(predict(*model, test.x), test.target), 0.3 * squared_error(predict(*none, test.x), test.target));
    const auto importance = model->feature_importance();
    EXPECT_NEAR(std::accumulate(importance.begin(), importance.end(), 0.0), 1, 1e-12);
    EXPECT_LT(importance[4], 0.05);
    EXPECT_GT(importance[3], 0.1);
  }
}

TEST(GradientBoosting, RanksTheRelevantOfAGroupFirst) {
  const Rows train = make_rows(Task::Ranking, 3000), test = make_rows(Task::Ranking, 1000, 1);
  const auto model = quick_booster()->fit({train.x, train.target}, nullptr, context_of(2));
  const auto score = predict(*model, test.x);
  int right = 0, wrong = 0;
  for (size_t i = 0; i < 1000; ++i)
    for (size_t j = i + 1; j < 1000 && test.target.group[j] == test.target.group[i]; ++j)
      if (test.target.values[i] != test.target.values[j])
        ++((score[i] > score[j]) == (test.target.values[i] > test.target.values[j]) ? right : wrong);
  EXPECT_GT(right, 8 * wrong);
}

TEST(GradientBoosting, IsTheSameBytesOnOneAndEightThreads) {
  for (const Task task : kTasks) {
    SCOPED_TRACE(enum_name(task));
    const Rows train = make_rows(task, 20'000), held_out = make_rows(task, 5000, 1);
    const auto learner =
        booster({{"n_trees", Value(8)}, {"row_fraction", Value(0.7)}, {"feature_fraction", Value(0.7)}, {"patience", Value(3)}});
    const TrainingSet validation{held_out.x, held_out.target};
    const auto one = learner->fit({train.x, train.target}, &validation, context_of(1, 5));
    const auto eight = learner->fit({train.x, train.target}, &validation, context_of(8, 5));
    EXPECT_EQ(one->to_value(), eight->to_value());
    const auto other_seed = learner->fit({train.x, train.target}, &validation, context_of(1, 6));
    EXPECT_FALSE(one->to_value() == other_seed->to_value());
  }
}

TEST(GradientBoosting, DoesNotSeeRowsOfWeightZero) {
  for (const Task task : kTasks) {
    SCOPED_TRACE(enum_name(task));
    const Rows all = make_rows(task, 1000);
    std::vector<double> weights(1000);
    std::vector<uint32_t> kept;
    for (uint32_t i = 0; i < 1000; ++i)
      if ((weights[i] = i % 3 != 0)) kept.push_back(i);
    const auto learner = booster({{"n_trees", Value(10)}, {"row_fraction", Value(0.8)}});
    const auto weighted = learner->fit({all.x, all.target, weights}, nullptr, context_of(1));
    const FeatureMatrix x = all.x.take(kept);
    const Target target = all.target.take(kept);
    EXPECT_EQ(weighted->to_value(), learner->fit({x, target}, nullptr, context_of(1))->to_value());
  }
}

TEST(GradientBoosting, TakesAWeightOfTwoForARowTwice) {
  for (const Task task : {Task::Binary, Task::Regression, Task::Multiclass}) {
    SCOPED_TRACE(enum_name(task));
    const Rows all = make_rows(task, 600);
    std::vector<double> weights;
    std::vector<uint32_t> twice;
    for (uint32_t i = 0; i < 600; ++i) {
      weights.push_back(i % 4 == 0 ? 2 : 1);
      twice.insert(twice.end(), i % 4 == 0 ? 2 : 1, i);
    }
    const auto learner =
        booster({{"n_trees", Value(10)}, {"min_rows_in_leaf", Value(1)}, {"cat_smooth", Value(0)}, {"row_fraction", Value(1)}});
    const auto a = predict(*learner->fit({all.x, all.target, weights}, nullptr, context_of(1)), all.x);
    const FeatureMatrix x = all.x.take(twice);
    const Target target = all.target.take(twice);
    const auto b = predict(*learner->fit({x, target}, nullptr, context_of(1)), all.x);
    for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-6);
  }
}

TEST(GradientBoosting, KeepsThePrefixThatIsBestOnTheHeldOutRows) {
  const Rows train = make_rows(Task::Binary, 300), held_out = make_rows(Task::Binary, 300, 1);
  const TrainingSet validation{held_out.x, held_out.target};
  std::vector<double> losses;
  FitContext context = context_of(1);
  context.on_iteration = [&](const FitProgress& progress) {
    losses.push_back(progress.validation_loss);
    return true;
  };
  const auto learner =
      booster({{"n_trees", Value(500)}, {"learning_rate", Value(0.3)}, {"patience", Value(7)}, {"min_rows_in_leaf", Value(2)}});
  const auto model = learner->fit({train.x, train.target}, &validation, context);
  const auto best = static_cast<size_t>(std::ranges::min_element(losses) - losses.begin()) + 1;
  EXPECT_EQ(model->n_iterations(), best);
  EXPECT_EQ(losses.size(), best + 7);
  double loss = 0;
  const auto out = predict(*model, held_out.x);
  for (size_t i = 0; i < 300; ++i) loss -= std::log(out[2 * i + static_cast<size_t>(held_out.target.values[i])]) / 300;
  EXPECT_NEAR(loss, losses[best - 1], 1e-9);
}

TEST(GradientBoosting, FindsOnRowsHeldOutHowManyRoundsToFitAllRowsWithWhereNoneAreAskedFor) {
  Rows train = make_rows(Task::Binary, 600);
  RandomStream noise(9, "noise");
  for (double& value : train.target.values)
    if (noise.uniform() < 0.3) value = 1 - value;
  const auto found = booster({{"learning_rate", Value(0.1)}})->fit({train.x, train.target}, nullptr, context_of(2));
  const auto n_rounds = static_cast<int64_t>(found->n_iterations());
  EXPECT_GT(n_rounds, 0);
  EXPECT_LT(n_rounds, 200);
  const auto asked =
      booster({{"learning_rate", Value(0.1)}, {"n_trees", Value(n_rounds)}})->fit({train.x, train.target}, nullptr, context_of(1));
  EXPECT_EQ(found->to_value(), asked->to_value());
}

TEST(GradientBoosting, KeepsTheModelOfTheRowsLearntWhereThereIsNoTimeToFitAllRows) {
  const Rows train = make_rows(Task::Regression, 2000);
  const auto learner = booster({{"learning_rate", Value(0.1)}, {"max_leaves", Value(4)}, {"patience", Value(5)}});
  int n_told = 0, last = 0, most = 0;
  FitContext context = context_of(1);
  context.on_iteration = [&](const FitProgress& progress) {
    EXPECT_EQ(progress.iteration, ++n_told);
    most = progress.n_iterations;
    if (std::isnan(progress.validation_loss) && last == 0) last = n_told - 1;
    return true;
  };
  const auto all = learner->fit({train.x, train.target}, nullptr, context);
  ASSERT_GT(last, 10);
  EXPECT_EQ(n_told, most);
  EXPECT_EQ(all->n_iterations(), static_cast<size_t>(n_told - last));
  // Ended in the second part, after two rounds of it.
  context.on_iteration = [&](const FitProgress& progress) { return progress.iteration < last + 2; };
  EXPECT_EQ(learner->fit({train.x, train.target}, nullptr, context)->n_iterations(), all->n_iterations());
  // Ended in the first.
  context.on_iteration = [&](const FitProgress& progress) { return progress.iteration < 3; };
  EXPECT_EQ(learner->fit({train.x, train.target}, nullptr, context)->n_iterations(), 3U);
}

TEST(GradientBoosting, CallsAGainBelowMinDeltaNoGain) {
  const Rows train = make_rows(Task::Binary, 300), held_out = make_rows(Task::Binary, 300, 1);
  const TrainingSet validation{held_out.x, held_out.target};
  const auto n_trees = [&](double min_delta) {
    const auto learner = booster({{"n_trees", Value(200)}, {"patience", Value(5)}, {"min_delta", Value(min_delta)}});
    return learner->fit({train.x, train.target}, &validation, context_of(1))->n_iterations();
  };
  EXPECT_GT(n_trees(0), n_trees(0.05));
  EXPECT_EQ(n_trees(10), 0U);
}

TEST(GradientBoosting, TellsATrainingLossThatFalls) {
  const Rows train = make_rows(Task::Regression, 500);
  std::vector<double> losses;
  FitContext context = context_of(2);
  context.on_iteration = [&](const FitProgress& progress) {
    losses.push_back(progress.train_loss);
    return true;
  };
  (void)booster({{"n_trees", Value(300)}})->fit({train.x, train.target}, nullptr, context);
  std::erase_if(losses, [](double loss) { return std::isnan(loss); });
  ASSERT_EQ(losses.size(), 101U);
  EXPECT_TRUE(std::ranges::is_sorted(losses, std::greater()));
  EXPECT_LT(losses.back(), losses.front() / 4);
}

TEST(GradientBoosting, ReturnsTheTreesThatItHasWhenToldToStop) {
  const Rows train = make_rows(Task::Regression, 2000);
  FitContext context = context_of(1);
  context.on_iteration = [&](const FitProgress& progress) { return progress.iteration < 3; };
  EXPECT_EQ(quick_booster()->fit({train.x, train.target}, nullptr, context)->n_iterations(), 3U);
  context.on_iteration = [&](const FitProgress& progress) {
    if (progress.iteration == 5) context.cancel.cancel();
    return true;
  };
  EXPECT_EQ(quick_booster()->fit({train.x, train.target}, nullptr, context)->n_iterations(), 5U);
  EXPECT_THROW(quick_booster()->fit({train.x, train.target}, nullptr, context), Error);
}

TEST(GradientBoosting, SaysThatTheTimeWasTooShortForOneRound) {
  const Rows train = make_rows(Task::Regression, 2000);
  FitContext context = context_of(2);
  context.deadline = Deadline::after(0);
  try {
    quick_booster()->fit({train.x, train.target}, nullptr, context);
    ADD_FAILURE() << "there was a model";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Timeout);
  }
}

TEST(GradientBoosting, LearnsWhereTheMissingBelong) {
  FeatureMatrix x({{"x", 0}}, 400);
  Target target{Task::Regression, 400, 1, {}, {}, {}};
  for (size_t i = 0; i < 400; ++i) {
    const bool missing = i % 4 == 0;
    x.column(0)[i] = missing ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(i % 100);
    target.values.push_back(missing ? 5 : 0);
  }
  const auto model = booster({{"n_trees", Value(200)}, {"l2", Value(0)}})->fit({x, target}, nullptr, context_of(1));
  const auto out = predict(*model, x);
  for (size_t i = 0; i < 400; ++i) EXPECT_NEAR(out[i], target.values[i], 1e-2);
}

TEST(GradientBoosting, PutsTheMissingOnEitherSideOfASplitOfNumbers) {
  for (const bool with_low : {true, false}) {
    FeatureMatrix x({{"x", 0}}, 400);
    Target target{Task::Regression, 400, 1, {}, {}, {}};
    for (size_t i = 0; i < 400; ++i) {
      const bool missing = i % 4 == 0, low = i % 100 < 50;
      x.column(0)[i] = missing ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(i % 100);
      target.values.push_back((missing ? with_low : low) ? 5 : 0);
    }
    const auto model = booster({{"n_trees", Value(1)}, {"learning_rate", Value(1)}, {"max_leaves", Value(2)}, {"l2", Value(0)}})
                           ->fit({x, target}, nullptr, context_of(1));
    const auto out = predict(*model, x);
    for (size_t i = 0; i < 400; ++i) EXPECT_NEAR(out[i], target.values[i], 1e-5);
  }
}

TEST(GradientBoosting, SplitsManyCategoriesIntoTwoSets) {
  FeatureMatrix x({{"c", 100}}, 4000);
  Target target{Task::Regression, 4000, 1, {}, {}, {}};
  for (size_t i = 0; i < 4000; ++i) {
    const size_t code = (i * 7) % 100;
    x.column(0)[i] = static_cast<float>(code);
    target.values.push_back(code % 3 == 0 ? 1 : -1);
  }
  const auto learner = booster({{"n_trees", Value(60)}, {"max_leaves", Value(4)}, {"learning_rate", Value(0.3)}});
  const auto model = learner->fit({x, target}, nullptr, context_of(1));
  EXPECT_LT(squared_error(predict(*model, x), target), 1e-3);
}

TEST(GradientBoosting, LeavesRareCategoriesWithTheRestWhereItSmooths) {
  FeatureMatrix x({{"c", 40}}, 2000);
  Target target{Task::Regression, 2000, 1, {}, {}, {}};
  RandomStream stream(0, "skewed");
  for (size_t i = 0; i < 2000; ++i) {
    x.column(0)[i] = static_cast<float>(std::floor(40 * std::pow(stream.uniform(), 4)));
    target.values.push_back(stream.normal() + std::sin(3 * static_cast<double>(x.at(i, 0))));
  }
  const auto values = [&](double smooth) {
    const auto learner = booster({{"n_trees", Value(3)}, {"cat_smooth", Value(smooth)}});
    return dynamic_cast<const ForestModel&>(*learner->fit({x, target}, nullptr, context_of(1))).forest().leaf_values;
  };
  EXPECT_NE(values(0), values(100));
}

TEST(GradientBoosting, GivesTheSameTreesHoweverLittleMemoryHistogramsGet) {
  const Rows train = make_rows(Task::Regression, 3000);
  FitContext tight = context_of(1);
  tight.memory = std::make_shared<MemoryBudget>(size_t{500} << 10);
  const auto wide = quick_booster()->fit({train.x, train.target}, nullptr, context_of(1));
  EXPECT_EQ(wide->to_value(), quick_booster()->fit({train.x, train.target}, nullptr, tight)->to_value());
  EXPECT_EQ(tight.memory->used(), 0U);
  const Rows many = make_rows(Task::Binary, 3 * kFewRows);
  tight.memory = std::make_shared<MemoryBudget>(size_t{3650} << 10);
  EXPECT_EQ(quick_booster()->fit({many.x, many.target}, nullptr, context_of(1))->to_value(),
            quick_booster()->fit({many.x, many.target}, nullptr, tight)->to_value());
  tight.memory = std::make_shared<MemoryBudget>(size_t{50} << 10);
  EXPECT_THROW(quick_booster()->fit({train.x, train.target}, nullptr, tight), Error);
}

TEST(GradientBoosting, FollowsItsLimits) {
  const Rows train = make_rows(Task::Regression, 2000);
  const auto forest_of = [&](Value::Object parameters) {
    parameters.emplace_back("n_trees", Value(3));
    for (const char* share : {"row_fraction", "feature_fraction"})
      if (std::ranges::find(parameters, share, &Value::Object::value_type::first) == parameters.end())
        parameters.emplace_back(share, Value(1));
    const auto model = booster(std::move(parameters))->fit({train.x, train.target}, nullptr, context_of(1));
    return dynamic_cast<const ForestModel&>(*model).forest();
  };
  EXPECT_EQ(forest_of({{"max_leaves", Value(4)}}).nodes.size(), 3U * 7);
  EXPECT_EQ(forest_of({{"max_depth", Value(1)}}).nodes.size(), 3U * 3);
  EXPECT_EQ(forest_of({{"min_rows_in_leaf", Value(1001)}}).nodes.size(), 1U);
  EXPECT_EQ(forest_of({{"min_gain", Value(1e9)}}).nodes.size(), 1U);
  EXPECT_EQ(forest_of({{"min_hessian", Value(1e9)}}).nodes.size(), 1U);
  EXPECT_EQ(forest_of({{"l1", Value(1e9)}}).nodes.size(), 1U);
  const Forest few_bins = forest_of({{"max_bins", Value(2)}});
  std::set<std::pair<uint32_t, float>> bounds;
  for (const ForestNode& node : few_bins.nodes)
    if (!node.is_leaf() && node.category_set < 0 && std::isfinite(node.threshold)) bounds.emplace(uint32_t{node.feature}, node.threshold);
  EXPECT_LE(bounds.size(), 4U);
  const auto plain = forest_of({}).leaf_values;
  const std::pair<const char*, Value> changes[] = {{"learning_rate_decay", Value("cosine")},
                                                   {"learning_rate_decay", Value("exponential")},
                                                   {"extra_random", Value(true)},
                                                   {"row_fraction", Value(0.5)},
                                                   {"feature_fraction", Value(0.5)},
                                                   {"l2", Value(50)},
                                                   {"cat_l2", Value(500)},
                                                   {"max_categories_onehot", Value(20)}};
  for (const auto& [name, value] : changes) {
    SCOPED_TRACE(name);
    EXPECT_NE(plain, forest_of({{name, value}}).leaf_values);
  }
}

TEST(GradientBoosting, LearnsWithRandomBounds) {
  const Rows train = make_rows(Task::Regression, 3000), test = make_rows(Task::Regression, 1000, 1);
  const auto model = booster({{"n_trees", Value(150)}, {"learning_rate", Value(0.1)}, {"extra_random", Value(true)}})
                         ->fit({train.x, train.target}, nullptr, context_of(2));
  EXPECT_LT(squared_error(predict(*model, test.x), test.target), 1.2);
}

TEST(GradientBoosting, DrawsTheCategoryThatARandomSplitParts) {
  FeatureMatrix x({{"category", 4}}, 400);
  Target target{Task::Regression, 400, 1, {}, {}, {}};
  for (size_t i = 0; i < 400; ++i) {
    x.column(0)[i] = static_cast<float>(i % 4);
    target.values.push_back(i % 4 == 0 ? 10 : static_cast<double>(i % 4));
  }
  for (const char* growth : {"leaf", "symmetric"}) {
    std::set<std::vector<double>> outcomes;
    for (uint64_t seed = 0; seed < 20; ++seed) {
      const auto learner = booster({{"n_trees", Value(1)},
                                    {"max_leaves", Value(2)},
                                    {"growth", Value(growth)},
                                    {"row_fraction", Value(1)},
                                    {"extra_random", Value(true)}});
      outcomes.insert(predict(*learner->fit({x, target}, nullptr, context_of(1, seed)), x));
    }
    EXPECT_EQ(outcomes.size(), 4U) << growth;
  }
}

TEST(GradientBoosting, SumsTheHessiansOfAnyNumberOfRowsInOneWord) {
  for (int bits = 1; bits <= 31; ++bits) {
    const size_t n_rows = (size_t{1} << bits) - 1;
    const GradientScale scale = GradientScale::coarse(n_rows, 1, 1);
    const auto steps = static_cast<long double>(std::lround(1 / scale.hessian));
    EXPECT_GE(steps, 1);
    EXPECT_LT((steps * static_cast<long double>(n_rows) + 1) * std::ldexp(1.0L, scale.count_bits), std::ldexp(1.0L, 63)) << n_rows;
    if (bits <= 26) {
      EXPECT_EQ(steps, GradientRow::kMostHessian);
    }
  }
}

TEST(GradientBoosting, GrowsTheSameTreesOfManyRowsOnAnyNumberOfThreads) {
  for (const Task task : {Task::Binary, Task::Regression}) {
    const Rows train = make_rows(task, 3 * kFewRows);
    for (const char* loss : {"default", "quantile"}) {
      if (task == Task::Binary && std::string(loss) == "quantile") continue;
      const auto learner = booster({{"n_trees", Value(5)}, {"feature_fraction", Value(0.8)}, {"loss", Value(loss)}});
      const auto one = learner->fit({train.x, train.target}, nullptr, context_of(1, 5));
      EXPECT_EQ(one->to_value(), learner->fit({train.x, train.target}, nullptr, context_of(8, 5))->to_value());
    }
  }
}

TEST(GradientBoosting, LosesNextToNothingByRoundingTheGradientsOfManyRows) {
  const size_t n = kFewRows + 1;
  const Rows many = make_rows(Task::Regression, n), test = make_rows(Task::Regression, 5000, 1);
  std::vector<uint32_t> kept(n - 1);
  std::iota(kept.begin(), kept.end(), 0U);
  const FeatureMatrix x = many.x.take(kept);
  const Target target = many.target.take(kept);
  const double rounded = squared_error(predict(*quick_booster()->fit({many.x, many.target}, nullptr, context_of(2)), test.x), test.target);
  const double exact = squared_error(predict(*quick_booster()->fit({x, target}, nullptr, context_of(2)), test.x), test.target);
  EXPECT_NEAR(rounded, exact, 0.03 * exact);
}

TEST(GradientBoosting, PredictsTheQuantileAskedFor) {
  const Rows train = make_rows(Task::Regression, 5000), test = make_rows(Task::Regression, 5000, 1);
  for (const double quantile : {0.1, 0.5, 0.9}) {
    const auto learner =
        booster({{"n_trees", Value(100)}, {"learning_rate", Value(0.1)}, {"loss", Value("quantile")}, {"quantile", Value(quantile)}});
    const auto out = predict(*learner->fit({train.x, train.target}, nullptr, context_of(2)), test.x);
    double below = 0;
    for (size_t i = 0; i < out.size(); ++i) below += test.target.values[i] <= out[i] ? 1.0 / 5000 : 0;
    EXPECT_NEAR(below, quantile, 0.07);
  }
}

TEST(GradientBoosting, PredictsCountsAndAmountsThatAddUp) {
  Rows train = make_rows(Task::Regression, 4000);
  for (double& y : train.target.values) y = std::exp(0.5 * y);
  const double total = std::accumulate(train.target.values.begin(), train.target.values.end(), 0.0);
  for (const char* loss : {"poisson", "gamma", "tweedie"}) {
    SCOPED_TRACE(loss);
    const auto learner = booster({{"n_trees", Value(100)}, {"learning_rate", Value(0.1)}, {"loss", Value(loss)}});
    const auto model = learner->fit({train.x, train.target}, nullptr, context_of(2));
    const auto out = predict(*model, train.x);
    EXPECT_GT(*std::ranges::min_element(out), 0);
    EXPECT_NEAR(std::accumulate(out.begin(), out.end(), 0.0), total, 0.1 * total);
    EXPECT_EQ(predict(*model_from_value(model_to_value(*model)), train.x), out);
  }
}

TEST(GradientBoosting, IsNotMovedByFewWildTargetsWhereTheLossIsAbsolute) {
  const Rows clean = make_rows(Task::Regression, 3000), test = make_rows(Task::Regression, 1000, 1);
  Rows wild = clean;
  for (size_t i = 0; i < 3000; i += 50) wild.target.values[i] = 1e4;
  const auto error = [&](const char* loss, const Rows& train) {
    const auto learner = booster({{"n_trees", Value(80)}, {"learning_rate", Value(0.1)}, {"loss", Value(loss)}});
    return squared_error(predict(*learner->fit({train.x, train.target}, nullptr, context_of(2)), test.x), test.target);
  };
  for (const char* loss : {"absolute", "huber"}) EXPECT_LT(error(loss, wild), 0.1 * error("squared", wild)) << loss;
  EXPECT_LT(error("absolute", wild), 1.5 * error("absolute", clean));
}

TEST(GradientBoosting, RisesAndFallsAsToldAndNotWhereNot) {
  const size_t n = 2 * kFewRows;
  for (const size_t n_rows : {size_t{2000}, n}) {
    Rows train = make_rows(Task::Regression, n_rows);
    const auto steps = [&](Value::Object parameters) {  // how often the prediction rises and falls along feature a
      parameters.emplace_back("n_trees", Value(60));
      parameters.emplace_back("learning_rate", Value(0.2));
      const auto model = booster(std::move(parameters))->fit({train.x, train.target}, nullptr, context_of(2));
      std::pair<int, int> ups_downs;
      for (size_t row = 0; row < 200; ++row) {
        FeatureMatrix line(train.x.features(), 60);
        for (size_t i = 0; i < 60; ++i) {
          for (size_t f = 0; f < 5; ++f) line.column(f)[i] = train.x.at(row, f);
          line.column(0)[i] = -3 + 0.1F * static_cast<float>(i);
        }
        const auto out = predict(*model, line);
        for (size_t i = 1; i < 60; ++i) {
          ups_downs.first += out[i] > out[i - 1];
          ups_downs.second += out[i] < out[i - 1];
        }
      }
      return ups_downs;
    };
    const auto list = [](int32_t first) { return Value(Value::List{Value(first), Value(0), Value(0), Value(0), Value(0)}); };
    const auto free = steps({});
    EXPECT_GT(free.second, 0);
    const auto rising = steps({{"monotone", list(1)}});
    EXPECT_GT(rising.first, 1000);
    EXPECT_EQ(rising.second, 0);
    EXPECT_EQ(steps({{"monotone", list(-1)}}).first, 0);
  }
}

TEST(GradientBoosting, RefusesDirectionsThatDoNotFitTheFeatures) {
  const Rows train = make_rows(Task::Regression, 100);
  for (const std::vector<int>& numbers : {std::vector<int>{1}, {2, 0, 0, 0, 0}, {0, 0, 0, 1, 0}}) {
    Value::List list;
    for (const int number : numbers) list.emplace_back(number);
    EXPECT_THROW(booster({{"monotone", Value(list)}})->fit({train.x, train.target}, nullptr, context_of(1)), Error);
  }
}

TEST(GradientBoosting, GivesASmoothedLeafAValueBetweenItsOwnAndItsParents) {
  FeatureMatrix x({{"x", 0}}, 30);
  Target target{Task::Regression, 30, 1, {}, {}, {}};
  for (size_t i = 0; i < 30; ++i) {
    x.column(0)[i] = static_cast<float>(i < 10);
    target.values.push_back(i < 10 ? 3 : 0);
  }
  const auto out = [&](double smooth, const char* loss = "squared") {
    const auto learner = booster({{"n_trees", Value(1)},
                                  {"loss", Value(loss)},
                                  {"learning_rate", Value(1)},
                                  {"max_leaves", Value(2)},
                                  {"l2", Value(0)},
                                  {"min_rows_in_leaf", Value(1)},
                                  {"row_fraction", Value(1)},
                                  {"path_smooth", Value(smooth)}});
    return predict(*learner->fit({x, target}, nullptr, context_of(1)), x);
  };
  EXPECT_NEAR(out(0)[0], 3, 1e-6);
  EXPECT_NEAR(out(10)[0], 1 + 2.0 * 10 / 20, 1e-6);
  EXPECT_NEAR(out(10)[29], 1 - 1.0 * 20 / 30, 1e-6);
  // The medians of the sides are 3 and 0, that of all rows 0.
  EXPECT_NEAR(out(0, "absolute")[0], 3, 1e-6);
  EXPECT_NEAR(out(10, "absolute")[0], 3.0 * 10 / 20, 1e-6);
  EXPECT_NEAR(out(10, "absolute")[29], 0, 1e-6);
}

TEST(GradientBoosting, LooksAtTheSizeOfTheTableWhereItIsToldNothing) {
  const auto grown = [](size_t n_rows, Value::Object parameters) {
    parameters.emplace_back("n_trees", Value(5));
    const Rows train = make_rows(Task::Binary, n_rows);
    return booster(std::move(parameters))->fit({train.x, train.target}, nullptr, context_of(1))->to_value();
  };
  const auto with = [](const char* growth, int leaves, int rows, double features) {
    return Value::Object{{"growth", Value(growth)},
                         {"max_leaves", Value(leaves)},
                         {"min_rows_in_leaf", Value(rows)},
                         {"row_fraction", Value(0.8)},
                         {"feature_fraction", Value(features)}};
  };
  EXPECT_EQ(grown(5000, {}), grown(5000, with("symmetric", 32, 1, 0.6)));
  EXPECT_EQ(grown(5001, {}), grown(5001, with("leaf", 31, 5, 0.8)));
  EXPECT_EQ(grown(1000, {{"max_leaves", Value(8)}}), grown(1000, with("leaf", 8, 5, 0.8)));
  EXPECT_FALSE(grown(5000, {}) == grown(5000, with("leaf", 31, 5, 0.8)));
  Value::Object focal = with("leaf", 31, 20, 0.8);
  focal.emplace_back("loss", Value("focal"));
  EXPECT_EQ(grown(1000, {{"loss", Value("focal")}}), grown(1000, focal));
}

TEST(GradientBoosting, GrowsALevelAfterTheOtherWhereTold) {
  const Rows train = make_rows(Task::Regression, 4000);
  const auto depths = [&](const char* growth) {
    const auto model = booster({{"n_trees", Value(1)}, {"max_leaves", Value(16)}, {"growth", Value(growth)}})
                           ->fit({train.x, train.target}, nullptr, context_of(1));
    const Forest& forest = dynamic_cast<const ForestModel&>(*model).forest();
    std::vector<int> depth(forest.nodes.size(), 0);
    std::set<int> of_leaves;
    for (size_t i = 0; i < depth.size(); ++i) {
      if (forest.nodes[i].is_leaf()) of_leaves.insert(depth[i]);
      else
        for (const size_t child : {size_t{0}, size_t{1}}) depth[static_cast<size_t>(forest.nodes[i].left) + child] = depth[i] + 1;
    }
    return of_leaves;
  };
  EXPECT_EQ(depths("depth"), std::set<int>{4});
  EXPECT_GT(*depths("leaf").rbegin(), 4);
}

TEST(GradientBoosting, GivesRareClassesMoreWhereClassesAreBalanced) {
  Rows train = make_rows(Task::Binary, 3000);
  for (size_t i = 0; i < 3000; ++i)
    if (i % 4 != 0) train.target.values[i] = 0;
  const auto mean = [&](const char* weight) {
    const auto learner = booster({{"n_trees", Value(30)}, {"class_weight", Value(weight)}});
    const auto out = predict(*learner->fit({train.x, train.target}, nullptr, context_of(1)), train.x);
    double sum = 0;
    for (size_t i = 1; i < out.size(); i += 2) sum += out[i] / 3000;
    return sum;
  };
  EXPECT_LT(mean("none"), 0.2);
  EXPECT_GT(mean("balanced"), 0.35);
  const Rows numbers = make_rows(Task::Regression, 100);
  EXPECT_THROW(booster({{"class_weight", Value("balanced")}})->fit({numbers.x, numbers.target}, nullptr, context_of(1)), Error);
}

TEST(GradientBoosting, AnswersForOneRowOneClassAndConstantColumns) {
  const Rows row = make_rows(Task::Regression, 1);
  EXPECT_NEAR(predict(*quick_booster()->fit({row.x, row.target}, nullptr, context_of(1)), row.x)[0], row.target.values[0], 1e-9);
  Rows one = make_rows(Task::Multiclass, 50);
  one.target.class_names = {"only"};
  std::ranges::fill(one.target.values, 0.0);
  EXPECT_EQ(predict(*quick_booster()->fit({one.x, one.target}, nullptr, context_of(1)), one.x)[0], 1);
  Rows flat = make_rows(Task::Binary, 100);
  for (size_t j = 0; j < 5; ++j) std::ranges::fill(flat.x.column(j), j == 1 ? std::numeric_limits<float>::quiet_NaN() : 1.0F);
  const auto out = predict(*quick_booster()->fit({flat.x, flat.target}, nullptr, context_of(1)), flat.x);
  const double share = std::accumulate(flat.target.values.begin(), flat.target.values.end(), 0.0) / 100;
  EXPECT_NEAR(out[1], share, 1e-9);
}

}  // namespace
}  // namespace kolosal
