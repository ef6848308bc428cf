// What the minimisers of linear models promise: no slope where they end, whatever the loss, the penalty, the weights and the rows.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "kolosal/base/random.h"
#include "kolosal/models/forms/linear.h"
#include "kolosal/models/learner.h"
#include "kolosal/models/linear/piecewise-inl.h"

namespace kolosal {
namespace {

constexpr size_t kWidth = 4;

struct Rows {
  FeatureMatrix x;
  Target target;
  std::vector<double> weights;

  TrainingSet train() const { return {x, target, weights}; }
};

// Four features, of which the third is of another size and place, and the fourth does nothing; a target made of a sum with noise.
Rows make_rows(size_t n, const std::function<double(double sum, RandomStream& random)>& target, Task task = Task::Regression) {
  Rows rows{FeatureMatrix({{"a", 0}, {"b", 0}, {"c", 0}, {"d", 0}}, n), {task, n, 1, std::vector<double>(n), {}, {}}, {}};
  if (task == Task::Binary) rows.target.class_names = {"no", "yes"};
  if (task == Task::Multiclass) rows.target.class_names = {"x", "y", "z"};
  RandomStream random(3, "linear losses");
  for (size_t i = 0; i < n; ++i) {
    double z[kWidth];
    for (size_t j = 0; j < kWidth; ++j) {
      z[j] = random.normal();
      rows.x.column(j)[i] = static_cast<float>(j == 2 ? 50 * z[j] + 1000 : z[j]);
    }
    rows.target.values[i] = target(z[0] - 0.5 * z[1] + 0.7 * z[2], random);
    rows.weights.push_back(static_cast<double>(random.below(4)));
  }
  return rows;
}

Rows number_rows(size_t n) {
  return make_rows(n, [](double sum, RandomStream& random) { return 3 * sum + random.normal() + (random.below(20) == 0 ? 30 : 0); });
}
Rows count_rows(size_t n) {
  return make_rows(n, [](double sum, RandomStream& random) { return std::floor(std::exp(0.5 * sum + random.normal())); });
}
Rows class_rows(size_t n, size_t n_classes) {
  return make_rows(
      n, [&](double sum, RandomStream& random) { return std::clamp(std::floor(sum + random.normal() + 1), 0.0, n_classes - 1.0); },
      n_classes == 2 ? Task::Binary : Task::Multiclass);
}

TEST(LinearLosses, APiecewiseLossThatIsStoppedBeforeItsFirstStepGivesNoModel) {
  const Rows rows = number_rows(500);
  const TrainingSet train = rows.train();
  const WeightedRows weighted(train);
  for (const bool is_late : {false, true}) {
    FitContext context;
    const auto row_of = [&](size_t i) {  // asked for before the first step
      if (is_late) context.deadline = Deadline::after(0);
      else context.cancel.cancel();
      return PiecewiseRow{rows.target.values[i], 0.5, 0.5};
    };
    try {
      (void)minimise_piecewise(weighted, row_of, {0, 0}, {true, 200, 1e-11}, context);
      ADD_FAILURE() << "a model";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), is_late ? ErrorCode::Timeout : ErrorCode::Cancelled);
    }
  }
}

LinearForm fit(const std::string& name, Value::Object parameters, const TrainingSet& train) {
  const auto model = learners().make(name, Value(std::move(parameters)))->fit(train, nullptr, {});
  return dynamic_cast<const LinearModel&>(*model).parts();
}

double margin(const Rows& rows, const LinearForm& form, size_t row, size_t sum = 0) {
  double m = form.bias[sum];
  for (size_t j = 0; j < kWidth; ++j) m += form.weights[sum * kWidth + j] * static_cast<double>(rows.x.at(row, j));
  return m;
}

// The slopes by the weights and the bias of sum s slope(y, m) x, in units of the spread of each feature, over the total weight.
std::vector<double> slopes(const Rows& rows, const LinearForm& form, const std::function<double(double y, double m)>& slope) {
  constexpr double kSpread[] = {1, 1, 50, 1}, kCenter[] = {0, 0, 1000, 0};
  std::vector<double> sums(kWidth + 1);
  double total = 0;
  for (size_t i = 0; i < rows.target.n_rows; ++i) {
    const double off = rows.weights[i] * slope(rows.target.values[i], margin(rows, form, i));
    for (size_t j = 0; j < kWidth; ++j) sums[j] += off * (static_cast<double>(rows.x.at(i, j)) - kCenter[j]) / kSpread[j];
    sums[kWidth] += off;
    total += rows.weights[i];
  }
  for (double& sum : sums) sum /= total;
  return sums;
}

TEST(LeastSquares, LeavesResidualsWithoutSlope) {
  const Rows rows = number_rows(3000);
  for (const double slope : slopes(rows, fit("least_squares", {}, rows.train()), [](double y, double m) { return m - y; }))
    EXPECT_NEAR(slope, 0, 1e-11);
}

TEST(LeastSquares, TakesTheShortestWeightsOfThoseAsGood) {
  FeatureMatrix x({{"a", 0}, {"same", 0}, {"constant", 0}}, 4);
  for (size_t i = 0; i < 4; ++i) {
    x.column(0)[i] = x.column(1)[i] = static_cast<float>(i);
    x.column(2)[i] = 7;
  }
  const LinearForm form = fit("least_squares", {}, {x, {Task::Regression, 4, 1, {1, 3, 5, 7}, {}, {}}});
  EXPECT_NEAR(form.weights[0], 1, 1e-12);
  EXPECT_NEAR(form.weights[1], 1, 1e-12);
  EXPECT_EQ(form.weights[2], 0);
  EXPECT_NEAR(form.bias[0], 1, 1e-12);
}

TEST(LeastSquares, IsExactWhereTheFirstRowsSayLittleOfTheMean) {
  // The feature is about a million but in the rows that the first guess of its mean sees.
  FeatureMatrix x({{"a", 0}}, 40000);
  Target target{Task::Regression, 40000, 1, std::vector<double>(40000), {}, {}};
  for (size_t i = 0; i < 40000; ++i) {
    x.column(0)[i] = (i / 1024) % 2 == 0 ? 0.0F : static_cast<float>(1000000 + i % 7);
    target.values[i] = i < 1024 ? 5 : 5 + 3 * static_cast<double>(x.at(i, 0));
  }
  const LinearForm form = fit("least_squares", {}, {x, target});
  EXPECT_NEAR(form.weights[0], 3, 1e-12);
  EXPECT_NEAR(form.bias[0], 5, 1e-5);
}

// Where a weight is not zero the slope is what its penalty says, else no larger.
void expect_held(const std::vector<double>& slope, const std::vector<double>& weight, double l1, double l2, double tolerance) {
  for (size_t j = 0; j < kWidth; ++j) {
    if (j == 2) continue;  // of another size: held by another penalty
    if (weight[j] == 0) EXPECT_LE(std::abs(slope[j]), l1 + tolerance) << j;
    else EXPECT_NEAR(slope[j] + l2 * weight[j], -std::copysign(l1, weight[j]), tolerance) << j;
  }
  EXPECT_NEAR(slope[kWidth], 0, tolerance);
}

TEST(ElasticNet, HoldsTheSlopesByItsPenalties) {
  const Rows rows = number_rows(3000);
  const auto squared = [](double y, double m) { return m - y; };
  for (const double alpha : {0.01, 0.3, 1.0}) {
    SCOPED_TRACE(alpha);
    const LinearForm lasso = fit("lasso", {{"l1", Value(alpha)}, {"tolerance", Value(1e-14)}}, rows.train());
    expect_held(slopes(rows, lasso, squared), lasso.weights, alpha, 0, 1e-6);
    const LinearForm net =
        fit("elastic_net", {{"alpha", Value(alpha)}, {"l1_ratio", Value(0.3)}, {"tolerance", Value(1e-14)}}, rows.train());
    expect_held(slopes(rows, net, squared), net.weights, 0.3 * alpha, 0.7 * alpha, 1e-6);
  }
  EXPECT_EQ(fit("lasso", {{"l1", Value(0.3)}}, rows.train()).weights[3], 0) << "the feature that does nothing";
}

TEST(ElasticNet, GivesNoWeightsFromALargePenaltyAndLeastSquaresFromNone) {
  const Rows rows = number_rows(500);
  EXPECT_EQ(fit("lasso", {{"l1", Value(1e6)}}, rows.train()).weights, std::vector<double>(kWidth, 0.0));
  const LinearForm free = fit("elastic_net", {{"alpha", Value(0.0)}, {"tolerance", Value(1e-12)}}, rows.train());
  const LinearForm exact = fit("least_squares", {}, rows.train());
  for (size_t j = 0; j < kWidth; ++j) EXPECT_NEAR(free.weights[j], exact.weights[j], 1e-9);
}

TEST(Lasso, ChoosesAPenaltyThatKeepsWhatCountsAndDropsMostOfTheNoise) {
  const size_t n = 200, n_noise = 20;
  std::vector<Feature> features(n_noise + 2, Feature{"x", 0});
  FeatureMatrix x(features, n);
  Target target{Task::Regression, n, 1, std::vector<double>(n), {}, {}};
  RandomStream random(8, "noise features");
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < features.size(); ++j) x.column(j)[i] = static_cast<float>(random.normal());
    target.values[i] = 2 * static_cast<double>(x.at(i, 0)) - static_cast<double>(x.at(i, 1)) + random.normal();
  }
  const LinearForm form = fit("lasso", {}, {x, target});
  EXPECT_NEAR(form.weights[0], 2, 0.3);
  EXPECT_NEAR(form.weights[1], -1, 0.3);
  EXPECT_GT(std::count(form.weights.begin(), form.weights.end(), 0.0), 8);
}

TEST(Logistic, HoldsTheSlopesByItsPenalties) {
  const Rows rows = class_rows(4000, 2);
  double total = 0;
  for (const double weight : rows.weights) total += weight;
  const LinearForm form =
      fit("logistic", {{"l1", Value(0.05 * total)}, {"l2", Value(0.02 * total)}, {"tolerance", Value(1e-9)}}, rows.train());
  expect_held(slopes(rows, form, [](double y, double m) { return 1 / (1 + std::exp(-m)) - y; }), form.weights, 0.05, 0.02, 1e-8);
  EXPECT_EQ(form.weights[3], 0);
}

TEST(Logistic, EndsWithoutSlopeWhereItStartedOnASample) {
  const Rows rows = class_rows(150000, 2);
  const LinearForm form = fit("logistic", {{"l2", Value(0.0)}, {"tolerance", Value(1e-9)}}, rows.train());
  for (const double slope : slopes(rows, form, [](double y, double m) { return 1 / (1 + std::exp(-m)) - y; })) EXPECT_NEAR(slope, 0, 2e-9);
}

TEST(Logistic, TakesManyWeightsByLimitedMemory) {
  const size_t n = 400, p = 600;
  FeatureMatrix x(std::vector<Feature>(p, Feature{"x", 0}), n);
  Target target{Task::Binary, n, 1, std::vector<double>(n), {"no", "yes"}, {}};
  RandomStream random(4, "wide");
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < p; ++j) x.column(j)[i] = static_cast<float>(random.normal());
    target.values[i] = static_cast<double>(x.at(i, 0) > 0);
  }
  const LinearForm form = fit("logistic", {{"l2", Value(5.0)}, {"tolerance", Value(1e-8)}, {"max_iterations", Value(1000)}}, {x, target});
  std::vector<double> slope(p);
  for (size_t j = 0; j < p; ++j) slope[j] = 5 * form.weights[j];
  for (size_t i = 0; i < n; ++i) {
    double m = form.bias[0];
    for (size_t j = 0; j < p; ++j) m += form.weights[j] * static_cast<double>(x.at(i, j));
    for (size_t j = 0; j < p; ++j) slope[j] += (1 / (1 + std::exp(-m)) - target.values[i]) * static_cast<double>(x.at(i, j));
  }
  for (const double part : slope) EXPECT_NEAR(part, 0, 1e-5);
}

TEST(GeneralizedLinear, EndsWithoutSlopeForEveryPower) {
  Rows counts = count_rows(4000), positive = counts;
  for (double& y : positive.target.values) y += 0.5;
  const auto expect_rest = [](const Rows& rows, const std::string& name, Value::Object parameters, double power) {
    SCOPED_TRACE(name + " " + std::to_string(power));
    parameters.insert(parameters.end(), {{"l2", Value(0.0)}, {"tolerance", Value(1e-11)}});
    const LinearForm form = fit(name, parameters, rows.train());
    EXPECT_EQ(form.link, Link::Exp);
    const auto slope = [&](double y, double m) { return (std::exp(m) - y) * std::exp((1 - power) * m); };
    for (const double part : slopes(rows, form, slope)) EXPECT_NEAR(part, 0, 1e-9);
  };
  expect_rest(counts, "poisson", {}, 1);
  expect_rest(positive, "gamma", {}, 2);
  for (const double power : {1.0, 1.3, 1.9}) expect_rest(counts, "tweedie", {{"power", Value(power)}}, power);
  for (const double power : {2.0, 2.5, 3.0}) expect_rest(positive, "tweedie", {{"power", Value(power)}}, power);
}

TEST(GeneralizedLinear, RefusesTargetsWithoutALogarithm) {
  const auto message_of = [](const std::string& name, double y) {
    Rows rows = count_rows(20);
    rows.target.values.assign(20, 1);
    rows.target.values[4] = y;
    rows.weights.assign(20, 1);
    try {
      fit(name, {}, rows.train());
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::BadValue);
      return error.message();
    }
    return std::string();
  };
  EXPECT_NE(message_of("poisson", -1).find("negative in row 4"), std::string::npos);
  EXPECT_EQ(message_of("poisson", 0), "");
  EXPECT_NE(message_of("gamma", 0).find("zero in row 4"), std::string::npos);
}

TEST(Huber, IsAtRestInWeightsAndSigma) {
  const Rows rows = number_rows(4000);
  const double epsilon = 1.5;
  const LinearForm form = fit("huber", {{"epsilon", Value(epsilon)}, {"l2", Value(0.0)}, {"tolerance", Value(1e-11)}}, rows.train());
  // The sigma at rest: total = sum of s (r / sigma)^2 of near rows and epsilon^2 of far ones, which falls as sigma grows.
  double low = 1e-3, high = 1e3;
  for (int n = 0; n < 200; ++n) {
    const double sigma = std::sqrt(low * high);
    double excess = 0;
    for (size_t i = 0; i < rows.target.n_rows; ++i) {
      const double z = (rows.target.values[i] - margin(rows, form, i)) / sigma;
      excess += rows.weights[i] * (std::min(z * z, epsilon * epsilon) - 1);
    }
    (excess > 0 ? low : high) = sigma;
  }
  const auto slope = [&](double y, double m) { return std::clamp(m - y, -epsilon * low, epsilon * low); };
  for (const double part : slopes(rows, form, slope)) EXPECT_NEAR(part, 0, 1e-8);
}

TEST(Huber, IsHardlyMovedByFarRows) {
  Rows rows = number_rows(2000);
  const LinearForm before = fit("huber", {}, rows.train());
  for (size_t i = 0; i < 2000; i += 50) rows.target.values[i] += 1e6;
  const LinearForm after = fit("huber", {}, rows.train());
  EXPECT_NEAR(after.weights[0], before.weights[0], 0.1);
  EXPECT_GT(std::abs(fit("least_squares", {}, rows.train()).bias[0] - before.bias[0]), 1000);
}

TEST(LinearSvm, IsTheMinimumOfTheSquaredHingeButForAFactor) {
  const Rows rows = class_rows(3000, 2);
  const LinearForm form = fit("linear_svm", {{"l2", Value(0.0)}, {"tolerance", Value(1e-10)}}, rows.train());
  const auto hinge_slope = [](double y, double m) { return -2 * (2 * y - 1) * std::max(1 - (2 * y - 1) * m, 0.0); };
  // The factor at which the loss does not change along the margins, by bisection of its slope there.
  double low = 0.01, high = 100;
  for (int n = 0; n < 200; ++n) {
    const double factor = std::sqrt(low * high);
    double along = 0;
    for (size_t i = 0; i < rows.target.n_rows; ++i) {
      const double m = margin(rows, form, i) / factor;
      along += rows.weights[i] * hinge_slope(rows.target.values[i], m) * m;
    }
    (along > 0 ? low : high) = factor;
  }
  LinearForm scaled = form;
  for (double& weight : scaled.weights) weight /= low;
  scaled.bias[0] /= low;
  for (const double part : slopes(rows, scaled, hinge_slope)) EXPECT_NEAR(part, 0, 1e-8);
}

TEST(LinearSvm, SaysTheClassThatTheLargestMarginIsOf) {
  const Rows rows = class_rows(2000, 3);
  const auto model = learners().make("linear_svm")->fit(rows.train(), nullptr, {});
  std::vector<double> p(2000 * 3);
  model->predict(rows.x, p);
  size_t n_right = 0;
  for (size_t i = 0; i < 2000; ++i)
    n_right += static_cast<size_t>(std::max_element(&p[3 * i], &p[3 * i] + 3) - &p[3 * i]) == static_cast<size_t>(rows.target.values[i]);
  EXPECT_GT(n_right, 1200U);
}

// Whether a convex objective is larger wherever a weight or the bias moves a little, in units of the spread of the feature.
void expect_least(const LinearForm& form, const std::function<double(const LinearForm&)>& objective) {
  constexpr double kSpread[] = {1, 1, 50, 1}, kCenter[] = {0, 0, 1000, 0};
  const double least = objective(form);
  for (const double by : {-1e-3, 1e-3}) {
    for (size_t j = 0; j <= kWidth; ++j) {
      LinearForm other = form;
      if (j < kWidth) other.weights[j] += by / kSpread[j];
      other.bias[0] += j < kWidth ? -by / kSpread[j] * kCenter[j] : by;
      EXPECT_GE(objective(other), least * (1 - 1e-7)) << "coordinate " << j << " by " << by;
    }
  }
}

TEST(Quantile, IsTheLeastPinballLossAndLeavesTheShareBelow) {
  const Rows rows = number_rows(2000);
  for (const double quantile : {0.1, 0.5, 0.9})
    for (const double l1 : {0.0, 0.2}) {
      SCOPED_TRACE(std::to_string(quantile) + " " + std::to_string(l1));
      const LinearForm form = fit("quantile", {{"quantile", Value(quantile)}, {"l1", Value(l1)}}, rows.train());
      double below = 0, total = 0;
      for (size_t i = 0; i < 2000; ++i) {
        below += rows.target.values[i] < margin(rows, form, i) ? rows.weights[i] : 0;
        total += rows.weights[i];
      }
      EXPECT_NEAR(below / total, quantile, 0.005);
      expect_least(form, [&](const LinearForm& at) {
        double loss = 0, penalty = 0;
        for (size_t i = 0; i < 2000; ++i) {
          const double off = rows.target.values[i] - margin(rows, at, i);
          loss += rows.weights[i] * off * (off > 0 ? quantile : quantile - 1);
        }
        for (const double weight : at.weights) penalty += l1 * std::abs(weight);
        return loss / total + penalty;
      });
    }
}

TEST(Quantile, IsTheWeightedMedianOfTheTargetWhereFeaturesSayNothing) {
  const FeatureMatrix x({{"constant", 0}}, 5);
  const LinearForm form = fit("quantile", {}, {x, {Task::Regression, 5, 1, {1, 2, 3, 50, 90}, {}, {}}, std::vector<double>{1, 1, 1, 0, 2}});
  EXPECT_NEAR(form.bias[0], 3, 1e-6);
  EXPECT_EQ(form.weights[0], 0);
}

TEST(LinearSvm, IsTheLeastHingeLossButForAFactor) {
  const Rows rows = class_rows(2000, 2);
  LinearForm form = fit("linear_svm", {{"loss", Value("hinge")}, {"l2", Value(0.0)}, {"tolerance", Value(1e-10)}}, rows.train());
  const auto loss = [&](const LinearForm& at) {
    double sum = 0;
    for (size_t i = 0; i < 2000; ++i) sum += rows.weights[i] * std::max(1 - (2 * rows.target.values[i] - 1) * margin(rows, at, i), 0.0);
    return sum;
  };
  const auto divided = [&](double by) {
    LinearForm scaled = form;
    for (double& weight : scaled.weights) weight /= by;
    scaled.bias[0] /= by;
    return scaled;
  };
  double low = 0.01, high = 100;  // the loss is convex along the factor
  for (int n = 0; n < 200; ++n) {
    const double a = low * std::pow(high / low, 0.4), b = low * std::pow(high / low, 0.6);
    if (loss(divided(a)) < loss(divided(b))) high = b;
    else low = a;
  }
  expect_least(divided(low), loss);
}

TEST(LinearLearners, TakeAWeightForAsManyRows) {
  const Rows numbers = number_rows(1500), two = class_rows(1500, 2), three = class_rows(1500, 3), counts = count_rows(1500);
  Rows positive = counts;
  for (double& y : positive.target.values) y += 0.5;
  const std::vector<std::pair<std::string, const Rows*>> cases = {
      {"least_squares", &numbers}, {"ridge", &numbers},  {"lasso", &numbers},  {"elastic_net", &numbers},
      {"huber", &numbers},         {"logistic", &two},   {"logistic", &three}, {"poisson", &counts},
      {"gamma", &positive},        {"tweedie", &counts}, {"linear_svm", &two}, {"quantile", &numbers}};
  for (const auto& [name, rows] : cases) {
    std::vector<uint32_t> repeated;
    for (uint32_t i = 0; i < 1500; ++i) repeated.insert(repeated.end(), static_cast<size_t>(rows->weights[i]), i);
    const LinearForm weighted = fit(name, {}, rows->train());
    const LinearForm all = fit(name, {}, {rows->x.take(repeated), rows->target.take(repeated)});
    for (size_t i = 0; i < weighted.weights.size(); ++i)
      EXPECT_NEAR(weighted.weights[i], all.weights[i], 1e-9 * (1 + std::abs(all.weights[i]))) << name << " " << i;
  }
}

TEST(LinearLearners, DoNotDependOnTheUnitsOfFeaturesWithoutAPenalty) {
  for (const auto& [name, rows] : {std::pair("logistic", class_rows(2000, 2)), std::pair("least_squares", number_rows(2000)),
                                   std::pair("poisson", count_rows(2000))}) {
    Rows other = rows;
    other.x = FeatureMatrix(rows.x.features(), rows.x.n_rows());
    for (size_t j = 0; j < kWidth; ++j)
      for (size_t i = 0; i < rows.x.n_rows(); ++i) other.x.column(j)[i] = rows.x.at(i, j) * (j == 1 ? 1024.0F : 0.125F);
    Value::Object parameters;
    if (std::string(name) != "least_squares") parameters = {{"l2", Value(0.0)}, {"tolerance", Value(1e-10)}};
    const LinearForm before = fit(name, parameters, rows.train()), after = fit(name, parameters, other.train());
    for (size_t i = 0; i < 100; ++i) EXPECT_NEAR(margin(rows, before, i), margin(other, after, i), 1e-8) << name;
  }
}

}  // namespace
}  // namespace kolosal
