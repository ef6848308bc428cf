#include <gtest/gtest.h>

#include <cmath>

#include "kolosal/base/random.h"
#include "kolosal/tune/samplers/box_minimum-inl.h"
#include "kolosal/tune/samplers/gaussian_process-inl.h"

namespace kolosal {
namespace {

struct Sample {
  GaussianProcessPoints points;
  Eigen::VectorXd y;
};

Sample sample(Eigen::Index n, Eigen::Index d, bool last_is_choice) {
  RandomStream stream(5, "sample");
  Sample made{{Eigen::MatrixXd(n, d), std::vector<bool>(static_cast<size_t>(d), false)}, Eigen::VectorXd(n)};
  if (last_is_choice) made.points.is_choice.back() = true;
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < d; ++j) made.points.x(i, j) = stream.uniform();
    if (last_is_choice) made.points.x(i, d - 1) = static_cast<double>(stream.below(3));
    made.y[i] = std::sin(6 * made.points.x(i, 0)) + (last_is_choice && made.points.x(i, d - 1) == 1 ? 1 : 0) + 0.05 * stream.normal();
  }
  made.y.array() -= made.y.mean();
  made.y /= std::sqrt(made.y.squaredNorm() / static_cast<double>(n));
  return made;
}

TEST(GaussianProcess, GradientOfTheDensityIsThatOfDifferences) {
  const Sample s = sample(20, 3, true);
  const auto at = [&](const Eigen::VectorXd& logs, Eigen::VectorXd& gradient) {
    GaussianProcessParams params;
    params.weights = logs.head(3).array().exp();
    params.scale = std::exp(logs[3]);
    params.noise = 1e-6 + std::exp(logs[4]);
    return log_density(s.points, s.y, params, gradient);
  };
  Eigen::VectorXd logs(5), gradient, unused;
  logs << 1.2, -0.4, 0.3, 0.2, -3;
  at(logs, gradient);
  for (Eigen::Index i = 0; i < 5; ++i) {
    Eigen::VectorXd up = logs, down = logs;
    up[i] += 1e-5;
    down[i] -= 1e-5;
    EXPECT_NEAR(gradient[i], (at(up, unused) - at(down, unused)) / 2e-5, 1e-5 * (1 + std::abs(gradient[i])));
  }
}

TEST(GaussianProcess, GradientsOfPredictionsAreThoseOfDifferences) {
  const Sample s = sample(25, 3, true);
  const GaussianProcess process(s.points, s.y, likeliest_params(s.points, s.y, false));
  Eigen::VectorXd x(3);
  x << 0.3, 0.8, 1;
  const GaussianPrediction told = process.at(x, true);
  for (Eigen::Index j = 0; j < 2; ++j) {
    Eigen::VectorXd up = x, down = x;
    up[j] += 1e-5;
    down[j] -= 1e-5;
    const GaussianPrediction above = process.at(up, false), below = process.at(down, false);
    EXPECT_NEAR(told.mean_gradient[j], (above.mean - below.mean) / 2e-5, 1e-5);
    EXPECT_NEAR(told.variance_gradient[j], (above.variance - below.variance) / 2e-5, 1e-5);
  }
  EXPECT_EQ(told.mean_gradient[2], 0);
  Eigen::VectorXd mean, variance;
  process.at_rows(x.transpose(), mean, variance);
  EXPECT_NEAR(mean[0], told.mean, 1e-9);
  EXPECT_NEAR(variance[0], told.variance, 1e-9);
  EXPECT_NEAR(process.covariance(x, x), told.variance, 1e-9);
}

TEST(GaussianProcess, FindsWhichCoordinateMattersAndHowMuchNoiseThereIs) {
  const Sample s = sample(60, 3, false);
  const GaussianProcessParams params = likeliest_params(s.points, s.y, false);
  EXPECT_GT(params.weights[0], 10 * params.weights[1]);
  EXPECT_GT(params.weights[0], 10 * params.weights[2]);
  EXPECT_GT(params.noise, 5e-4);
  EXPECT_LT(params.noise, 5e-2);
  EXPECT_EQ(likeliest_params(s.points, s.y, true).noise, 1e-6);
}

TEST(LogImprovement, IsThatOfTheDefinitionNearAndFar) {
  // log(phi(z) + z Phi(z)), by a numerical integral.
  for (const auto& [z, expected] : std::vector<std::pair<double, double>>{{1.0, 0.08002621884930704},
                                                                          {0.0, -0.918938533204673},
                                                                          {-1.0, -2.4851210257126413},
                                                                          {-5.0, -16.744301162660985},
                                                                          {-24.0, -295.2802232348048},
                                                                          {-30.0, -457.7246537605979}})
    EXPECT_NEAR(log_improvement(z).value, expected, 1e-8 * std::abs(expected)) << z;
  for (const double z : {3.0, 0.5, -0.99, -1.01, -6.0, -24.9, -25.1, -400.0}) {
    const double h = 1e-4 * std::max(1.0, std::abs(z));
    const double slope = (log_improvement(z + h).value - log_improvement(z - h).value) / (2 * h);
    EXPECT_NEAR(log_improvement(z).by_mean, slope, 1e-3 * std::abs(slope)) << z;
    EXPECT_NEAR(log_normal_share(z).second, (log_normal_share(z + h).first - log_normal_share(z - h).first) / (2 * h),
                1e-3 * std::abs(z) + 1e-4)
        << z;
  }
}

TEST(BoxMinimum, FindsTheLeastInsideAndOnTheBorder) {
  const auto valley = [](const Eigen::VectorXd& x, Eigen::VectorXd& g) {
    const double a = x[1] - x[0] * x[0], b = 1 - x[0];
    g.resize(2);
    g << -400 * x[0] * a - 2 * b, 200 * a;
    return 100 * a * a + b * b;
  };
  const Eigen::VectorXd start = Eigen::VectorXd::Constant(2, -1.5), low = Eigen::VectorXd::Constant(2, -2);
  const BoxMinimum inside = box_minimum(valley, start, low, Eigen::VectorXd::Constant(2, 2), 1e-8, 500);
  EXPECT_NEAR(inside.x[0], 1, 1e-6);
  EXPECT_NEAR(inside.x[1], 1, 1e-6);
  const BoxMinimum border = box_minimum(valley, start, low, Eigen::VectorXd::Constant(2, 0.5), 1e-8, 500);
  EXPECT_NEAR(border.x[0], 0.5, 1e-6);
  EXPECT_NEAR(border.x[1], 0.25, 1e-6);
}

}  // namespace
}  // namespace kolosal
