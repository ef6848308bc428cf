// Targets that are very large, very small or far from 0.
#include <gtest/gtest.h>

#include <cmath>

#include "kolosal/models/forms/forest_rounds.h"
#include "kolosal/models/trees/trees_test_rows.h"

namespace kolosal {
namespace {

using namespace trees_test;

// A learner of few trees.
std::unique_ptr<Learner> make_learner(const std::string& name, Value::Object parameters = {}) {
  if (name != "decision_tree") parameters.emplace_back("n_trees", Value(8));
  return learners().make(name, Value(std::move(parameters)));
}

Target times(Target target, double factor) {
  for (double& y : target.values) y *= factor;
  return target;
}

// Predictions for targets times a power of two are exactly as many times those for the targets.
void expect_scales(const Learner& learner, const Rows& rows) {
  const auto plain = predict(*learner.fit({rows.x, rows.target}, nullptr, context_of(2, 5)), rows.x);
  for (const int power : {60, 130, 300, -60, -153, -400}) {
    const double factor = std::ldexp(1.0, power);
    const auto model = learner.fit({rows.x, times(rows.target, factor)}, nullptr, context_of(2, 5));
    const auto scaled = predict(*model, rows.x);
    for (size_t i = 0; i < plain.size(); ++i) ASSERT_EQ(scaled[i], factor * plain[i]) << "2^" << power << ", prediction " << i;
    const auto loaded = model_forms().make("forest")->from_value(model->to_value());
    EXPECT_EQ(predict(*loaded, rows.x), scaled);
  }
}

TEST(TargetScale, OfTreesAndForestsIsThatOfTheirPredictions) {
  for (const char* name : {"decision_tree", "random_forest", "extra_trees"})
    for (const Task task : {Task::Regression, Task::MultiRegression}) {
      SCOPED_TRACE(std::string(name) + " " + std::string(enum_name(task)));
      expect_scales(*make_learner(name), make_rows(task, 600));
    }
}

TEST(TargetScale, OfBoostingIsThatOfItsPredictions) {
  for (Value::Object parameters : {Value::Object{},
                                   {{"loss", Value("absolute")}},
                                   {{"loss", Value("quantile")}, {"quantiles", Value(Value::List{0.2, 0.7})}},
                                   {{"sampling", Value("goss")}},
                                   {{"sampling", Value("minimal_variance")}},
                                   {{"linear_leaves", Value(true)}, {"growth", Value("leaf")}}})
    expect_scales(*make_learner("gradient_boosting", std::move(parameters)), make_rows(Task::Regression, 600));
  expect_scales(*make_learner("gradient_boosting"), make_rows(Task::MultiRegression, 600));
}

TEST(TargetScale, OfBoostingOfManyRowsIsThatOfItsPredictions) {
  for (Value::Object parameters : {Value::Object{{"row_fraction", Value(1)}}, {}})
    expect_scales(*make_learner("gradient_boosting", std::move(parameters)), make_rows(Task::Regression, 17'000));
}

TEST(TargetScale, ThatSquaresCannotTellIsRefused) {
  const Rows rows = make_rows(Task::Regression, 200);
  for (const char* name : {"decision_tree", "random_forest", "extra_trees", "gradient_boosting"})
    for (const double factor : {1e200, 1e-200, 1e308 / 20}) {
      SCOPED_TRACE(name);
      try {
        (void)make_learner(name)->fit({rows.x, times(rows.target, factor)}, nullptr, context_of(1));
        ADD_FAILURE() << "targets times " << factor << " were fitted";
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::BadValue) << error.message();
      }
    }
}

TEST(TargetScale, LeavesTellTargetsFarFromZeroApart) {
  FeatureMatrix x({{"x", 0}}, 200);
  Target target{Task::Regression, 200, 1, {}, {}, {}};
  for (size_t i = 0; i < 200; ++i) {
    x.column(0)[i] = static_cast<float>(i);
    target.values.push_back(1.7e9 + static_cast<double>(i));
  }
  const auto out = predict(*make_learner("decision_tree")->fit({x, target}, nullptr, context_of(1)), x);
  for (size_t i = 0; i < 200; ++i) ASSERT_NEAR(out[i], target.values[i], 1e-4);
}

TEST(TargetScale, StaysWhereForestsGoOnAndAreJoined) {
  const Rows rows = make_rows(Task::Regression, 300), others = make_rows(Task::Regression, 300, 1);
  Target far = others.target;
  for (double& y : far.values) y = 1e6 + 1e12 * y;
  const auto learner = make_learner("extra_trees");
  const auto first = learner->fit({rows.x, rows.target}, nullptr, context_of(1, 1));
  const auto second = learner->fit({others.x, far}, nullptr, context_of(1, 2));
  const Forest& a = dynamic_cast<const ForestModel&>(*first).forest();
  const Forest& b = dynamic_cast<const ForestModel&>(*second).forest();
  const Forest* both[] = {&a, &b};
  const auto of_a = predict(*first, rows.x), of_b = predict(*second, rows.x);
  const auto joined = predict(ForestModel(mean_of_forests(both)), rows.x);
  for (size_t i = 0; i < 300; ++i) ASSERT_NEAR(joined[i], (of_a[i] + of_b[i]) / 2, 1e-6 * std::abs(of_b[i]) + 1);

  const auto more = learner->fit_more(*second, {others.x, far}, nullptr, context_of(1, 2));
  const auto whole =
      learners().make("extra_trees", Value(Value::Object{{"n_trees", Value(16)}}))->fit({others.x, far}, nullptr, context_of(1, 2));
  EXPECT_EQ(predict(*more, others.x), predict(*whole, others.x));
  EXPECT_THROW(learner->fit_more(*first, {others.x, times(others.target, 1e60)}, nullptr, context_of(1)), Error);
}

}  // namespace
}  // namespace kolosal
