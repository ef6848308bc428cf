#include "kolosal/models/forms/linear.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numeric>

#include "kolosal/base/random.h"
#include "kolosal/models/forms/constant.h"
#include "kolosal/models/learner.h"
#include "kolosal/models/models_test_rows.h"

namespace kolosal {
namespace {

using models_test::matrix;
using models_test::predict;

Target numbers(std::vector<double> values, size_t n_targets = 1) {
  return {n_targets == 1 ? Task::Regression : Task::MultiRegression, values.size() / n_targets, n_targets, values, {}, {}};
}

LinearForm fit(const char* name, Value::Object parameters, const TrainingSet& train, const TrainingSet* validation = nullptr) {
  const auto model = learners().make(name, Value(std::move(parameters)))->fit(train, validation, {});
  return dynamic_cast<const LinearModel&>(*model).parts();
}

// Three features of which the third is the sum of the first two where asked, and numbers that follow them.
struct Rows {
  FeatureMatrix x;
  Target target;
};

Rows linear_rows(size_t n, double noise, bool collinear, uint64_t seed = 1) {
  Rows rows{FeatureMatrix({{"a", 0}, {"b", 0}, {"c", 0}}, n), numbers(std::vector<double>(n))};
  RandomStream random(seed, "linear test");
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < 3; ++j) rows.x.column(j)[i] = static_cast<float>(random.normal());
    if (collinear) rows.x.column(2)[i] = rows.x.column(0)[i];
    rows.target.values[i] = 2 * rows.x.at(i, 0) - 3 * rows.x.at(i, 1) + 5 + noise * random.normal();
  }
  return rows;
}

Rows class_rows(size_t n, size_t n_classes, uint64_t seed = 1) {
  Rows rows = linear_rows(n, 2, false, seed);
  rows.target.task = n_classes == 2 ? Task::Binary : Task::Multiclass;
  for (size_t k = 0; k < n_classes; ++k) rows.target.class_names.push_back("class " + std::to_string(k));
  for (double& value : rows.target.values) value = std::clamp(std::floor((value + 3) / 4), 0.0, static_cast<double>(n_classes - 1));
  return rows;
}

std::vector<double> random_weights(size_t n) {
  RandomStream random(9, "weights");
  std::vector<double> weights(n);
  for (double& weight : weights) weight = random.below(5) == 0 ? 0 : random.uniform() * 3;
  return weights;
}

TEST(Constant, PredictsTheWeightedMeanOrTheSharesOfClasses) {
  const auto learner = learners().make("constant");
  const FeatureMatrix x = matrix({{1, 2, 3, 4}});
  const Target value = numbers({1, 2, 3, 10}), two = numbers({1, 2, 3, 4, 5, 6, 7, 8}, 2);
  const Target classes{Task::Multiclass, 4, 1, {0, 2, 2, 0}, {"a", "b", "c"}, {}};
  const std::vector<double> weights = {1, 0, 0, 3};
  EXPECT_EQ(predict(*learner->fit({x, value}, nullptr, {}), matrix({{7, 8}})), (std::vector<double>{4, 4}));
  EXPECT_EQ(predict(*learner->fit({x, value, weights}, nullptr, {}), matrix({{7}})), (std::vector<double>{7.75}));
  EXPECT_EQ(predict(*learner->fit({x, two}, nullptr, {}), matrix({{7}})), (std::vector<double>{4, 5}));
  EXPECT_EQ(predict(*learner->fit({x, classes, std::vector<double>{1, 1, 2, 0}}, nullptr, {}), matrix({{7}})),
            (std::vector<double>{0.25, 0, 0.75}));
}

TEST(Ridge, IsTheClosedFormOfOneFeature) {
  // Centred: x = -1, 0, 1; y = -2, -1, 3; w = Sxy / (Sxx + l2).
  const FeatureMatrix x = matrix({{1, 2, 3}});
  const Target y = numbers({0, 1, 5});
  for (const double l2 : {0.0, 1.0, 10.0}) {
    const LinearForm form = fit("ridge", {{"l2", Value(l2)}}, {x, y});
    EXPECT_NEAR(form.weights[0], 5 / (2 + l2), 1e-12);
    EXPECT_NEAR(form.bias[0], 2 - 2 * 5 / (2 + l2), 1e-12);
  }
  const LinearForm through_zero = fit("ridge", {{"l2", Value(1.0)}, {"fit_intercept", Value(false)}}, {x, y});
  EXPECT_NEAR(through_zero.weights[0], 17.0 / 15, 1e-12);
  EXPECT_EQ(through_zero.bias[0], 0);
}

TEST(Ridge, TakesAWeightOfTwoForARowTwice) {
  const Target y = numbers({0, 1, 5}), repeated = numbers({0, 1, 5, 5});
  const LinearForm weighted = fit("ridge", {{"l2", Value(1.0)}}, {matrix({{1, 2, 3}}), y, std::vector<double>{1, 1, 2}});
  const LinearForm twice = fit("ridge", {{"l2", Value(1.0)}}, {matrix({{1, 2, 3, 3}}), repeated});
  EXPECT_NEAR(weighted.weights[0], twice.weights[0], 1e-12);
  EXPECT_NEAR(weighted.bias[0], twice.bias[0], 1e-12);
}

TEST(Ridge, SolvesTheWeightedNormalEquationsOfSeveralFeaturesAndBlocks) {
  const Rows rows = linear_rows(5000, 1, false);
  const std::vector<double> weights = random_weights(5000);
  const double l2 = 30;
  const LinearForm form = fit("ridge", {{"l2", Value(l2)}}, {rows.x, rows.target, weights});
  std::vector<double> gradient(4);  // of sum s (y - x.w - b)^2 + l2 |w|^2, halved
  for (size_t j = 0; j < 3; ++j) gradient[j] = l2 * form.weights[j];
  for (size_t i = 0; i < 5000; ++i) {
    double off = form.bias[0] - rows.target.values[i];
    for (size_t j = 0; j < 3; ++j) off += form.weights[j] * rows.x.at(i, j);
    for (size_t j = 0; j < 3; ++j) gradient[j] += weights[i] * off * rows.x.at(i, j);
    gradient[3] += weights[i] * off;
  }
  for (const double part : gradient) EXPECT_NEAR(part, 0, 1e-7);
}

TEST(Ridge, SharesTheWeightOfDuplicatedColumnsAndGivesConstantOnesNone) {
  const Rows rows = linear_rows(200, 0, true);
  const LinearForm form = fit("ridge", {{"l2", Value(0.0)}}, {rows.x, rows.target});
  EXPECT_NEAR(form.weights[0], 1, 1e-6);
  EXPECT_NEAR(form.weights[2], 1, 1e-6);
  EXPECT_NEAR(form.weights[1], -3, 1e-6);
  const LinearForm constant = fit("ridge", {}, {matrix({{1, 2, 3, 4}, {5, 5, 5, 5}}), numbers({1, 2, 3, 4})});
  EXPECT_EQ(constant.weights[1], 0);
}

TEST(Ridge, ChoosesASmallPenaltyOnCleanRowsAndALargeOneOnNoise) {
  const Rows clean = linear_rows(200, 0.01, false);
  const LinearForm found = fit("ridge", {}, {clean.x, clean.target});
  EXPECT_NEAR(found.weights[0], 2, 0.01);
  EXPECT_NEAR(found.weights[1], -3, 0.01);
  EXPECT_NEAR(found.bias[0], 5, 0.01);
  Rows noise = linear_rows(200, 0, false);
  RandomStream random(4, "noise");
  for (double& value : noise.target.values) value = random.normal();
  const LinearForm free = fit("ridge", {{"l2", Value(0.0)}}, {noise.x, noise.target}), chosen = fit("ridge", {}, {noise.x, noise.target});
  const auto size = [](const LinearForm& form) { return std::hypot(form.weights[0], form.weights[1], form.weights[2]); };
  EXPECT_LT(size(chosen), 0.7 * size(free));
}

TEST(Ridge, LearnsEachOfSeveralTargetsAsIfAlone) {
  const FeatureMatrix x = matrix({{1, 2, 3, 7}, {0, 1, 0, 1}});
  const LinearForm both = fit("ridge", {{"l2", Value(1.0)}}, {x, numbers({1, 9, 2, 7, 3, 8, 4, 1}, 2)});
  const LinearForm first = fit("ridge", {{"l2", Value(1.0)}}, {x, numbers({1, 2, 3, 4})});
  const LinearForm second = fit("ridge", {{"l2", Value(1.0)}}, {x, numbers({9, 7, 8, 1})});
  for (size_t j = 0; j < 2; ++j) {
    EXPECT_NEAR(both.weights[j], first.weights[j], 1e-12);
    EXPECT_NEAR(both.weights[2 + j], second.weights[j], 1e-12);
  }
  EXPECT_NEAR(both.bias[1], second.bias[0], 1e-12);
}

// The largest part of the gradient of sum s loss + l2/2 |W|^2, made from the model's probabilities.
double largest_gradient(const Rows& rows, const std::vector<double>& weights, const LinearForm& form, double l2) {
  const LinearModel model(form);
  const std::vector<double> p = predict(model, rows.x);
  const size_t n_sums = form.bias.size(), k = model.n_outputs(), width = rows.x.n_features();
  double largest = 0;
  for (size_t s = 0; s < n_sums; ++s) {
    const size_t c = n_sums == 1 ? 1 : s;
    std::vector<double> gradient(width + 1);
    for (size_t j = 0; j < width; ++j) gradient[j] = l2 * form.weights[s * width + j];
    for (size_t i = 0; i < rows.target.n_rows; ++i) {
      const double off = weights[i] * (p[i * k + c] - (rows.target.values[i] == static_cast<double>(c) ? 1.0 : 0.0));
      for (size_t j = 0; j < width; ++j) gradient[j] += off * rows.x.at(i, j);
      gradient[width] += off;
    }
    for (const double part : gradient) largest = std::max(largest, std::abs(part));
  }
  return largest;
}

TEST(Logistic, HasNoGradientAtItsSolution) {
  for (const size_t n_classes : {2U, 3U, 4U})
    for (const double l2 : {0.1, 1.0, 50.0}) {
      SCOPED_TRACE(std::to_string(n_classes) + " classes, l2 " + std::to_string(l2));
      const Rows rows = class_rows(3000, n_classes);
      const std::vector<double> weights = random_weights(3000);
      const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
      const LinearForm form =
          fit("logistic", {{"l2", Value(l2)}, {"tolerance", Value(1e-8)}, {"max_iterations", Value(1000)}}, {rows.x, rows.target, weights});
      EXPECT_LT(largest_gradient(rows, weights, form, l2), 2e-8 * total);
    }
}

TEST(Logistic, SolvesTheCaseOfNoFeatureThatHelpsByTheSharesOfClasses) {
  const FeatureMatrix x = matrix({{3, 3, 3, 3, 3}});
  const Target binary{Task::Binary, 5, 1, {0, 1, 1, 1, 1}, {"no", "yes"}, {}};
  const LinearForm form = fit("logistic", {{"l2", Value(1e9)}, {"tolerance", Value(1e-10)}}, {x, binary});
  EXPECT_NEAR(form.bias[0], std::log(4.0), 1e-6);
  const LinearForm without = fit("logistic", {{"l2", Value(1e9)}, {"fit_intercept", Value(false)}}, {x, binary});
  EXPECT_EQ(without.bias[0], 0);
}

TEST(Logistic, StaysFiniteWhereClassesAreApart) {
  const FeatureMatrix x = matrix({{-1000, -2, 2, 1000}});
  const Target binary{Task::Binary, 4, 1, {0, 0, 1, 1}, {"no", "yes"}, {}};
  const LinearForm form = fit("logistic", {{"l2", Value(0.0)}}, {x, binary});
  EXPECT_TRUE(std::isfinite(form.weights[0]));
  const std::vector<double> p = predict(LinearModel(form), x);
  EXPECT_LT(p[3], 0.5);
  EXPECT_GT(p[5], 0.5);
}

TEST(Logistic, ChoosesItsPenaltyByHeldOutRows) {
  // Classes by the toss of a coin: the larger the penalty, the better on rows held out.
  const auto noisy = [](size_t n, uint64_t seed) {
    Rows rows = class_rows(n, 2, seed);
    RandomStream random(seed, "coin");
    for (double& value : rows.target.values) value = static_cast<double>(random.below(2));
    return rows;
  };
  const Rows train = noisy(20, 1), held_out = noisy(400, 2);
  const TrainingSet validation{held_out.x, held_out.target};
  const auto size = [](const LinearForm& form) { return std::hypot(form.weights[0], form.weights[1], form.weights[2]); };
  EXPECT_LT(size(fit("logistic", {}, {train.x, train.target}, &validation)), 0.2 * size(fit("logistic", {}, {train.x, train.target})));
  EXPECT_EQ(fit("logistic", {{"l2", Value(1.0)}}, {train.x, train.target}, &validation).weights,
            fit("logistic", {}, {train.x, train.target}).weights);
}

TEST(Logistic, GivesTheOnlyClassAllProbability) {
  const FeatureMatrix x = matrix({{1, 2, 3}});
  const Target target{Task::Binary, 3, 1, {0, 0, 0}, {"only"}, {}};
  const auto model = learners().make("logistic")->fit({x, target}, nullptr, {});
  EXPECT_EQ(predict(*model, x), (std::vector<double>{1, 1, 1}));
}

TEST(LinearLearners, NameTheFeatureThatIsMissing) {
  const FeatureMatrix x = matrix({{1, 2}, {1, std::nanf("")}});
  const Target y = numbers({1, 2}), classes{Task::Binary, 2, 1, {0, 1}, {"no", "yes"}, {}};
  for (const auto& [name, target] : {std::pair("ridge", &y), std::pair("logistic", &classes)}) {
    try {
      learners().make(name)->fit({x, *target}, nullptr, {});
      ADD_FAILURE() << name << " learnt from a missing value";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::BadValue);
      EXPECT_NE(error.message().find("'x1'"), std::string::npos) << error.message();
    }
  }
}

TEST(LinearModel, AddsFeaturesByTheirWeightsThroughItsLink) {
  const FeatureMatrix x = matrix({{1, 0}, {2, 1}});
  EXPECT_EQ(predict(LinearModel({2, {3, 4, 1, -1}, {10, 0}, Link::Identity}), x), (std::vector<double>{21, -1, 14, -1}));
  const auto sigmoid = predict(LinearModel({2, {std::log(3.0), 0}, {0}, Link::Sigmoid}), x);
  EXPECT_NEAR(sigmoid[0], 0.25, 1e-12);
  EXPECT_NEAR(sigmoid[1], 0.75, 1e-12);
  EXPECT_EQ(sigmoid[3], 0.5);
  const auto softmax = predict(LinearModel({2, {0, 0, 0, 0, 0, 0}, {1000 + std::log(2.0), 1000, 1000}, Link::Softmax}), x);
  EXPECT_NEAR(softmax[0], 0.5, 1e-12);
  EXPECT_NEAR(softmax[1], 0.25, 1e-12);
  EXPECT_EQ(LinearModel({2, {3, 0, -1, 0}, {0, 0}, Link::Identity}).feature_importance(), (std::vector<double>{1, 0}));
}

template <class Model, class Form>
ErrorCode code_of(const char* name, Form form, const std::function<void(Form&)>& spoil) {
  spoil(form);
  try {
    model_forms().make(name)->from_value(Model(form).to_value());
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::Internal;
}

TEST(LinearForm, RefusesWhatItCannotHaveWritten) {
  const LinearForm good{2, {1, 2}, {3}, Link::Sigmoid};
  EXPECT_EQ((code_of<LinearModel, LinearForm>("linear", good, [](LinearForm&) {})), ErrorCode::Internal) << "the good one is read";
  const std::vector<std::function<void(LinearForm&)>> spoils = {
      [](LinearForm& f) { f.n_features = 3; },
      [](LinearForm& f) { f.n_features = -1; },
      [](LinearForm& f) { f.weights.pop_back(); },
      [](LinearForm& f) { f.bias = {}; },
      [](LinearForm& f) {
        f.bias = {1, 2};
        f.n_features = 1;
      },
      [](LinearForm& f) {  // n_features times sums wraps round to 0
        f = {int64_t{1} << 62, {}, {1, 2, 3, 4}, Link::Softmax};
      },
  };
  for (size_t i = 0; i < spoils.size(); ++i)
    EXPECT_EQ((code_of<LinearModel, LinearForm>("linear", good, spoils[i])), ErrorCode::CorruptArtifact) << "spoil " << i;
  EXPECT_THROW(model_forms().make("linear")->from_value(Value(3.0)), Error);
}

TEST(ConstantForm, RefusesWhatItCannotHaveWritten) {
  const ConstantForm good{2, {1}};
  EXPECT_EQ((code_of<ConstantModel, ConstantForm>("constant", good, [](ConstantForm&) {})), ErrorCode::Internal) << "the good one is read";
  EXPECT_EQ((code_of<ConstantModel, ConstantForm>("constant", good, [](ConstantForm& f) { f.prediction = {}; })),
            ErrorCode::CorruptArtifact);
  EXPECT_EQ((code_of<ConstantModel, ConstantForm>("constant", good, [](ConstantForm& f) { f.n_features = -1; })),
            ErrorCode::CorruptArtifact);
}

}  // namespace
}  // namespace kolosal
