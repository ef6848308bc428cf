#include <gtest/gtest.h>

#include <cmath>

#include "kolosal/base/random.h"
#include "kolosal/models/kernel/cholesky-inl.h"
#include "kolosal/models/kernel/gaussian_process-inl.h"
#include "kolosal/models/learner.h"
#include "kolosal/models/models_test_rows.h"

namespace kolosal {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using models_test::predict;

std::vector<float> normals(size_t n, uint64_t seed) {
  RandomStream random(seed, "gaussian process test");
  std::vector<float> numbers(n);
  for (float& number : numbers) number = static_cast<float>(random.normal());
  return numbers;
}

FitContext context_of(int n_threads) {
  FitContext context;
  context.threads = std::make_shared<const Threads>(n_threads);
  return context;
}

TEST(Cholesky, FactorsSolveAndInvertAndAreTheSameOnAnyNumberOfThreads) {
  for (const Index n : {1, 5, 96, 97, 300}) {
    MatrixXd b(n, n);
    const std::vector<float> numbers = normals(static_cast<size_t>(n * n), 1);
    for (Index i = 0; i < n * n; ++i) b.data()[i] = static_cast<double>(numbers[static_cast<size_t>(i)]);
    const MatrixXd a = b * b.transpose() + MatrixXd::Identity(n, n);
    MatrixXd factor = a, again = a;
    ASSERT_TRUE(factorise(factor, context_of(1)));
    ASSERT_TRUE(factorise(again, context_of(4)));
    EXPECT_EQ(MatrixXd(factor.triangularView<Eigen::Lower>()), MatrixXd(again.triangularView<Eigen::Lower>()));
    EXPECT_LT((inverse_of_factorised(factor, {}) * a - MatrixXd::Identity(n, n)).cwiseAbs().maxCoeff(), 1e-8);
    EXPECT_LT((a * solve_factorised(factor, b.col(0)) - b.col(0)).cwiseAbs().maxCoeff(), 1e-8);
    EXPECT_LT((factor.triangularView<Eigen::Lower>() * solve_lower(factor, b, {}) - b).cwiseAbs().maxCoeff(), 1e-9);
    MatrixXd negative = a - 1e3 * MatrixXd::Identity(n, n);
    EXPECT_FALSE(factorise(negative, {}));
  }
}

TEST(GaussianProcess, SlopesOfTheEvidenceAreItsNumericDerivatives) {
  const size_t n = 40, p = 3;
  const std::vector<float> values = normals(n * p, 2);
  VectorXd y(n), labels(n), weights(n);
  for (size_t i = 0; i < n; ++i) {
    const auto k = static_cast<Index>(i);
    y[k] = std::sin(2 * static_cast<double>(values[i * p])) + 0.3 * static_cast<double>(values[i * p + 1]);
    labels[k] = y[k] + static_cast<double>(values[i * p + 2]) / 2 > 0 ? 1 : 0;
    weights[k] = 0.5 + static_cast<double>(i % 3) / 2;
  }
  for (const auto& [kind, name] : enum_names(Covariance{}))
    for (const bool ard : {false, true}) {
      SCOPED_TRACE(name);
      const EvidenceRows rows(values, p, kind, ard);
      VectorXd theta(rows.n_scales() + 2);
      for (Index j = 0; j < theta.size(); ++j) theta[j] = 0.2 * static_cast<double>(j) - 0.4;
      const auto check = [&](const auto& evidence, const VectorXd& at) {
        const VectorXd slopes = evidence(at).slopes;
        for (Index j = 0; j < at.size(); ++j) {
          VectorXd up = at, down = at;
          up[j] += 1e-5;
          down[j] -= 1e-5;
          EXPECT_NEAR(slopes[j], (evidence(up).value - evidence(down).value) / 2e-5, 2e-4 * (1 + std::abs(slopes[j]))) << j;
        }
      };
      check([&](const VectorXd& at) { return evidence_of_numbers(rows, y, weights.cwiseInverse(), at, {}); }, theta);
      check([&](const VectorXd& at) { return evidence_of_classes(rows, labels, weights, at, {}); }, theta.head(theta.size() - 1));
    }
}

TEST(GaussianProcess, FindsWhichFeaturesMatterAndRefusesMoreRowsThanAsked) {
  const size_t n = 150;
  FeatureMatrix x({{"a", 0}, {"b", 0}, {"c", 0}}, n);
  Target target{Task::Regression, n, 1, {}, {}, {}};
  const std::vector<float> values = normals(n * 3, 3);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < 3; ++j) x.column(j)[i] = values[i * 3 + j];
    target.values.push_back(1000 + 50 * std::sin(2 * static_cast<double>(values[i * 3])));
  }
  const auto model = learners().make("gaussian_process")->fit({x, target}, nullptr, {});
  const GaussianProcessForm& form = dynamic_cast<const GaussianProcessModel&>(*model).parts();
  EXPECT_GT(form.scales[0], 20 * form.scales[1]);
  EXPECT_GT(form.scales[0], 20 * form.scales[2]);
  const std::vector<double> predicted = predict(*model, x);
  for (size_t i = 0; i < n; ++i) EXPECT_NEAR(predicted[i], target.values[i], 1);
  try {
    learners().make("gaussian_process", Value(Value::Object{{"max_rows", 149}}))->fit({x, target}, nullptr, {});
    FAIL() << "took a row too many";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::BadValue);
    EXPECT_NE(error.message().find("max_rows"), std::string::npos);
  }
}

}  // namespace
}  // namespace kolosal
