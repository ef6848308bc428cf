#include <gtest/gtest.h>

#include <cmath>

#include "kolosal/base/random.h"
#include "kolosal/tune/samplers/box_minimum-inl.h"
#include "kolosal/tune/samplers/gaussian_process-inl.h"
#include "kolosal/tune/samplers/gp_earlier-inl.h"

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
  Sample s = sample(20, 3, true);
  s.points.n_bent = 15;
  const auto at = [&](const Eigen::VectorXd& given, Eigen::VectorXd& gradient) {
    GaussianProcessParams params;
    params.weights = given.head(3).array().exp();
    params.scale = std::exp(given[3]);
    params.noise = 1e-6 + std::exp(given[4]);
    params.bend = given[5];
    params.log_p = given.segment(6, 3);
    params.log_q = given.tail(3);
    return log_density(s.points, s.y, params, gradient);
  };
  Eigen::VectorXd given(12), gradient, unused;
  for (const double bend : {1.3, -2.0, 1e-5}) {
    given << 1.2, -0.4, 0.3, 0.2, -3, bend, 0.4, -0.6, 0, 0.2, 0.5, 0;  // the warp of a choice is none
    at(given, gradient);
    EXPECT_EQ(gradient[8], 0);
    for (Eigen::Index i = 0; i < 12; ++i) {
      if (i == 8 || i == 11) continue;
      Eigen::VectorXd up = given, down = given;
      up[i] += 1e-5;
      down[i] -= 1e-5;
      EXPECT_NEAR(gradient[i], (at(up, unused) - at(down, unused)) / 2e-5, 3e-5 * (1 + std::abs(gradient[i]))) << i << ", " << bend;
    }
  }
}

TEST(GaussianProcess, GradientsOfPredictionsAreThoseOfDifferences) {
  const Sample s = sample(25, 3, true);
  GaussianProcessParams params = likeliest_params(s.points, s.y, {});
  params.log_p.head(2) << 0.5, -0.7;
  params.log_q.head(2) << -0.2, 0.4;
  const GaussianProcess process(s.points, s.y, params);
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
  const GaussianProcess believing = process.having_seen({x}, {told.mean});
  EXPECT_NEAR(believing.at(x, false).mean, told.mean, 1e-6);
  EXPECT_LT(believing.at(x, false).variance, 0.5 * told.variance);
}

TEST(GaussianProcess, FindsWhichCoordinateMattersAndHowMuchNoiseThereIs) {
  const Sample s = sample(60, 3, false);
  const GaussianProcessParams params = likeliest_params(s.points, s.y, {});
  EXPECT_GT(params.weights[0], 10 * params.weights[1]);
  EXPECT_GT(params.weights[0], 10 * params.weights[2]);
  EXPECT_GT(params.noise, 5e-4);
  EXPECT_LT(params.noise, 5e-2);
  EXPECT_EQ(likeliest_params(s.points, s.y, {.has_noise = false}).noise, 1e-6);
}

TEST(GaussianProcess, ExpectsFarAwayWhatResultsAreThatLieApartAndNotWhatMostAre) {
  GaussianProcessPoints points{Eigen::MatrixXd::Zero(40, 2), {false, false}};
  Eigen::VectorXd values = Eigen::VectorXd::Zero(40);
  for (Eigen::Index i = 0; i < 40; ++i) points.x(i, 0) = i < 10 ? 0.1 * static_cast<double>(i) : 1 + 1e-5 * static_cast<double>(i);
  values.tail(30).setOnes();
  GaussianProcessParams params;
  params.weights = Eigen::VectorXd::Constant(2, 1000);
  const GaussianProcess process(points, values, params);
  Eigen::VectorXd far(2), there(2);
  far << 0.5, 1;
  there << 1, 0;
  EXPECT_NEAR(process.at(far, false).mean, 1.0 / 11, 0.01);
  EXPECT_NEAR(process.at(there, false).mean, 1, 0.01);
}

TEST(GaussianProcess, DrawsWorseResultsTogetherWhereTheyLieFar) {
  Sample s = sample(60, 2, false);
  s.points.n_bent = 60;
  EXPECT_LT(std::abs(likeliest_params(s.points, s.y, {.bends_results = true}).bend), 1.5);
  const Eigen::VectorXd worst_far = -(-3 * s.y.array()).exp(), best_far = (3 * s.y.array()).exp();
  const double found = likeliest_params(s.points, worst_far, {.bends_results = true}).bend;
  EXPECT_GT(found, 1.5);
  EXPECT_EQ(likeliest_params(s.points, best_far, {.bends_results = true}).bend, 0);
  // Bent, they are more like what they were made from.
  const Eigen::VectorXd back = bent(worst_far, found).y;
  EXPECT_GT(back.dot(s.y) / 60, bent(worst_far, 0).y.dot(s.y) / 60 + 0.05);
  EXPECT_NEAR(back.mean(), 0, 1e-12);
  EXPECT_EQ(bent(Eigen::VectorXd::Constant(4, 7), 3).y, Eigen::VectorXd::Zero(4));
}

TEST(GaussianProcess, WarpsACoordinateWhoseScaleIsAmissAndNoOther) {
  RandomStream stream(3, "warped");
  Sample s{{Eigen::MatrixXd(60, 2), {false, false}}, Eigen::VectorXd(60)};
  for (Eigen::Index i = 0; i < 60; ++i) {
    // Half of the points where the function moves, as a search leaves them.
    s.points.x(i, 0) = i % 2 == 0 ? stream.uniform() : std::pow(10, -3 * stream.uniform());
    s.points.x(i, 1) = stream.uniform();
    s.y[i] = std::sin(4 * std::log10(s.points.x(i, 0) + 1e-4)) + std::sin(5 * s.points.x(i, 1));
  }
  s.y.array() -= s.y.mean();
  s.y /= std::sqrt(s.y.squaredNorm() / 60);
  const GaussianProcessParams params = likeliest_params(s.points, s.y, {.warps_coordinates = true});
  EXPECT_GT(params.warp(0).at(0.1).value, 0.3);
  EXPECT_NEAR(params.warp(1).at(0.5).value, 0.5, 0.3);
  const Sample straight = sample(60, 2, false);
  EXPECT_TRUE(likeliest_params(straight.points, straight.y, {.warps_coordinates = true}).warp(0).is_straight());
  for (const double x : {0.0, 1e-3, 0.4, 1.0}) EXPECT_NEAR(params.warp(0).back(params.warp(0).at(x).value), x, 1e-6);
}

TEST(NormalScores, AreOfRanks) {
  const Eigen::VectorXd scores = normal_scores({3, 1, 3, std::nan(""), 1e308});
  EXPECT_GT(scores[1], 1.2);
  EXPECT_EQ(scores[0], scores[2]);
  EXPECT_LT(scores[4], scores[0]);
  EXPECT_LT(scores[3], scores[4]);
  EXPECT_NEAR(scores.sum(), 0, 0.3);
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
