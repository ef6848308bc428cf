// A Gaussian process over [0, 1]^d with a Matern 5/2 kernel that has a length for each coordinate.
//
// k(a, b) = scale * (1 + u + u^2 / 3) exp(-u) with u^2 = 5 sum_j w_j (a_j - b_j)^2; a coordinate of choices has the distance 0 or 1, others
// may be warped. Weights, scale, noise, the bend of the results and the warps are those of the greatest posterior density under weak
// priors. The mean is the likeliest one, not that of the results, most of which a search leaves where it is good; or it is 0.
//
// Cost     O(n^3 + d n^2) for an evaluation of the density, O(n^2) for a prediction.
// Source   Rasmussen and Williams, "Gaussian processes for machine learning", 2006; the priors of scale and noise are those of Optuna 5.
// Checked  gaussian_process_test.cc: gradients against differences.
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "kolosal/tune/samplers/gp_warp-inl.h"

namespace kolosal {

/// Weights of the coordinates (inverse squares of lengths), variance of the function, variance of the noise, bend of the results, and the
/// logarithms of each coordinate's p and q (empty: none is warped); see gp_warp-inl.h.
struct GaussianProcessParams {
  Eigen::VectorXd weights;
  double scale = 1, noise = 1e-2, bend = 0;
  Eigen::VectorXd log_p, log_q;

  /// The warp of a coordinate.
  CoordinateWarp warp(Eigen::Index j) const { return log_p.size() == 0 ? CoordinateWarp(0, 0) : CoordinateWarp(log_p[j], log_q[j]); }
};

/// Rows of points, which coordinates are choices, of how many rows, the first, the results are bent, and whether the mean is learnt or 0.
struct GaussianProcessPoints {
  Eigen::MatrixXd x;  // (n, d)
  std::vector<bool> is_choice;
  Eigen::Index n_bent = 0;
  bool learns_mean = true;

  /// The results (n,), of which the first `n_bent` are bent and standardised, the others as they are.
  Eigen::VectorXd results(const Eigen::VectorXd& values, double bend) const;
};

/// What may be learnt beside weights and scale.
struct GaussianProcessRules {
  bool has_noise = true;
  bool bends_results = false;
  bool warps_coordinates = false;
};

/// The logarithm of the posterior density of the parameters, and its gradient: by the logarithms of weights, scale and (noise - 1e-6), by
/// the bend, by log p and log q; (3 d + 3,).
double log_density(const GaussianProcessPoints& points, const Eigen::VectorXd& values, const GaussianProcessParams& params,
                   Eigen::VectorXd& gradient);

/// The likeliest parameters. What the rules leave out stays as it is at first; noise is then the least. Coordinates are warped where that
/// raises the density by much.
GaussianProcessParams likeliest_params(const GaussianProcessPoints& points, const Eigen::VectorXd& values,
                                       const GaussianProcessRules& rules);

/// What the process says at one point, with gradients by the point.
struct GaussianPrediction {
  double mean = 0, variance = 0;
  Eigen::VectorXd mean_gradient, variance_gradient;
};

/// A process that has seen points.
class GaussianProcess {
 public:
  /// `values` as of GaussianProcessPoints::results.
  GaussianProcess(GaussianProcessPoints points, const Eigen::VectorXd& values, GaussianProcessParams params);

  /// What the process was made with.
  const GaussianProcessParams& params() const noexcept { return params_; }
  /// The results that it has seen, as it sees them.
  const Eigen::VectorXd& results() const noexcept { return results_; }
  /// Mean and variance (without noise) at a point.
  GaussianPrediction at(const Eigen::VectorXd& x, bool with_gradient) const;
  /// The same at rows of points, without gradients.
  void at_rows(const Eigen::MatrixXd& x, Eigen::VectorXd& mean, Eigen::VectorXd& variance) const;
  /// Covariance (without noise) at two points.
  double covariance(const Eigen::VectorXd& a, const Eigen::VectorXd& b) const;
  /// The process that has seen more points (d,), with results on its scale.
  GaussianProcess having_seen(const std::vector<Eigen::VectorXd>& x, const std::vector<double>& results) const;

 private:
  GaussianProcess(GaussianProcessPoints points, GaussianProcessParams params, Eigen::VectorXd results);
  void factorise();
  // The kernel between the points seen and rows of points (m, d): (n, m), and its derivatives by the squared distance.
  Eigen::MatrixXd kernel_to(const Eigen::MatrixXd& x, Eigen::MatrixXd* slope) const;

  GaussianProcessPoints points_;
  GaussianProcessParams params_;
  std::vector<CoordinateWarp> warps_;
  Eigen::MatrixXd warped_;          // the points seen
  Eigen::VectorXd results_;         // theirs
  Eigen::MatrixXd inverse_factor_;  // of the lower Cholesky factor
  double mean_ = 0;                 // of the process, far from all points
  Eigen::VectorXd solved_;          // K^-1 (results - mean)
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
