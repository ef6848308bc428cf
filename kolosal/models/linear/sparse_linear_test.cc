#include <gtest/gtest.h>

#include <cmath>

#include "kolosal/base/random.h"
#include "kolosal/models/forms/linear.h"
#include "kolosal/models/learner.h"

namespace kolosal {
namespace {

// Rows of `p` features of which a twentieth is not 0, as sparse and as dense rows, and what they teach.
struct Both {
  FeatureMatrix sparse, dense;
  Target target;
};

Both make_both(size_t n, size_t p, Task task, uint64_t seed = 1) {
  auto features = std::make_shared<std::vector<Feature>>();
  for (size_t j = 0; j < p; ++j) features->push_back({"x" + std::to_string(j), 0});
  Both made{{}, FeatureMatrix(*features, n), {task, n, 1, {}, {}, {}}};
  SparseRows rows{p, {0}, {}, {}};
  RandomStream random(seed, "sparse linear");
  for (size_t i = 0; i < n; ++i) {
    double signal = 0.5 * random.normal();
    for (size_t j = 0; j < p; ++j) {
      if (random.uniform() > 0.05) continue;
      const auto value = static_cast<float>(1 + random.normal());
      rows.features.push_back(static_cast<uint32_t>(j));
      rows.values.push_back(value);
      made.dense.column(j)[i] = value;
      if (j < 20) signal += static_cast<double>(value) * (j % 2 == 0 ? 1 : -1);
    }
    rows.starts.push_back(rows.features.size());
    if (task == Task::Binary) made.target.values.push_back(signal > 0);
    else if (task == Task::Multiclass) made.target.values.push_back(signal > 0.7 ? 2 : signal > -0.7);
    else made.target.values.push_back(signal);
  }
  if (task == Task::Binary) made.target.class_names = {"a", "b"};
  if (task == Task::Multiclass) made.target.class_names = {"a", "b", "c"};
  made.sparse = FeatureMatrix(features, std::move(rows));
  return made;
}

FitContext context_of(int n_threads) {
  FitContext context;
  context.threads = std::make_shared<const Threads>(n_threads);
  return context;
}

LinearForm fit(const std::string& name, const Value::Object& parameters, const FeatureMatrix& x, const Target& target,
               std::span<const double> weights = {}, int n_threads = 1) {
  const auto model = learners().make(name, Value(parameters))->fit({x, target, weights}, nullptr, context_of(n_threads));
  return dynamic_cast<const LinearModel&>(*model).parts();
}

void expect_alike(const LinearForm& a, const LinearForm& b, double tolerance) {
  ASSERT_EQ(a.weights.size(), b.weights.size());
  for (size_t i = 0; i < a.weights.size(); ++i) ASSERT_NEAR(a.weights[i], b.weights[i], tolerance) << i;
  for (size_t k = 0; k < a.bias.size(); ++k) ASSERT_NEAR(a.bias[k], b.bias[k], tolerance);
}

constexpr size_t kMany = 1100;  // features: more than blocks are made of

struct Case {
  std::string name;
  Value::Object parameters;
  Task task;
  double tolerance;
};

const Value kSmall = Value(1e-11), kMost = Value(20000);

std::vector<Case> cases() {
  return {
      {"ridge", {{"l2", Value(2.0)}}, Task::Regression, 1e-9},
      {"ridge", {{"l2", Value(2.0)}, {"fit_intercept", Value(false)}}, Task::Regression, 1e-9},
      {"least_squares", {}, Task::Regression, 1e-7},
      {"lasso", {{"l1", Value(0.02)}, {"tolerance", Value(1e-15)}, {"max_iterations", kMost}}, Task::Regression, 1e-7},
      {"lasso",
       {{"l1", Value(0.02)}, {"fit_intercept", Value(false)}, {"tolerance", Value(1e-15)}, {"max_iterations", kMost}},
       Task::Regression,
       1e-7},
      {"elastic_net", {{"alpha", Value(0.05)}, {"tolerance", Value(1e-15)}, {"max_iterations", kMost}}, Task::Regression, 1e-7},
      {"logistic", {{"l2", Value(1.0)}, {"tolerance", kSmall}, {"max_iterations", kMost}}, Task::Binary, 1e-7},
      {"logistic", {{"l2", Value(1.0)}, {"tolerance", kSmall}, {"max_iterations", kMost}}, Task::Multiclass, 1e-7},
      {"linear_svm", {{"l2", Value(1.0)}, {"tolerance", kSmall}, {"max_iterations", kMost}}, Task::Binary, 1e-6},
      {"sgd", {}, Task::Binary, 1e-9},
      {"sgd", {{"l1_ratio", Value(1.0)}, {"alpha", Value(1e-3)}}, Task::Regression, 1e-9},
      {"sgd", {{"average_from", Value(10)}}, Task::Regression, 1e-9},
  };
}

TEST(SparseLinear, LearnsWhatItLearnsOfDenseRows) {
  for (const Case& c : cases())
    for (const bool weighted : {false, true}) {
      SCOPED_TRACE(c.name + (weighted ? " weighted" : ""));
      const Both rows = make_both(300, kMany, c.task);
      std::vector<double> weights;
      for (size_t i = 0; weighted && i < 300; ++i) weights.push_back(static_cast<double>(i % 4));
      expect_alike(fit(c.name, c.parameters, rows.sparse, rows.target, weights),
                   fit(c.name, c.parameters, rows.dense, rows.target, weights), c.tolerance);
    }
}

TEST(SparseLinear, GivesTheSameBitsOnAnyNumberOfThreads) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    const Both rows = make_both(2500, kMany, c.task);
    Value::Object quick = c.parameters;
    for (auto& [name, value] : quick)
      if (name == "max_iterations") value = Value(30);
    const LinearForm one = fit(c.name, quick, rows.sparse, rows.target), eight = fit(c.name, quick, rows.sparse, rows.target, {}, 8);
    EXPECT_EQ(one.weights, eight.weights);
    EXPECT_EQ(one.bias, eight.bias);
  }
}

// A weight that is not 0 has the derivative that its penalty holds, one that is 0 none beyond it.
TEST(SparseLinear, L1PenaltiesOfManyFeaturesAreAtTheirMinimum) {
  for (const Task task : {Task::Binary, Task::Multiclass}) {
    const Both rows = make_both(400, 3000, task);
    const double l1 = 3;
    const LinearForm form =
        fit("logistic", {{"l1", Value(l1)}, {"tolerance", Value(1e-10)}, {"max_iterations", Value(1000)}}, rows.sparse, rows.target);
    const LinearModel model(form);
    std::vector<double> chances(400 * model.n_outputs());
    model.predict(rows.sparse, chances);
    const size_t n_sums = form.bias.size();
    size_t n_used = 0;
    for (size_t k = 0; k < n_sums; ++k) {
      std::vector<double> slopes(3000, 0.0);
      double of_bias = 0;
      for (size_t i = 0; i < 400; ++i) {
        const size_t label = n_sums == 1 ? 1 : k;
        const double off = chances[i * model.n_outputs() + label] - (rows.target.values[i] == static_cast<double>(label) ? 1 : 0);
        rows.sparse.sparse().add_row(i, off, slopes.data());
        of_bias += off;
      }
      EXPECT_NEAR(of_bias, 0, 1e-6);
      for (size_t j = 0; j < 3000; ++j) {
        const double weight = form.weights[k * 3000 + j];
        n_used += weight != 0;
        if (weight == 0) EXPECT_LE(std::abs(slopes[j]), l1 + 1e-6);
        else EXPECT_NEAR(slopes[j], weight > 0 ? -l1 : l1, 1e-6);
      }
    }
    EXPECT_GT(n_used, 5U);
    EXPECT_LT(n_used, 300U);
  }
}

TEST(SparseLinear, PredictsSparseRowsAsDenseOnes) {
  const Both rows = make_both(100, 50, Task::Multiclass);
  const LinearModel model(fit("logistic", {}, rows.dense, rows.target));
  std::vector<double> sparse(300), dense(300);
  model.predict(rows.sparse, sparse);
  model.predict(rows.dense, dense);
  for (size_t i = 0; i < 300; ++i) ASSERT_NEAR(sparse[i], dense[i], 1e-14);
}

TEST(SparseLinear, SaysWhatManyFeaturesDoNotGoWith) {
  const Both numbers = make_both(50, kMany, Task::Regression), classes = make_both(50, kMany, Task::Binary);
  EXPECT_THROW(fit("ridge", {}, numbers.sparse, numbers.target), Error);
  EXPECT_THROW(fit("quantile", {}, numbers.sparse, numbers.target), Error);
  EXPECT_THROW(fit("linear_svm", {{"loss", Value("hinge")}}, classes.sparse, classes.target), Error);
  EXPECT_THROW(fit("gaussian_naive_bayes", {}, classes.sparse, classes.target), Error);
}

TEST(SparseLinear, RefusesWhatIsNotFiniteAndNamesTheFeature) {
  for (const Case& c : cases()) {
    const Both rows = make_both(60, kMany, c.task);
    SparseRows damaged = rows.sparse.sparse();
    damaged.values[7] = std::numeric_limits<float>::infinity();
    const std::string name = "x" + std::to_string(damaged.features[7]);
    const auto features = std::make_shared<const std::vector<Feature>>(rows.sparse.features());
    try {
      fit(c.name, c.parameters, FeatureMatrix(features, damaged), rows.target);
      ADD_FAILURE() << c.name << " took infinity";
    } catch (const Error& error) {
      EXPECT_NE(error.message().find("'" + name + "'"), std::string::npos) << c.name << ": " << error.message();
    }
  }
}

}  // namespace
}  // namespace kolosal
