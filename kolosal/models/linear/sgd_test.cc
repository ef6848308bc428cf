#include <gtest/gtest.h>

#include <cmath>

#include "kolosal/base/random.h"
#include "kolosal/models/forms/linear.h"
#include "kolosal/models/learner.h"
#include "kolosal/models/linear/sgd_loss.h"
#include "kolosal/models/models_test_rows.h"

namespace kolosal {
namespace {

using models_test::predict;

// Numbers, of which the first two make the target.
struct Problem {
  explicit Problem(size_t n, Task task) : x({{"a", 0}, {"b", 0}, {"c", 0}}, n) {
    target.task = task;
    target.n_rows = n;
    if (task == Task::Multiclass) target.class_names = {"x", "y", "z"};
    if (task == Task::Binary) target.class_names = {"no", "yes"};
    RandomStream random(4, "sgd test");
    for (size_t i = 0; i < n; ++i) {
      double z[3];
      for (size_t j = 0; j < 3; ++j) x.column(j)[i] = static_cast<float>(z[j] = random.normal());
      const double sum = 2 * z[0] - z[1] + 0.3 * random.normal();
      target.values.push_back(task == Task::Regression ? sum : task == Task::Binary ? sum > 0 : sum > 1 ? 2 : sum > -1);
    }
  }
  TrainingSet part(size_t begin, size_t end) {
    std::vector<uint32_t> rows;
    for (size_t i = begin; i < end; ++i) rows.push_back(static_cast<uint32_t>(i));
    parts.push_back(std::make_unique<std::pair<FeatureMatrix, Target>>(x.take(rows), target.take(rows)));
    return {parts.back()->first, parts.back()->second};
  }
  FeatureMatrix x;
  Target target;
  std::vector<std::unique_ptr<std::pair<FeatureMatrix, Target>>> parts;
};

TEST(Sgd, SlopesOfLossesAreTheirDerivatives) {
  for (const auto& [kind, name] : enum_names(SgdLoss{}))
    for (const double y : {-1.0, 1.0})
      for (double p = -3.03; p < 3; p += 0.1) {
        const double up = sgd_loss(kind, 0.4, y, p + 1e-6).loss, down = sgd_loss(kind, 0.4, y, p - 1e-6).loss;
        EXPECT_NEAR(sgd_loss(kind, 0.4, y, p).slope, (up - down) / 2e-6, 1e-5) << name << " at " << p;
      }
}

TEST(Sgd, GoesOnWithMoreRowsAsIfAllHadComeAtOnce) {
  for (const Task task : {Task::Regression, Task::Binary, Task::Multiclass})
    for (const char* loss : {"default", "huber"}) {
      Problem problem(400, task);
      if (is_classification(task) && std::string_view(loss) == "huber") loss = "hinge";
      const Value options(Value::Object{{"loss", loss}, {"n_epochs", 1}, {"shuffle", false}, {"l1_ratio", 0.3}, {"average_from", 100}});
      const auto learner = learners().make("sgd", options);
      const auto whole = learner->fit({problem.x, problem.target}, nullptr, {});
      auto model = learner->fit(problem.part(0, 150), nullptr, {});
      model = model_from_value(model_to_value(*model));  // as if it had been saved in between
      model = learner->fit_more(*model, problem.part(150, 400), nullptr, {});
      const LinearForm &a = dynamic_cast<const LinearModel&>(*whole).parts(), &b = dynamic_cast<const LinearModel&>(*model).parts();
      ASSERT_EQ(a.state.size(), b.state.size());
      for (size_t i = 0; i < a.state.size(); ++i) EXPECT_NEAR(a.state[i], b.state[i], 1e-9 * (1 + std::abs(a.state[i]))) << i;
    }
}

TEST(Sgd, LearnsBoundariesOfSeveralClassesAndLeavesUselessWeightsAtZero) {
  Problem problem(3000, Task::Multiclass);
  const auto model =
      learners().make("sgd", Value(Value::Object{{"alpha", 0.01}, {"l1_ratio", 1}}))->fit({problem.x, problem.target}, nullptr, {});
  const std::vector<double> predicted = predict(*model, problem.x);
  size_t n_right = 0;
  for (size_t i = 0; i < 3000; ++i) {
    const auto best =
        std::max_element(predicted.begin() + static_cast<ptrdiff_t>(3 * i), predicted.begin() + static_cast<ptrdiff_t>(3 * i + 3));
    n_right += best - predicted.begin() == static_cast<ptrdiff_t>(3 * i + static_cast<size_t>(problem.target.values[i]));
  }
  EXPECT_GT(n_right, 2100U);  // the class in the middle has no boundary of its own
  const LinearForm& form = dynamic_cast<const LinearModel&>(*model).parts();
  for (size_t k = 0; k < 3; ++k) EXPECT_EQ(form.weights[3 * k + 2], 0);
}

TEST(Sgd, RefusesToGoOnFromAnotherModelAndLossesOfTheOtherKind) {
  Problem problem(50, Task::Regression);
  const TrainingSet train{problem.x, problem.target};
  const auto code_of = [&](const auto& act) {
    try {
      act();
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::Internal;
  };
  const auto ridge = learners().make("ridge")->fit(train, nullptr, {});
  EXPECT_EQ(code_of([&] { learners().make("sgd")->fit_more(*ridge, train, nullptr, {}); }), ErrorCode::BadValue);
  const auto hinge = learners().make("sgd", Value(Value::Object{{"loss", "hinge"}}));
  EXPECT_EQ(code_of([&] { hinge->fit(train, nullptr, {}); }), ErrorCode::BadValue);
}

}  // namespace
}  // namespace kolosal
