#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "kolosal/base/random.h"
#include "kolosal/models/forms/gaussian_classes.h"
#include "kolosal/models/forms/linear.h"
#include "kolosal/models/learner.h"
#include "kolosal/models/models_test_rows.h"

namespace kolosal {
namespace {

using models_test::matrix;
using models_test::predict;

Target two_classes(std::vector<double> values) { return {Task::Binary, values.size(), 1, std::move(values), {"no", "yes"}, {}}; }

std::unique_ptr<Model> fit(const std::string& name, Value::Object parameters, const TrainingSet& train) {
  return learners().make(name, Value(std::move(parameters)))->fit(train, nullptr, {});
}

double normal_density(double x, double mean, double variance) {
  return std::exp(-0.5 * (x - mean) * (x - mean) / variance) / std::sqrt(variance);
}

TEST(GaussianNaiveBayes, IsBayesRuleOfIndependentNormals) {
  // Class 0: x0 = 0, 2 and x1 = 1, 3; class 1: x0 = 4, 6, 8 and x1 = 0, 0, 3.
  const FeatureMatrix x = matrix({{0, 2, 4, 6, 8}, {1, 3, 0, 0, 3}});
  const auto model = fit("gaussian_naive_bayes", {{"var_smoothing", Value(1e-15)}}, {x, two_classes({0, 0, 1, 1, 1})});
  const double no = 0.4 * normal_density(3, 1, 1) * normal_density(2, 2, 1);
  const double yes = 0.6 * normal_density(3, 6, 8.0 / 3) * normal_density(2, 1, 2);
  const std::vector<double> p = predict(*model, matrix({{3}, {2}}));
  EXPECT_NEAR(p[0], no / (no + yes), 1e-12);
  EXPECT_NEAR(p[1], yes / (no + yes), 1e-12);
}

TEST(MultinomialNaiveBayes, SumsLogarithmsOfSmoothedShares) {
  const FeatureMatrix x = matrix({{2, 1, 0}, {0, 1, 3}});
  const auto model = fit("multinomial_naive_bayes", {{"alpha", Value(0.5)}}, {x, two_classes({0, 0, 1})});
  // Class 0 has 3 and 1, class 1 has 0 and 3; each with a half more.
  const double no = 2.0 / 3 * std::pow(3.5 / 5, 1) * std::pow(1.5 / 5, 2), yes = 1.0 / 3 * (0.5 / 4) * std::pow(3.5 / 4, 2);
  EXPECT_NEAR(predict(*model, matrix({{1}, {2}}))[0], no / (no + yes), 1e-12);
}

TEST(MultinomialNaiveBayes, RefusesNegativeCountsByName) {
  try {
    fit("multinomial_naive_bayes", {}, {matrix({{1, 2}, {0, -1}}), two_classes({0, 1})});
    FAIL() << "learnt from a negative count";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::BadValue);
    EXPECT_NE(error.message().find("'x1'"), std::string::npos) << error.message();
  }
}

TEST(BernoulliNaiveBayes, CountsWhatIsThereAndWhatIsNot) {
  const FeatureMatrix x = matrix({{5, 7, 1}, {1, 9, 1}});
  const auto model = fit("bernoulli_naive_bayes", {{"threshold", Value(4.0)}}, {x, two_classes({0, 0, 1})});
  // With one more of each kind, feature 0 is above 4 in 3/4 of class 0 and 1/3 of class 1, feature 1 in 2/4 and 1/3.
  const double no = 2.0 / 3 * (3.0 / 4) * (2.0 / 4), yes = 1.0 / 3 * (1.0 / 3) * (2.0 / 3);
  EXPECT_NEAR(predict(*model, matrix({{4.5F}, {4}}))[0], no / (no + yes), 1e-12);
}

// Two classes of two correlated features, with weights.
struct Correlated {
  FeatureMatrix x{{{"a", 0}, {"b", 0}}, 500};
  Target target = two_classes(std::vector<double>(500));
  std::vector<double> weights;

  Correlated() {
    RandomStream random(5, "correlated");
    for (size_t i = 0; i < 500; ++i) {
      const double y = static_cast<double>(random.below(2)), a = random.normal(), b = 0.6 * a + random.normal();
      target.values[i] = y;
      x.column(0)[i] = static_cast<float>(a + 2 * y);
      x.column(1)[i] = static_cast<float>(b * (1 + y) - y);
      weights.push_back(static_cast<double>(random.below(3)));
    }
  }

  // Weight, mean (2) and scatter around it (3: aa, ab, bb) of a class.
  std::vector<double> moments(double y) const {
    std::vector<double> m(6);
    for (size_t i = 0; i < 500; ++i)
      if (target.values[i] == y) {
        m[0] += weights[i];
        for (size_t j = 0; j < 2; ++j) m[1 + j] += weights[i] * static_cast<double>(x.at(i, j));
      }
    m[1] /= m[0];
    m[2] /= m[0];
    for (size_t i = 0; i < 500; ++i)
      if (target.values[i] == y) {
        const double a = static_cast<double>(x.at(i, 0)) - m[1], b = static_cast<double>(x.at(i, 1)) - m[2];
        m[3] += weights[i] * a * a;
        m[4] += weights[i] * a * b;
        m[5] += weights[i] * b * b;
      }
    return m;
  }
};

// Weight times the normal density at (a, b), but for a factor.
double weighed_density(const std::vector<double>& m, double aa, double ab, double bb, double a, double b) {
  const double det = aa * bb - ab * ab, u = a - m[1], v = b - m[2];
  return m[0] / std::sqrt(det) * std::exp(-0.5 * (bb * u * u - 2 * ab * u * v + aa * v * v) / det);
}

TEST(LinearDiscriminant, IsBayesRuleOfNormalsOfOneCovariance) {
  const Correlated rows;
  const auto no = rows.moments(0), yes = rows.moments(1);
  const double total = no[0] + yes[0], aa = (no[3] + yes[3]) / total, ab = (no[4] + yes[4]) / total, bb = (no[5] + yes[5]) / total;
  const auto model = fit("lda", {}, {rows.x, rows.target, rows.weights});
  const double n = weighed_density(no, aa, ab, bb, 0.5, -0.25), y = weighed_density(yes, aa, ab, bb, 0.5, -0.25);
  EXPECT_NEAR(predict(*model, matrix({{0.5F}, {-0.25F}}))[1], y / (n + y), 1e-10);
}

TEST(LinearDiscriminant, ShrinksToTheNearestMeanOfAllVariancesAlike) {
  const Correlated rows;
  const auto no = rows.moments(0), yes = rows.moments(1);
  const double variance = (no[3] + yes[3] + no[5] + yes[5]) / (2 * (no[0] + yes[0]));
  const auto model = fit("lda", {{"shrinkage", Value(1.0)}}, {rows.x, rows.target, rows.weights});
  const double n = weighed_density(no, variance, 0, variance, 1, 0), y = weighed_density(yes, variance, 0, variance, 1, 0);
  EXPECT_NEAR(predict(*model, matrix({{1}, {0}}))[1], y / (n + y), 1e-10);
}

TEST(LinearDiscriminant, LeavesOutWhatDoesNotVary) {
  const Correlated rows;
  FeatureMatrix wide({{"a", 0}, {"b", 0}, {"constant", 0}, {"again", 0}}, 500);
  for (size_t i = 0; i < 500; ++i) {
    wide.column(0)[i] = wide.column(3)[i] = rows.x.at(i, 0);
    wide.column(1)[i] = rows.x.at(i, 1);
    wide.column(2)[i] = 3;
  }
  const std::vector<double> narrow = predict(*fit("lda", {}, {rows.x, rows.target}), rows.x);
  const std::vector<double> more = predict(*fit("lda", {}, {wide, rows.target}), wide);
  for (size_t i = 0; i < narrow.size(); ++i) EXPECT_NEAR(narrow[i], more[i], 1e-9);
}

TEST(QuadraticDiscriminant, IsBayesRuleOfNormals) {
  const Correlated rows;
  const auto no = rows.moments(0), yes = rows.moments(1);
  const double r = 0.25;
  const auto density = [&](const std::vector<double>& m) {
    const double keep = (1 - r) / m[0];
    return weighed_density(m, keep * m[3] + r, keep * m[4], keep * m[5] + r, 0.5, -1);
  };
  const auto model = fit("qda", {{"regularization", Value(r)}}, {rows.x, rows.target, rows.weights});
  EXPECT_NEAR(predict(*model, matrix({{0.5F}, {-1}}))[1], density(yes) / (density(no) + density(yes)), 1e-10);
}

TEST(Bayes, TakesAWeightForAsManyRows) {
  const Correlated rows;
  std::vector<uint32_t> repeated;
  for (uint32_t i = 0; i < 500; ++i) repeated.insert(repeated.end(), static_cast<size_t>(rows.weights[i]), i);
  const FeatureMatrix x = rows.x.take(repeated);
  const Target target = rows.target.take(repeated);
  for (const char* name : {"gaussian_naive_bayes", "bernoulli_naive_bayes", "lda", "qda"}) {
    const auto weighted = predict(*fit(name, {}, {rows.x, rows.target, rows.weights}), rows.x);
    const auto all = predict(*fit(name, {}, {x, target}), rows.x);
    for (size_t i = 0; i < all.size(); ++i) EXPECT_NEAR(weighted[i], all[i], 1e-9) << name;
  }
}

TEST(GaussianClassesForm, RefusesWhatItCannotHaveWritten) {
  const GaussianClassesForm good{2, false, {0.5, 0.5}, {1, 2, 3, 4}, {1, 0, 0, 1, 1, 0, 0, 1}, {0, 0}};
  const auto code_of = [&](const std::function<void(GaussianClassesForm&)>& spoil) {
    GaussianClassesForm form = good;
    spoil(form);
    try {
      model_forms().make("gaussian_classes")->from_value(GaussianClassesModel(form).to_value());
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::Internal;
  };
  EXPECT_EQ(code_of([](GaussianClassesForm&) {}), ErrorCode::Internal) << "the good one is read";
  const std::vector<std::function<void(GaussianClassesForm&)>> spoils = {
      [](GaussianClassesForm& f) { f.independent = true; },        [](GaussianClassesForm& f) { f.n_features = 1; },
      [](GaussianClassesForm& f) { f.n_features = -1; },           [](GaussianClassesForm& f) { f.priors = {}; },
      [](GaussianClassesForm& f) { f.priors = {0, 0}; },           [](GaussianClassesForm& f) { f.priors = {-1, 2}; },
      [](GaussianClassesForm& f) { f.means.pop_back(); },          [](GaussianClassesForm& f) { f.factors.pop_back(); },
      [](GaussianClassesForm& f) { f.factors[0] = std::nan(""); }, [](GaussianClassesForm& f) { f.log_dets = {0}; },
  };
  for (size_t i = 0; i < spoils.size(); ++i) EXPECT_EQ(code_of(spoils[i]), ErrorCode::CorruptArtifact) << "spoil " << i;
}

}  // namespace
}  // namespace kolosal
