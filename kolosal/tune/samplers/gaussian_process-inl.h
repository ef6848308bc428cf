// A Gaussian process over [0, 1]^d with a Matern 5/2 kernel that has a length for each coordinate.
//
// k(a, b) = scale * (1 + u + u^2 / 3) exp(-u) with u^2 = 5 sum_j w_j (a_j - b_j)^2; a coordinate of choices has the distance 0 or 1.
// Weights, scale and noise are those of the greatest posterior density under weak priors; the targets are taken to have mean 0 and
// variance 1.
//
// Cost     O(n^3 + d n^2) for an evaluation of the density, O(n^2) for a prediction.
// Source   Rasmussen and Williams, "Gaussian processes for machine learning", 2006; the priors are those of Optuna 5.
// Checked  gaussian_process_test.cc: gradients against differences.
#pragma once

#include <Eigen/Dense>
#include <vector>

namespace kolosal {

/// Weights of the coordinates (inverse squares of lengths), variance of the function, variance of the noise.
struct GaussianProcessParams {
  Eigen::VectorXd weights;
  double scale = 1, noise = 1e-2;
};

/// Rows of points, and which coordinates are choices.
struct GaussianProcessPoints {
  Eigen::MatrixXd x;  // (n, d)
  std::vector<bool> is_choice;
};

/// The logarithm of the posterior density of the parameters, and its gradient by the logarithms of weights, scale and noise.
double log_density(const GaussianProcessPoints& points, const Eigen::VectorXd& y, const GaussianProcessParams& params,
                   Eigen::VectorXd& gradient);

/// The likeliest parameters. Without noise (`deterministic`) that of the noise is fixed to the least.
GaussianProcessParams likeliest_params(const GaussianProcessPoints& points, const Eigen::VectorXd& y, bool deterministic);

/// What the process says at one point, with gradients by the point.
struct GaussianPrediction {
  double mean = 0, variance = 0;
  Eigen::VectorXd mean_gradient, variance_gradient;
};

/// A process that has seen points.
class GaussianProcess {
 public:
  GaussianProcess(GaussianProcessPoints points, const Eigen::VectorXd& y, GaussianProcessParams params);

  /// What the process was made with.
  const GaussianProcessParams& params() const noexcept { return params_; }
  /// Mean and variance (without noise) at a point.
  GaussianPrediction at(const Eigen::VectorXd& x, bool with_gradient) const;
  /// The same at rows of points, without gradients.
  void at_rows(const Eigen::MatrixXd& x, Eigen::VectorXd& mean, Eigen::VectorXd& variance) const;

  /// Covariance (without noise) at two points.
  double covariance(const Eigen::VectorXd& a, const Eigen::VectorXd& b) const;

 private:
  Eigen::VectorXd kernel_to(const Eigen::VectorXd& x) const;

  GaussianProcessPoints points_;
  GaussianProcessParams params_;
  Eigen::MatrixXd inverse_factor_;  // of the lower Cholesky factor
  Eigen::VectorXd solved_;          // K^-1 y
};

/// log E[max(0, f - best)] in units where the standard deviation is 1 and (mean - best) is z, and its derivatives' factors: Phi / h, phi /
/// h.
struct LogImprovement {
  double value = 0, by_mean = 0, by_deviation = 0;
};
/// See LogImprovement.
LogImprovement log_improvement(double z) noexcept;
/// log Phi(z) and its derivative.
std::pair<double, double> log_normal_share(double z) noexcept;

}  // namespace kolosal
