#include "kolosal/models/forms/kernel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "kolosal/base/random.h"
#include "kolosal/models/kernel/smo.h"
#include "kolosal/models/learner.h"
#include "kolosal/models/models_test_rows.h"

namespace kolosal {
namespace {

using models_test::predict;

std::vector<float> normals(size_t n, uint64_t seed) {
  RandomStream random(seed, "kernel test");
  std::vector<float> numbers(n);
  for (float& number : numbers) number = static_cast<float>(random.normal());
  return numbers;
}

TEST(KernelRows, CompareRowsByTheFormulas) {
  const size_t n = 1500, p = 3;
  const std::vector<float> values = normals(n * p, 1);
  const KernelRows rows(values, p);
  std::vector<double> query(p), out(n);
  rows.copy_row(7, query.data());
  for (const KernelKind kind : {KernelKind::Rbf, KernelKind::Linear, KernelKind::Poly, KernelKind::Sigmoid}) {
    rows.compare({kind, 0.3, 2, 0.7}, query.data(), rows.square(7), 0, n, out.data());
    for (size_t i = 0; i < n; ++i) {
      double product = 0, distance = 0;
      for (size_t j = 0; j < p; ++j) {
        const auto a = static_cast<double>(values[7 * p + j]), b = static_cast<double>(values[i * p + j]);
        product += a * b;
        distance += (a - b) * (a - b);
      }
      const double expected = kind == KernelKind::Rbf      ? std::exp(-0.3 * distance)
                              : kind == KernelKind::Linear ? product
                              : kind == KernelKind::Poly   ? std::pow(0.3 * product + 0.7, 2)
                                                           : std::tanh(0.3 * product + 0.7);
      ASSERT_NEAR(out[i], expected, 1e-12 * (1 + std::abs(expected)));
    }
  }
}

TEST(Smo, EndsWhereNoPairCanBeImprovedWhateverTheCacheHolds) {
  const size_t n = 80, p = 2;
  const std::vector<float> values = normals(n * p, 2);
  const KernelRows rows(values, p);
  const KernelFunction kernel{KernelKind::Rbf, 0.8, 3, 0};
  SmoProblem problem{{}, std::vector<double>(n, -1.0), std::vector<double>(n, 5.0), 1e-6, 0};
  for (size_t i = 0; i < n; ++i) problem.signs.push_back(values[i * p] * values[i * p + 1] + values[i * p] > 0.2F ? 1 : -1);
  KernelCache cache(kernel, rows, size_t{1} << 20, {}), small(kernel, rows, 1, {});
  const SmoSolution solution = solve_smo(problem, cache, {});
  EXPECT_EQ(solution.variables, solve_smo(problem, small, {}).variables);
  double balance = 0;
  for (size_t i = 0; i < n; ++i) balance += solution.variables[i] * problem.signs[i];
  EXPECT_NEAR(balance, 0, 1e-9);
  for (size_t i = 0; i < n; ++i) {
    double decision = -solution.rho;
    for (size_t t = 0; t < n; ++t) decision += problem.signs[t] * solution.variables[t] * static_cast<double>(cache.row(t)[i]);
    const double margin = problem.signs[i] * decision, a = solution.variables[i];
    if (a <= 0) EXPECT_GT(margin, 1 - 1e-5);
    else if (a >= 5) EXPECT_LT(margin, 1 + 1e-5);
    else EXPECT_NEAR(margin, 1, 1e-5);
  }
}

TEST(KernelModel, BringsProbabilitiesOfPairsTogether) {
  // Pairs made of probabilities that agree give these back.
  const std::vector<double> known{0.5, 0.3, 0.15, 0.05};
  std::vector<double> pairs(16), found(4);
  for (size_t a = 0; a < 4; ++a)
    for (size_t b = 0; b < 4; ++b) pairs[a * 4 + b] = known[a] / (known[a] + known[b]);
  couple_pairs(pairs, 4, found);
  for (size_t a = 0; a < 4; ++a) EXPECT_NEAR(found[a], known[a], 5e-3);
}

TEST(Svc, ProbabilitiesAreAsSureAsHeldOutRowsAllow) {
  // Labels without relation to features: training decisions seem sure, held-out ones are not.
  const size_t n = 300;
  FeatureMatrix x({{"a", 0}, {"b", 0}}, n);
  const std::vector<float> values = normals(2 * n, 3);
  Target target{Task::Binary, n, 1, {}, {"no", "yes"}, {}};
  RandomStream random(4, "labels");
  for (size_t i = 0; i < n; ++i) {
    x.column(0)[i] = values[i];
    x.column(1)[i] = values[n + i];
    target.values.push_back(static_cast<double>(random.below(2)));
  }
  const auto model = learners().make("svc", Value(Value::Object{{"c", 100}, {"gamma", 5}}))->fit({x, target}, nullptr, {});
  for (const double p : predict(*model, x)) EXPECT_NEAR(p, 0.5, 0.2);
}

TEST(KernelModel, RefusesAFormWhosePartsDoNotAgree) {
  KernelForm form;
  form.n_features = 2;
  form.n_classes = 3;
  form.rows = normals(10, 5);
  form.shares.assign(15, 0.5);
  form.bias = form.slopes = form.shifts = {1, 2, 3};
  const auto is_refused = [](const KernelForm& changed) {
    try {
      model_from_value(Value(Value::Object{{"form", "kernel"}, {"model", to_value(changed)}}));
    } catch (const Error& error) {
      return error.code() == ErrorCode::CorruptArtifact;
    }
    return false;
  };
  EXPECT_FALSE(is_refused(form));
  const std::vector<std::function<void(KernelForm&)>> changes = {
      [](KernelForm& f) { f.rows.pop_back(); },  [](KernelForm& f) { f.shares.pop_back(); },      [](KernelForm& f) { f.bias.pop_back(); },
      [](KernelForm& f) { f.shifts.clear(); },   [](KernelForm& f) { f.n_classes = 4; },          [](KernelForm& f) { f.n_features = 0; },
      [](KernelForm& f) { f.n_classes = 5000; }, [](KernelForm& f) { f.rows[0] = std::nanf(""); }};
  for (size_t i = 0; i < changes.size(); ++i) {
    KernelForm changed = form;
    changes[i](changed);
    EXPECT_TRUE(is_refused(changed)) << "change " << i;
  }
}

}  // namespace
}  // namespace kolosal
