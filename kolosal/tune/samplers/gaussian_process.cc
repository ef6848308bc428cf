#include <cmath>
#include <limits>
#include <numbers>

#include "kolosal/tune/samplers/box_minimum-inl.h"
#include "kolosal/tune/samplers/gaussian_process-inl.h"

namespace kolosal {
namespace {

constexpr double kLeastNoise = 1e-6;
constexpr double kLogRootTwoPi = 0.91893853320467274178;

// Of the squared distance: the kernel without scale, and its derivative.
struct Matern {
  double value, derivative;
};
Matern matern(double r2) noexcept {
  const double u = std::sqrt(5 * r2), e = std::exp(-u);
  return {e * (1 + u + 5.0 / 3 * r2), -5.0 / 6 * (1 + u) * e};
}

double distance(double a, double b, bool is_choice) noexcept {
  if (is_choice) return a == b ? 0 : 1;
  return (a - b) * (a - b);
}

double squared_distance(const GaussianProcessPoints& points, Eigen::Index row, const auto& x, const Eigen::VectorXd& weights) {
  double r2 = 0;
  for (Eigen::Index j = 0; j < weights.size(); ++j)
    r2 += weights[j] * distance(points.x(row, j), x[j], points.is_choice[static_cast<size_t>(j)]);
  return r2;
}

// Logarithms of the priors, with derivatives by the logarithms of the parameters: weights near 1, some scale, little noise.
double log_prior(const GaussianProcessParams& params, Eigen::VectorXd& gradient) {
  const Eigen::Index d = params.weights.size();
  double sum = 0;
  for (Eigen::Index j = 0; j < d; ++j) {
    const double w = params.weights[j];
    sum -= 0.1 / w + 0.1 * w;
    gradient[j] += 0.1 / w - 0.1 * w;
  }
  sum += std::log(params.scale) - params.scale;
  gradient[d] += 1 - params.scale;
  const double noise = params.noise;
  sum += 0.1 * std::log(noise) - 30 * noise;
  gradient[d + 1] += (0.1 / noise - 30) * (noise - kLeastNoise);
  return sum;
}

GaussianProcessParams params_at(const Eigen::VectorXd& logarithms, bool deterministic) {
  const Eigen::Index d = logarithms.size() - 2;
  GaussianProcessParams params;
  params.weights = logarithms.head(d).array().exp();
  params.scale = std::exp(logarithms[d]);
  params.noise = kLeastNoise + (deterministic ? 0 : std::exp(logarithms[d + 1]));
  return params;
}

}  // namespace

double log_density(const GaussianProcessPoints& points, const Eigen::VectorXd& y, const GaussianProcessParams& params,
                   Eigen::VectorXd& gradient) {
  const Eigen::Index n = points.x.rows(), d = points.x.cols();
  gradient = Eigen::VectorXd::Zero(d + 2);
  Eigen::MatrixXd kernel(n, n), slope(n, n);
  for (Eigen::Index a = 0; a < n; ++a)
    for (Eigen::Index b = 0; b <= a; ++b) {
      const Matern m = matern(squared_distance(points, a, points.x.row(b), params.weights));
      kernel(a, b) = kernel(b, a) = params.scale * m.value;
      slope(a, b) = params.scale * m.derivative;
    }
  Eigen::MatrixXd noisy = kernel;
  noisy.diagonal().array() += params.noise;
  const Eigen::LLT<Eigen::MatrixXd> factor(noisy);
  if (factor.info() != Eigen::Success) return -std::numeric_limits<double>::infinity();
  const Eigen::VectorXd solved = factor.solve(y);
  const Eigen::MatrixXd inverse = factor.solve(Eigen::MatrixXd::Identity(n, n));
  double value = -0.5 * y.dot(solved) - static_cast<double>(n) * kLogRootTwoPi;
  for (Eigen::Index i = 0; i < n; ++i) value -= std::log(factor.matrixLLT()(i, i));
  // By any parameter: half the trace of (solved solved' - inverse) dK.
  for (Eigen::Index b = 0; b < n; ++b) {
    const double own = solved[b] * solved[b] - inverse(b, b);
    gradient[d] += 0.5 * own * kernel(b, b);
    gradient[d + 1] += 0.5 * own * (params.noise - kLeastNoise);
    for (Eigen::Index a = b + 1; a < n; ++a) {
      const double pull = solved[a] * solved[b] - inverse(a, b);
      gradient[d] += pull * kernel(a, b);
      const double by_distance = pull * slope(a, b);
      for (Eigen::Index j = 0; j < d; ++j)
        gradient[j] += by_distance * params.weights[j] * distance(points.x(a, j), points.x(b, j), points.is_choice[static_cast<size_t>(j)]);
    }
  }
  return value + log_prior(params, gradient);
}

GaussianProcessParams likeliest_params(const GaussianProcessPoints& points, const Eigen::VectorXd& y, bool deterministic) {
  const Eigen::Index d = points.x.cols();
  const auto function = [&](const Eigen::VectorXd& logarithms, Eigen::VectorXd& gradient) {
    const double value = -log_density(points, y, params_at(logarithms, deterministic), gradient);
    gradient = -gradient;
    if (deterministic) gradient[d + 1] = 0;
    return value;
  };
  const Eigen::VectorXd low = Eigen::VectorXd::Constant(d + 2, std::log(1e-4)), high = Eigen::VectorXd::Constant(d + 2, std::log(1e4));
  Eigen::VectorXd start = Eigen::VectorXd::Zero(d + 2);
  start[d + 1] = std::log(1e-2);
  BoxMinimum best = box_minimum(function, start, low.array() - 9, high, 1e-2, 100);
  start.head(d).setConstant(std::log(10.0));
  if (const BoxMinimum other = box_minimum(function, start, low.array() - 9, high, 1e-2, 100);
      other.value < best.value || !std::isfinite(best.value))
    best = other;
  return params_at(std::isfinite(best.value) ? best.x : start, deterministic);
}

GaussianProcess::GaussianProcess(GaussianProcessPoints points, const Eigen::VectorXd& y, GaussianProcessParams params)
    : points_(std::move(points)), params_(std::move(params)) {
  const Eigen::Index n = points_.x.rows();
  Eigen::MatrixXd kernel(n, n);
  for (Eigen::Index a = 0; a < n; ++a)
    for (Eigen::Index b = 0; b <= a; ++b)
      kernel(a, b) = kernel(b, a) = params_.scale * matern(squared_distance(points_, a, points_.x.row(b), params_.weights)).value;
  for (double jitter = params_.noise;; jitter *= 10) {
    kernel.diagonal().setConstant(params_.scale + jitter);
    const Eigen::LLT<Eigen::MatrixXd> factor(kernel);
    if (factor.info() != Eigen::Success && jitter < 1) continue;
    inverse_factor_ = factor.matrixL().solve(Eigen::MatrixXd::Identity(n, n));
    solved_ = factor.solve(y);
    return;
  }
}

GaussianPrediction GaussianProcess::at(const Eigen::VectorXd& x, bool with_gradient) const {
  const Eigen::Index n = points_.x.rows(), d = points_.x.cols();
  Eigen::VectorXd kernel(n), slope(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const Matern m = matern(squared_distance(points_, i, x, params_.weights));
    kernel[i] = params_.scale * m.value;
    slope[i] = params_.scale * m.derivative;
  }
  const Eigen::VectorXd whitened = inverse_factor_.triangularView<Eigen::Lower>() * kernel;
  GaussianPrediction told;
  told.mean = kernel.dot(solved_);
  told.variance = std::max(params_.scale - whitened.squaredNorm(), 1e-12);
  if (!with_gradient) return told;
  const Eigen::VectorXd back = inverse_factor_.triangularView<Eigen::Lower>().transpose() * whitened;
  told.mean_gradient = told.variance_gradient = Eigen::VectorXd::Zero(d);
  for (Eigen::Index j = 0; j < d; ++j) {
    if (points_.is_choice[static_cast<size_t>(j)]) continue;
    const Eigen::VectorXd by_x = (2 * params_.weights[j] * slope.array() * (x[j] - points_.x.col(j).array())).matrix();
    told.mean_gradient[j] = by_x.dot(solved_);
    told.variance_gradient[j] = -2 * by_x.dot(back);
  }
  return told;
}

void GaussianProcess::at_rows(const Eigen::MatrixXd& x, Eigen::VectorXd& mean, Eigen::VectorXd& variance) const {
  const Eigen::Index n = points_.x.rows();
  Eigen::MatrixXd kernel(n, x.rows());
  for (Eigen::Index k = 0; k < x.rows(); ++k) kernel.col(k) = kernel_to(x.row(k).transpose());
  mean = kernel.transpose() * solved_;
  const Eigen::MatrixXd whitened = inverse_factor_.triangularView<Eigen::Lower>() * kernel;
  variance = (params_.scale - whitened.colwise().squaredNorm().transpose().array()).max(1e-12);
}

Eigen::VectorXd GaussianProcess::kernel_to(const Eigen::VectorXd& x) const {
  Eigen::VectorXd kernel(points_.x.rows());
  for (Eigen::Index i = 0; i < kernel.size(); ++i)
    kernel[i] = params_.scale * matern(squared_distance(points_, i, x, params_.weights)).value;
  return kernel;
}

double GaussianProcess::covariance(const Eigen::VectorXd& a, const Eigen::VectorXd& b) const {
  double r2 = 0;
  for (Eigen::Index j = 0; j < a.size(); ++j) r2 += params_.weights[j] * distance(a[j], b[j], points_.is_choice[static_cast<size_t>(j)]);
  const auto lower = inverse_factor_.triangularView<Eigen::Lower>();
  const Eigen::VectorXd of_a = lower * kernel_to(a), of_b = lower * kernel_to(b);
  return params_.scale * matern(r2).value - of_a.dot(of_b);
}

LogImprovement log_improvement(double z) noexcept {
  const double log_phi = -0.5 * z * z - kLogRootTwoPi;
  LogImprovement told;
  if (z > -25) {
    const double share = 0.5 * std::erfc(-z / std::numbers::sqrt2), phi = std::exp(log_phi);
    // Phi / phi, the ratio of Mills, keeps its digits where both are tiny.
    told.value = z > -1 ? std::log(phi + z * share) : log_phi + std::log1p(z * share / phi);
    told.by_mean = std::exp(std::log(share) - told.value);
  } else {
    const double q = 1 / (z * z);
    told.value = log_phi + std::log(q) + std::log1p(-3 * q + 15 * q * q);
    told.by_mean = std::exp(log_phi - told.value) * (1 - q + 3 * q * q) / -z;
  }
  told.by_deviation = std::exp(log_phi - told.value);
  return told;
}

std::pair<double, double> log_normal_share(double z) noexcept {
  const double log_phi = -0.5 * z * z - kLogRootTwoPi;
  if (z > -25) {
    const double log_share = std::log(0.5 * std::erfc(-z / std::numbers::sqrt2));
    return {log_share, std::exp(log_phi - log_share)};
  }
  const double q = 1 / (z * z);
  const double log_share = log_phi - std::log(-z) + std::log1p(-q + 3 * q * q);
  return {log_share, std::exp(log_phi - log_share)};
}

}  // namespace kolosal
