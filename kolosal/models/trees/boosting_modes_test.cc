// Gradient boosting beyond its plain form: sampling, dropped rounds, interactions, rates, going on, and losses of the caller.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <set>

#include "kolosal/models/forms/forest_rounds.h"
#include "kolosal/models/trees/gradient_boosting.h"
#include "kolosal/models/trees/tree_grower.h"
#include "kolosal/models/trees/trees_test_rows.h"

namespace kolosal {
namespace {

using namespace trees_test;

std::unique_ptr<Learner> booster(Value::Object parameters) { return learners().make("gradient_boosting", Value(std::move(parameters))); }

const Forest& forest_of(const Model& model) { return dynamic_cast<const ForestModel&>(model).forest(); }

Value list(const std::vector<double>& numbers) { return Value(NumberArray::from(numbers)); }

Value groups(const std::vector<std::vector<int>>& all) {
  Value::List made;
  for (const auto& group : all) made.emplace_back(Value::List(group.begin(), group.end()));
  return Value(std::move(made));
}

double error_of(Value::Object parameters, const Rows& train, const Rows& test, uint64_t seed = 0) {
  return squared_error(predict(*booster(std::move(parameters))->fit({train.x, train.target}, nullptr, context_of(2, seed)), test.x),
                       test.target);
}

TEST(BoostingModes, AreTheSameBytesOnOneTwoAndFourThreads) {
  const std::vector<Value::Object> modes = {
      {{"sampling", Value("goss")}, {"learning_rate", Value(0.5)}},
      {{"sampling", Value("minimal_variance")}, {"row_fraction", Value(0.5)}},
      {{"drop_fraction", Value(0.3)}, {"skip_drop", Value(0.2)}},
      {{"interactions", groups({{0, 1}, {1, 2, 3}})}},
      {{"loss", Value("quantile")}, {"quantiles", list({0.1, 0.9})}, {"sampling", Value("minimal_variance")}},
      {{"linear_leaves", Value(true)}, {"row_fraction", Value(0.7)}},
      {{"loss", Value("cox")}}};
  const Rows train = make_rows(Task::Regression, kFewRows + 2000), held_out = make_rows(Task::Regression, 2000, 1);
  const TrainingSet validation{held_out.x, held_out.target};
  for (Value::Object mode : modes) {
    SCOPED_TRACE(mode[0].first);
    mode.emplace_back("n_trees", Value(8));
    const auto learner = booster(mode);
    const Value one = learner->fit({train.x, train.target}, &validation, context_of(1, 5))->to_value();
    for (const int n_threads : {2, 4})
      EXPECT_EQ(learner->fit({train.x, train.target}, &validation, context_of(n_threads, 5))->to_value(), one);
    EXPECT_FALSE(booster({{"n_trees", Value(8)}})->fit({train.x, train.target}, &validation, context_of(2, 5))->to_value() == one);
  }
  const Rows ranked = make_rows(Task::Ranking, 4000);
  const auto learner = booster({{"n_trees", Value(8)}, {"loss", Value("xendcg")}});
  EXPECT_EQ(learner->fit({ranked.x, ranked.target}, nullptr, context_of(1))->to_value(),
            learner->fit({ranked.x, ranked.target}, nullptr, context_of(4))->to_value());
}

TEST(BoostingModes, SamplesOfFewRowsLearnNearlyWhatAllRowsDo) {
  for (const size_t n : {size_t{4000}, 2 * kFewRows}) {
    const Rows train = make_rows(Task::Regression, n), test = make_rows(Task::Regression, 4000, 1);
    const Value::Object plain = {{"n_trees", Value(60)}, {"learning_rate", Value(0.1)}};
    const double all = error_of(plain, train, test);
    for (const char* sampling : {"goss", "minimal_variance"}) {
      Value::Object parameters = plain;
      parameters.emplace_back("sampling", Value(sampling));
      parameters.emplace_back("row_fraction", Value(0.4));
      EXPECT_LT(error_of(parameters, train, test), 1.2 * all) << sampling;
    }
  }
}

TEST(BoostingModes, LeavesOfASampleTakeTheQuantileOfTheRowsItStandsFor) {
  const Rows train = make_rows(Task::Regression, 6000), test = make_rows(Task::Regression, 4000, 1);
  const auto learner = booster({{"n_trees", Value(60)},
                                {"learning_rate", Value(0.1)},
                                {"loss", Value("quantile")},
                                {"quantile", Value(0.8)},
                                {"sampling", Value("goss")}});
  const auto out = predict(*learner->fit({train.x, train.target}, nullptr, context_of(2)), test.x);
  double below = 0;
  for (size_t i = 0; i < out.size(); ++i) below += test.target.values[i] <= out[i] ? 1.0 / 4000 : 0;
  EXPECT_NEAR(below, 0.8, 0.07);
}

TEST(BoostingModes, DroppedRoundsLeaveTheModelAtTheLossThatWasBest) {
  const Rows train = make_rows(Task::Regression, 800), held_out = make_rows(Task::Regression, 800, 1);
  const TrainingSet validation{held_out.x, held_out.target};
  std::vector<double> losses;
  FitContext context = context_of(2);
  context.on_iteration = [&](const FitProgress& progress) {
    losses.push_back(progress.validation_loss);
    return true;
  };
  const auto model = booster({{"n_trees", Value(80)},
                              {"learning_rate", Value(0.3)},
                              {"drop_fraction", Value(0.2)},
                              {"skip_drop", Value(0.3)},
                              {"patience", Value()}})
                         ->fit({train.x, train.target}, &validation, context);
  EXPECT_EQ(losses.size(), 80U);
  const auto best = std::ranges::min_element(losses);
  EXPECT_EQ(model->n_iterations(), static_cast<size_t>(best - losses.begin()) + 1);
  EXPECT_NEAR(squared_error(predict(*model, held_out.x), held_out.target), *best, 1e-5);
  EXPECT_LT(*best, 0.3 * losses[0]);
}

TEST(BoostingModes, DropsNoneWhereTheFractionIsZeroAndFewWhereBounded) {
  const Rows train = make_rows(Task::Regression, 500);
  const auto bytes = [&](Value::Object parameters) {
    parameters.emplace_back("n_trees", Value(12));
    return booster(std::move(parameters))->fit({train.x, train.target}, nullptr, context_of(1))->to_value();
  };
  EXPECT_EQ(bytes({}), bytes({{"drop_fraction", Value(0.5)}, {"skip_drop", Value(1)}}));
  EXPECT_FALSE(bytes({}) == bytes({{"drop_fraction", Value(0.5)}}));
  EXPECT_FALSE(bytes({{"drop_fraction", Value(1)}}) == bytes({{"drop_fraction", Value(1)}, {"max_dropped", Value(1)}}));
}

// The features that are split by on each way from the root to a leaf.
std::set<std::set<uint32_t>> paths_of(const Forest& forest) {
  std::set<std::set<uint32_t>> paths;
  const std::function<void(int32_t, std::set<uint32_t>)> walk = [&](int32_t at, std::set<uint32_t> features) {
    const ForestNode& node = forest.nodes[static_cast<size_t>(at)];
    if (node.is_leaf()) {
      paths.insert(std::move(features));
      return;
    }
    features.insert(node.feature);
    walk(node.left, features);
    walk(node.left + 1, std::move(features));
  };
  for (const int32_t root : forest.roots) walk(root, {});
  return paths;
}

TEST(BoostingModes, SplitsOnOnePathOnlyByFeaturesThatMayInteract) {
  const Rows train = make_rows(Task::Regression, 3000);
  const auto paths = [&](Value::Object parameters) {
    parameters.emplace_back("n_trees", Value(60));
    parameters.emplace_back("min_rows_in_leaf", Value(5));
    return paths_of(forest_of(*booster(std::move(parameters))->fit({train.x, train.target}, nullptr, context_of(2))));
  };
  const std::vector<std::set<uint32_t>> allowed = {{0, 1}, {1, 2}, {3, 4}};  // the rest is a group of its own
  size_t n_pairs = 0;
  for (const std::set<uint32_t>& path : paths({{"interactions", groups({{0, 1}, {1, 2}})}})) {
    n_pairs += path.size() > 1;
    EXPECT_TRUE(std::ranges::any_of(allowed, [&](const auto& group) { return std::ranges::includes(group, path); }));
  }
  EXPECT_GT(n_pairs, 0U);
  EXPECT_TRUE(std::ranges::any_of(paths({}), [](const auto& path) { return path.size() > 2; }));
  for (const auto& wrong : {groups({{0, 5}}), groups({{-1}}), groups({{}})})
    EXPECT_THROW(booster({{"interactions", wrong}})->fit({train.x, train.target}, nullptr, context_of(1)), Error);
}

TEST(BoostingModes, FeaturesThatMayNotInteractAddUpOnManyProbes) {
  const Rows train = make_rows(Task::Regression, 3000);
  const auto model = booster({{"interactions", groups({{0}, {1, 2, 3, 4}})}, {"n_trees", Value(50)}})
                         ->fit({train.x, train.target}, nullptr, context_of(2));
  // f(a, rest) = g(a) + h(rest): what a change of a does is the same whatever the rest.
  FeatureMatrix low = make_rows(Task::Regression, 20'000, 7).x, high = low;
  low = low.take([] {
    std::vector<uint32_t> all(20'000);
    std::iota(all.begin(), all.end(), 0U);
    return all;
  }());
  std::ranges::fill(low.column(0), -0.7F);
  high = low.take([] {
    std::vector<uint32_t> all(20'000);
    std::iota(all.begin(), all.end(), 0U);
    return all;
  }());
  std::ranges::fill(high.column(0), 0.9F);
  const auto a = predict(*model, low), b = predict(*model, high);
  for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(b[i] - a[i], b[0] - a[0], 1e-5);
  EXPECT_GT(std::abs(b[0] - a[0]), 0.1);
}

TEST(BoostingModes, ShrinksEachRoundByItsRate) {
  const Rows train = make_rows(Task::Regression, 500);
  const auto leaves = [&](Value::Object parameters) {
    parameters.emplace_back("n_trees", Value(1));
    return forest_of(*booster(std::move(parameters))->fit({train.x, train.target}, nullptr, context_of(1))).leaf_values;
  };
  EXPECT_EQ(leaves({{"learning_rates", list({0.3, 0.1})}}), leaves({{"learning_rate", Value(0.3)}}));
  const auto bytes = [&](Value::Object parameters) {
    parameters.emplace_back("n_trees", Value(3));
    return booster(std::move(parameters))->fit({train.x, train.target}, nullptr, context_of(1))->to_value();
  };
  EXPECT_EQ(bytes({{"learning_rates", list({0.3, 0.1})}}), bytes({{"learning_rates", list({0.3, 0.1, 0.1})}}));
  EXPECT_FALSE(bytes({{"learning_rates", list({0.3, 0.1})}}) == bytes({{"learning_rates", list({0.3, 0.1, 0.2})}}));
  EXPECT_THROW(bytes({{"learning_rates", list({0.3, 0})}}), Error);
}

TEST(BoostingModes, GoesOnAsIfItHadNotStopped) {
  for (const Task task : {Task::Regression, Task::Binary, Task::Multiclass, Task::Ranking}) {
    SCOPED_TRACE(enum_name(task));
    const Rows rows = make_rows(task, 1500);
    const TrainingSet train{rows.x, rows.target};
    const auto of = [&](int n_trees) {
      Value::Object parameters = {{"n_trees", Value(n_trees)}, {"row_fraction", Value(0.6)}, {"feature_fraction", Value(0.7)}};
      if (task == Task::Ranking) parameters.emplace_back("loss", Value("xendcg"));
      return booster(std::move(parameters));
    };
    const auto start = of(4)->fit(train, nullptr, context_of(1));
    EXPECT_EQ(of(6)->fit_more(*start, train, nullptr, context_of(2))->to_value(), of(10)->fit(train, nullptr, context_of(1))->to_value());
  }
}

TEST(BoostingModes, GoesOnOnlyFromModelsOfTheSameShape) {
  const Rows rows = make_rows(Task::Regression, 300), classes = make_rows(Task::Binary, 300);
  const auto learner = booster({{"n_trees", Value(2)}});
  const auto start = learner->fit({rows.x, rows.target}, nullptr, context_of(1));
  EXPECT_THROW(learner->fit_more(*start, {classes.x, classes.target}, nullptr, context_of(1)), Error);
  const auto other = learners().make("ridge")->fit({models_test::matrix({{1, 2, 3}}), Target{Task::Regression, 3, 1, {1, 2, 3}, {}, {}}},
                                                   nullptr, context_of(1));
  EXPECT_THROW(learner->fit_more(*other, {rows.x, rows.target}, nullptr, context_of(1)), Error);
  const auto forest =
      learners().make("random_forest", Value(Value::Object{{"n_trees", Value(2)}}))->fit({rows.x, rows.target}, nullptr, context_of(1));
  EXPECT_THROW(learner->fit_more(*forest, {rows.x, rows.target}, nullptr, context_of(1)), Error);
  EXPECT_THROW(learners().make("ridge")->fit_more(*other, {rows.x, rows.target}, nullptr, context_of(1)), Error);
  // Rows held out that the start fits best keep it as it is.
  Rows wild = make_rows(Task::Regression, 300, 5);
  for (double& y : wild.target.values) y = -50 - y;
  const TrainingSet validation{rows.x, rows.target};
  EXPECT_EQ(learner->fit_more(*start, {wild.x, wild.target}, &validation, context_of(1))->to_value(), start->to_value());
}

TEST(BoostingModes, LeavesThatSumFeaturesFollowLinesWithinThem) {
  FeatureMatrix x({{"x", 0}, {"flat", 0}, {"holes", 0}}, 400);
  Target target{Task::Regression, 400, 1, {}, {}, {}};
  for (size_t i = 0; i < 400; ++i) {
    const double at = static_cast<double>(i) / 100 - 2;
    x.column(0)[i] = static_cast<float>(at);
    x.column(1)[i] = 7;
    x.column(2)[i] = i % 10 == 0 ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(i % 7);
    target.values.push_back(at < 0 ? -2 * at : 5 + at);
  }
  const Value::Object one_split = {{"n_trees", Value(1)}, {"max_leaves", Value(2)},       {"learning_rate", Value(1)},
                                   {"l2", Value(0)},      {"linear_leaves", Value(true)}, {"linear_l2", Value(0)}};
  const auto model = booster(one_split)->fit({x, target}, nullptr, context_of(1));
  EXPECT_LT(squared_error(predict(*model, x), target), 1e-3);
  // A missing number gives the leaf's own value, the mean of its rows.
  FeatureMatrix hole = x.take(std::vector<uint32_t>{399});
  hole.column(0)[0] = std::numeric_limits<float>::infinity();
  const Forest& forest = forest_of(*model);
  EXPECT_NEAR(predict(*model, hole)[0], forest.base_score[0] + static_cast<double>(forest.leaf_values[1]), 1e-9);
  EXPECT_EQ(predict(*model_from_value(model_to_value(*model)), x), predict(*model, x));
}

TEST(BoostingModes, LeavesThatSumFeaturesAreStagedSlicedJoinedAndGoneOnFrom) {
  const Rows rows = make_rows(Task::Binary, 1500), test = make_rows(Task::Binary, 1500, 1);
  const TrainingSet train{rows.x, rows.target};
  const auto of = [](int n_trees) {
    return booster(
        {{"n_trees", Value(n_trees)}, {"linear_leaves", Value(true)}, {"drop_fraction", Value(0.0)}, {"row_fraction", Value(0.8)}});
  };
  const auto whole = of(9)->fit(train, nullptr, context_of(2)), start = of(4)->fit(train, nullptr, context_of(1));
  EXPECT_EQ(of(5)->fit_more(*start, train, nullptr, context_of(1))->to_value(), whole->to_value());
  Forest joined = slice_rounds(forest_of(*whole), 0, 4);
  EXPECT_EQ(predict(ForestModel(joined), test.x), predict(*start, test.x));
  append_trees(joined, slice_rounds(forest_of(*whole), 4, 9));
  EXPECT_EQ(predict(ForestModel(joined), test.x), predict(*whole, test.x));
  StagedPrediction staged(dynamic_cast<const ForestModel&>(*whole), test.x);
  std::vector<double> out(3000);
  while (staged.next(Threads(1), out)) {
  }
  for (size_t i = 0; const double value : predict(*whole, test.x)) ASSERT_NEAR(out[i++], value, 1e-12);
  // Trees of values go on from trees of sums, and the other way round.
  const auto plain = booster({{"n_trees", Value(3)}});
  for (const auto& mixed : {plain->fit_more(*start, train, nullptr, context_of(1)),
                            of(3)->fit_more(*plain->fit(train, nullptr, context_of(1)), train, nullptr, context_of(1))}) {
    EXPECT_EQ(predict(*model_from_value(model_to_value(*mixed)), test.x), predict(*mixed, test.x));
    EXPECT_LT(squared_error(predict(*mixed, rows.x), rows.target), 0.45);
  }
  const Forest& f = forest_of(*whole);
  const Forest* both[] = {&f, &f};
  const auto mean = predict(ForestModel(mean_of_forests(both)), test.x), alone = predict(*whole, test.x);
  for (size_t i = 0; i < mean.size(); ++i) ASSERT_NEAR(mean[i], alone[i], 1e-6);
}

TEST(BoostingModes, LeavesThatSumFeaturesRefuseWhatTheyCannotKeep) {
  const Rows rows = make_rows(Task::Regression, 300);
  for (Value::Object wrong : {Value::Object{{"loss", Value("absolute")}}, {{"monotone", Value(Value::List{1, 0, 0, 0, 0})}}}) {
    wrong.emplace_back("linear_leaves", Value(true));
    EXPECT_THROW(booster(wrong)->fit({rows.x, rows.target}, nullptr, context_of(1)), Error);
  }
  const Value whole =
      booster({{"n_trees", Value(2)}, {"linear_leaves", Value(true)}})->fit({rows.x, rows.target}, nullptr, context_of(1))->to_value();
  for (const char* key : {"linear_starts", "linear_features", "linear_weights", "linear_constants"}) {
    Value damaged = whole;
    damaged.set(key, Value(NumberArray::from(std::vector<uint32_t>{0, 9})));
    EXPECT_THROW(model_forms().make("forest")->from_value(damaged), Error) << key;
  }
}

TEST(BoostingModes, PredictsSeveralQuantilesAtOnce) {
  const Rows train = make_rows(Task::Regression, 5000), test = make_rows(Task::Regression, 5000, 1);
  const std::vector<double> quantiles = {0.1, 0.5, 0.9};
  const auto learner =
      booster({{"n_trees", Value(100)}, {"learning_rate", Value(0.1)}, {"loss", Value("quantile")}, {"quantiles", list(quantiles)}});
  const auto model = learner->fit({train.x, train.target}, nullptr, context_of(2));
  ASSERT_EQ(model->n_outputs(), 3U);
  const auto out = predict(*model, test.x);
  for (size_t k = 0; k < 3; ++k) {
    double below = 0;
    for (size_t i = 0; i < 5000; ++i) below += test.target.values[i] <= out[3 * i + k] ? 1.0 / 5000 : 0;
    EXPECT_NEAR(below, quantiles[k], 0.07);
  }
  EXPECT_THROW(booster({{"loss", Value("quantile")}, {"quantiles", list({0.5, 1})}})->fit({train.x, train.target}, nullptr, context_of(1)),
               Error);
}

// Squared error as a caller would write it.
CustomLoss squared() {
  return {[](const Target& target, std::span<const double> scores, std::span<double> g, std::span<double> h) {
            for (size_t i = 0; i < scores.size(); ++i) {
              g[i] = scores[i] - target.values[i];
              h[i] = 1;
            }
          },
          [](const Target& target, std::span<const double> scores, std::span<double> losses) {
            for (size_t i = 0; i < scores.size(); ++i) losses[i] = (scores[i] - target.values[i]) * (scores[i] - target.values[i]);
          }};
}

TEST(BoostingModes, FitsALossOfTheCaller) {
  Rows train = make_rows(Task::Regression, 1000);
  const double mean = std::accumulate(train.target.values.begin(), train.target.values.end(), 0.0) / 1000;
  for (double& y : train.target.values) y -= mean;  // the caller's loss begins at 0
  const Value::Object plain = {{"n_trees", Value(30)}, {"growth", Value("leaf")}, {"min_rows_in_leaf", Value(5)}};
  const Value parameters(plain);
  std::vector<double> weights(1000);
  for (size_t i = 0; i < 1000; ++i) weights[i] = 1;
  const auto ours = predict(*booster(plain)->fit({train.x, train.target}, nullptr, context_of(1)), train.x);
  const auto theirs =
      predict(*make_gradient_boosting(parameters, squared())->fit({train.x, train.target, weights}, nullptr, context_of(2)), train.x);
  for (size_t i = 0; i < ours.size(); ++i) ASSERT_NEAR(ours[i], theirs[i], 1e-6);

  CustomLoss silent = squared();
  silent.losses = {};
  const TrainingSet validation{train.x, train.target};
  EXPECT_THROW(make_gradient_boosting(parameters, silent)->fit({train.x, train.target}, &validation, context_of(1)), Error);
  CustomLoss wild = squared();
  wild.gradients = [](const Target&, std::span<const double>, std::span<double> g, std::span<double>) { g[3] = std::nan(""); };
  EXPECT_THROW(make_gradient_boosting(parameters, wild)->fit({train.x, train.target}, nullptr, context_of(1)), Error);
  EXPECT_THROW(booster({{"loss", Value("custom")}})->fit({train.x, train.target}, nullptr, context_of(1)), Error);
}

// What a fit by a loss of these slopes says; empty where it is done.
std::string error_of(const std::function<void(std::span<double> g, std::span<double> h)>& slopes) {
  const Rows train = make_rows(Task::Regression, 100);
  CustomLoss loss = squared();
  loss.gradients = [&](const Target&, std::span<const double>, std::span<double> g, std::span<double> h) { slopes(g, h); };
  try {
    (void)make_gradient_boosting(Value(Value::Object{{"n_trees", Value(2)}}), loss)->fit({train.x, train.target}, nullptr, context_of(1));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::BadValue);
    return error.message();
  }
  return "";
}

TEST(BoostingModes, RefusesSlopesOfTheCallerThatTreesCannotBeGrownBy) {
  const auto of = [](double gradient, double hessian, size_t row) {
    return error_of([=](std::span<double> g, std::span<double> h) {
      std::ranges::fill(g, 1.0);
      std::ranges::fill(h, 1.0);
      std::fill(g.begin() + static_cast<ptrdiff_t>(row), g.end(), gradient);
      std::fill(h.begin() + static_cast<ptrdiff_t>(row), h.end(), hessian);
    });
  };
  EXPECT_NE(of(1e200, 1, 7).find("gradient or hessian of row 7 beyond 1e30"), std::string::npos);
  EXPECT_NE(of(-1e31, 1, 0).find("row 0"), std::string::npos);
  EXPECT_NE(of(1, 1e200, 99).find("row 99"), std::string::npos);
  EXPECT_NE(of(1, 0, 0).find("no row a hessian above 0"), std::string::npos);
  EXPECT_NE(of(1, -1, 0).find("no row a hessian above 0"), std::string::npos);
  EXPECT_EQ(of(1, -1, 1), "") << "one is above";
  EXPECT_EQ(of(1e30, 1e30, 0), "");
  EXPECT_EQ(of(0, 0, 0), "") << "nothing is left to learn";
}

TEST(BoostingModes, TakesALossOfTheCallerForNoneOfItsOwn) {
  const Rows train = make_rows(Task::Regression, 500);
  const auto bytes = [&](Value::Object parameters) {
    parameters.emplace_back("n_trees", Value(5));
    return make_gradient_boosting(Value(std::move(parameters)), squared())
        ->fit({train.x, train.target}, nullptr, context_of(1))
        ->to_value();
  };
  EXPECT_EQ(bytes({}), bytes({{"growth", Value("leaf")}, {"min_rows_in_leaf", Value(20)}}));
}

TEST(BoostingModes, RefusesQuantilesWhereTheLossPredictsNone) {
  const Rows train = make_rows(Task::Regression, 100);
  EXPECT_THROW(booster({{"quantiles", list({0.1, 0.9})}})->fit({train.x, train.target}, nullptr, context_of(1)), Error);
  EXPECT_NO_THROW(booster({{"quantiles", list({0.1, 0.9})}, {"loss", Value("quantile")}, {"n_trees", Value(2)}})
                      ->fit({train.x, train.target}, nullptr, context_of(1)));
}

TEST(BoostingModes, OrdersTimesByTheirHazard) {
  const Rows rows = make_rows(Task::Regression, 3000), test = make_rows(Task::Regression, 1000, 1);
  const auto times = [](const Rows& from) {  // a high signal fails early; a third is censored
    Target target = from.target;
    for (size_t i = 0; i < target.values.size(); ++i) target.values[i] = std::exp(-target.values[i]) * (i % 3 == 0 ? -0.8 : 1);
    return target;
  };
  const Target train = times(rows);
  const auto model = booster({{"n_trees", Value(60)}, {"learning_rate", Value(0.1)}, {"loss", Value("cox")}})
                         ->fit({rows.x, train}, nullptr, context_of(2));
  const auto out = predict(*model, test.x);
  int right = 0, wrong = 0;
  for (size_t i = 0; i < 1000; ++i)
    for (size_t j = 0; j < i; ++j) ++((out[i] > out[j]) == (test.target.values[i] > test.target.values[j]) ? right : wrong);
  EXPECT_GT(right, 8 * wrong);
  Target none = train;
  for (double& time : none.values) time = -std::abs(time);
  EXPECT_THROW(booster({{"loss", Value("cox")}})->fit({rows.x, none}, nullptr, context_of(1)), Error);
}

}  // namespace
}  // namespace kolosal
