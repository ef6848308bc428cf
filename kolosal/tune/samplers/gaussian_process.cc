#include <cmath>
#include <limits>
#include <numbers>

#include "kolosal/tune/samplers/box_minimum-inl.h"
#include "kolosal/tune/samplers/gaussian_process-inl.h"

namespace kolosal {
namespace {

constexpr double kLeastNoise = 1e-6;
constexpr double kLogRootTwoPi = 0.91893853320467274178;
constexpr Eigen::Index kWarpedFrom = 20;  // points
// Of log density, from which coordinates are warped: for all, and for each coordinate.
constexpr double kWarpGain = 4, kWarpGainEach = 3;
constexpr double kMostBend = 2.5;                            // see gp_warp-inl.h
constexpr double kBendDeviation = 3, kWarpDeviation = 0.75;  // of the priors

// Where each parameter lies in the vector of d weights and what follows.
struct Layout {
  explicit Layout(Eigen::Index n_coordinates) : d(n_coordinates) {}
  Eigen::Index d;
  Eigen::Index scale() const noexcept { return d; }
  Eigen::Index noise() const noexcept { return d + 1; }
  Eigen::Index bend() const noexcept { return d + 2; }
  Eigen::Index p(Eigen::Index j) const noexcept { return d + 3 + j; }
  Eigen::Index q(Eigen::Index j) const noexcept { return 2 * d + 3 + j; }
  Eigen::Index size() const noexcept { return 3 * d + 3; }
};

// The logarithm of the normal density of x, without its constant, and the derivative.
double log_normal(double x, double deviation, double& slope) noexcept {
  const double z = x / deviation;
  slope -= z / deviation;
  return -0.5 * z * z;
}

// Logarithms of the priors, with derivatives: weights near 1, some scale, little noise, nothing bent or warped.
double log_prior(const GaussianProcessParams& params, Eigen::VectorXd& gradient) {
  const Layout at(params.weights.size());
  double sum = 0;
  for (Eigen::Index j = 0; j < at.d; ++j) {
    const double w = params.weights[j];
    sum -= 0.1 / w + 0.1 * w;
    gradient[j] += 0.1 / w - 0.1 * w;
  }
  sum += std::log(params.scale) - params.scale;
  gradient[at.scale()] += 1 - params.scale;
  const double noise = params.noise;
  sum += 0.1 * std::log(noise) - 30 * noise;
  gradient[at.noise()] += (0.1 / noise - 30) * (noise - kLeastNoise);
  sum += log_normal(params.bend, kBendDeviation, gradient[at.bend()]);
  for (Eigen::Index j = 0; j < params.log_p.size(); ++j) {
    sum += log_normal(params.log_p[j], kWarpDeviation, gradient[at.p(j)]);
    sum += log_normal(params.log_q[j], kWarpDeviation, gradient[at.q(j)]);
  }
  return sum;
}

// The mean by which results are likeliest: `weights` are K^-1 1, so results that lie close together count about once.
double likeliest_mean(const Eigen::VectorXd& weights, const Eigen::VectorXd& results) { return weights.dot(results) / weights.sum(); }

GaussianProcessParams params_at(const Eigen::VectorXd& vector, const Layout& at, bool has_noise) {
  GaussianProcessParams params;
  params.weights = vector.head(at.d).array().exp();
  params.scale = std::exp(vector[at.scale()]);
  params.noise = kLeastNoise + (has_noise ? std::exp(vector[at.noise()]) : 0);
  params.bend = vector[at.bend()];
  params.log_p = vector.segment(at.p(0), at.d);
  params.log_q = vector.segment(at.q(0), at.d);
  return params;
}

std::vector<CoordinateWarp> warps_of(const GaussianProcessParams& params) {
  std::vector<CoordinateWarp> warps;
  for (Eigen::Index j = 0; j < params.weights.size(); ++j) warps.push_back(params.warp(j));
  return warps;
}

Eigen::MatrixXd warped(Eigen::MatrixXd x, const std::vector<CoordinateWarp>& warps) {
  for (Eigen::Index j = 0; j < x.cols(); ++j)
    if (const CoordinateWarp& warp = warps[static_cast<size_t>(j)]; !warp.is_straight())
      for (double& one : x.col(j)) one = warp.at(one).value;
  return x;
}

// Squared distances of rows of x to a point, weighted; into `r2`.
void squared_distances(const auto& x, const auto& point, const GaussianProcessPoints& points, const Eigen::VectorXd& weights, auto&& r2) {
  r2.setZero();
  for (Eigen::Index j = 0; j < weights.size(); ++j) {
    if (points.is_choice[static_cast<size_t>(j)]) r2 += weights[j] * (x.col(j).array() != point[j]).template cast<double>();
    else r2 += weights[j] * (x.col(j).array() - point[j]).square();
  }
}

// In place of squared distances the kernel, and its derivatives by them.
void matern(double scale, auto&& r2, auto&& slope) {
  const Eigen::ArrayXd u = (5 * r2).sqrt(), e = scale * (-u).exp();
  slope = -5.0 / 6 * (1 + u) * e;
  r2 = e * (1 + u + 5.0 / 3 * r2);
}

// The parts of the gradient that distances have: `pulled` is what each pair's squared distance moves the density by.
void add_distances(const GaussianProcessPoints& points, const GaussianProcessParams& params, const std::vector<CoordinateWarp>& warps,
                   const Eigen::MatrixXd& x, Eigen::MatrixXd& pulled, Eigen::VectorXd& gradient) {
  const Layout at(x.cols());
  pulled.diagonal().setZero();
  const Eigen::MatrixXd centered = x.rowwise() - x.colwise().mean();
  const Eigen::MatrixXd moved = pulled.selfadjointView<Eigen::Lower>() * centered;
  const Eigen::VectorXd total = pulled.selfadjointView<Eigen::Lower>() * Eigen::VectorXd::Ones(x.rows());
  for (Eigen::Index j = 0; j < x.cols(); ++j) {
    const double w = params.weights[j];
    if (points.is_choice[static_cast<size_t>(j)]) {
      for (Eigen::Index b = 0; b < x.rows(); ++b)
        for (Eigen::Index a = b + 1; a < x.rows(); ++a) gradient[j] += x(a, j) == x(b, j) ? 0 : w * pulled(a, b);
      continue;
    }
    const Eigen::ArrayXd by_x = 2 * w * (total.array() * centered.col(j).array() - moved.col(j).array());
    gradient[j] += 0.5 * (by_x * centered.col(j).array()).sum();
    if (params.log_p.size() == 0) continue;
    for (Eigen::Index i = 0; i < x.rows(); ++i) {
      const CoordinateWarp::Warped here = warps[static_cast<size_t>(j)].at(points.x(i, j));
      gradient[at.p(j)] += by_x[i] * here.by_log_p;
      gradient[at.q(j)] += by_x[i] * here.by_log_q;
    }
  }
}

}  // namespace

Eigen::VectorXd GaussianProcessPoints::results(const Eigen::VectorXd& values, double bend) const {
  Eigen::VectorXd y = values;
  if (n_bent > 0) y.head(n_bent) = bent(values.head(n_bent), bend).y;
  return y;
}

double log_density(const GaussianProcessPoints& points, const Eigen::VectorXd& values, const GaussianProcessParams& params,
                   Eigen::VectorXd& gradient) {
  const Eigen::Index n = points.x.rows();
  const Layout at(points.x.cols());
  gradient = Eigen::VectorXd::Zero(at.size());
  const std::vector<CoordinateWarp> warps = warps_of(params);
  const Eigen::MatrixXd x = warped(points.x, warps);
  Eigen::MatrixXd kernel(n, n), slope(n, n);  // the lower triangles
  for (Eigen::Index b = 0; b < n; ++b) {
    squared_distances(x.bottomRows(n - b), x.row(b), points, params.weights, kernel.col(b).tail(n - b).array());
    matern(params.scale, kernel.col(b).tail(n - b).array(), slope.col(b).tail(n - b).array());
  }
  Eigen::MatrixXd noisy = kernel;
  noisy.diagonal().array() += params.noise;
  const Eigen::LLT<Eigen::MatrixXd> factor(noisy);
  if (factor.info() != Eigen::Success) return -std::numeric_limits<double>::infinity();
  BentResults results;
  Eigen::VectorXd y = values;
  if (points.n_bent > 0) {
    results = bent(values.head(points.n_bent), params.bend);
    y.head(points.n_bent) = results.y;
  }
  const Eigen::MatrixXd inverse = factor.solve(Eigen::MatrixXd::Identity(n, n));
  // The density is greatest by the mean, so no gradient has a part that goes through it.
  if (points.learns_mean) y.array() -= likeliest_mean(inverse.rowwise().sum(), y);
  const Eigen::VectorXd solved = factor.solve(y);
  double value = -0.5 * y.dot(solved) - static_cast<double>(n) * kLogRootTwoPi + results.log_slopes;
  value -= factor.matrixLLT().diagonal().array().log().sum();
  gradient[at.bend()] = results.log_slopes_by_bend - (points.n_bent > 0 ? solved.head(points.n_bent).dot(results.y_by_bend) : 0);
  // By any parameter of the kernel: half the trace of (solved solved' - inverse) dK.
  for (Eigen::Index b = 0; b < n; ++b) {
    const Eigen::Index below = n - b - 1;
    const Eigen::ArrayXd pull = solved.tail(n - b).array() * solved[b] - inverse.col(b).tail(n - b).array();
    gradient[at.scale()] += 0.5 * pull[0] * kernel(b, b) + (pull * kernel.col(b).array().tail(n - b)).tail(below).sum();
    gradient[at.noise()] += 0.5 * pull[0] * (params.noise - kLeastNoise);
    slope.col(b).tail(n - b).array() *= pull;
  }
  add_distances(points, params, warps, x, slope, gradient);
  return value + log_prior(params, gradient);
}

GaussianProcessParams likeliest_params(const GaussianProcessPoints& points, const Eigen::VectorXd& values,
                                       const GaussianProcessRules& rules) {
  const Layout at(points.x.cols());
  const auto function = [&](const Eigen::VectorXd& vector, Eigen::VectorXd& gradient) {
    const double value = -log_density(points, values, params_at(vector, at, rules.has_noise), gradient);
    gradient = -gradient;
    return value;
  };
  // What stays as it is has no room.
  Eigen::VectorXd start = Eigen::VectorXd::Zero(at.size());
  start[at.noise()] = std::log(1e-2);
  Eigen::VectorXd low = start, high = start;
  low.head(at.d).setConstant(-18);
  high.head(at.d).setConstant(9);
  low[at.scale()] = -18;
  high[at.scale()] = 9;
  if (rules.has_noise) {
    low[at.noise()] = -18;
    high[at.noise()] = 9;
  }
  if (rules.bends_results) {
    high[at.bend()] = kMostBend;
  }
  BoxMinimum best{start, std::numeric_limits<double>::infinity()};
  for (const double weight : {1.0, 10.0}) {
    start.head(at.d).setConstant(std::log(weight));
    BoxMinimum found = box_minimum(function, start, low, high, 1e-2, 100);
    if (found.value < best.value) best = std::move(found);
  }
  if (rules.warps_coordinates && points.x.rows() >= kWarpedFrom && std::isfinite(best.value)) {
    for (Eigen::Index j = 0; j < at.d; ++j)
      if (!points.is_choice[static_cast<size_t>(j)])
        for (const Eigen::Index each : {at.p(j), at.q(j)}) {
          low[each] = -2.5;
          high[each] = 2.5;
        }
    BoxMinimum found = box_minimum(function, best.x, low, high, 1e-2, 100);
    if (found.value < best.value - kWarpGain - kWarpGainEach * static_cast<double>(at.d)) best = std::move(found);
  }
  return params_at(best.x, at, rules.has_noise);
}

GaussianProcess::GaussianProcess(GaussianProcessPoints points, GaussianProcessParams params, Eigen::VectorXd results)
    : points_(std::move(points)),
      params_(std::move(params)),
      warps_(warps_of(params_)),
      warped_(warped(points_.x, warps_)),
      results_(std::move(results)) {
  factorise();
}

GaussianProcess::GaussianProcess(GaussianProcessPoints points, const Eigen::VectorXd& values, GaussianProcessParams params)
    : GaussianProcess(points, params, points.results(values, params.bend)) {}

void GaussianProcess::factorise() {
  const Eigen::Index n = warped_.rows();
  Eigen::MatrixXd kernel = kernel_to(points_.x, nullptr);
  for (double jitter = params_.noise;; jitter *= 10) {
    kernel.diagonal().setConstant(params_.scale + jitter);
    const Eigen::LLT<Eigen::MatrixXd> factor(kernel);
    if (factor.info() != Eigen::Success && jitter < 1) continue;
    inverse_factor_ = factor.matrixL().solve(Eigen::MatrixXd::Identity(n, n));
    if (points_.learns_mean) mean_ = likeliest_mean(factor.solve(Eigen::VectorXd::Ones(n)), results_);
    solved_ = factor.solve((results_.array() - mean_).matrix());
    return;
  }
}

Eigen::MatrixXd GaussianProcess::kernel_to(const Eigen::MatrixXd& x, Eigen::MatrixXd* slope) const {
  const Eigen::MatrixXd there = warped(x, warps_);
  Eigen::MatrixXd kernel(warped_.rows(), x.rows());
  Eigen::ArrayXd unused(warped_.rows());
  if (slope != nullptr) slope->resize(warped_.rows(), x.rows());
  for (Eigen::Index k = 0; k < x.rows(); ++k) {
    squared_distances(warped_, there.row(k), points_, params_.weights, kernel.col(k).array());
    if (slope != nullptr) matern(params_.scale, kernel.col(k).array(), slope->col(k).array());
    else matern(params_.scale, kernel.col(k).array(), unused);
  }
  return kernel;
}

GaussianPrediction GaussianProcess::at(const Eigen::VectorXd& x, bool with_gradient) const {
  const Eigen::Index d = warped_.cols();
  Eigen::MatrixXd slope;
  const Eigen::VectorXd kernel = kernel_to(x.transpose(), with_gradient ? &slope : nullptr);
  const Eigen::VectorXd whitened = inverse_factor_.triangularView<Eigen::Lower>() * kernel;
  GaussianPrediction told;
  told.mean = mean_ + kernel.dot(solved_);
  told.variance = std::max(params_.scale - whitened.squaredNorm(), 1e-12);
  if (!with_gradient) return told;
  const Eigen::VectorXd back = inverse_factor_.triangularView<Eigen::Lower>().transpose() * whitened;
  told.mean_gradient = told.variance_gradient = Eigen::VectorXd::Zero(d);
  for (Eigen::Index j = 0; j < d; ++j) {
    if (points_.is_choice[static_cast<size_t>(j)]) continue;
    const CoordinateWarp& warp = warps_[static_cast<size_t>(j)];
    const auto [there, by_x, by_log_p, by_log_q] = warp.is_straight() ? CoordinateWarp::Warped{x[j], 1, 0, 0} : warp.at(x[j]);
    const Eigen::VectorXd moved = (2 * params_.weights[j] * by_x * slope.col(0).array() * (there - warped_.col(j).array())).matrix();
    told.mean_gradient[j] = moved.dot(solved_);
    told.variance_gradient[j] = -2 * moved.dot(back);
  }
  return told;
}

void GaussianProcess::at_rows(const Eigen::MatrixXd& x, Eigen::VectorXd& mean, Eigen::VectorXd& variance) const {
  const Eigen::MatrixXd kernel = kernel_to(x, nullptr);
  mean = (kernel.transpose() * solved_).array() + mean_;
  const Eigen::MatrixXd whitened = inverse_factor_.triangularView<Eigen::Lower>() * kernel;
  variance = (params_.scale - whitened.colwise().squaredNorm().transpose().array()).max(1e-12);
}

double GaussianProcess::covariance(const Eigen::VectorXd& a, const Eigen::VectorXd& b) const {
  Eigen::ArrayXd between(1), unused(1);
  squared_distances(warped(a.transpose(), warps_), warped(b.transpose(), warps_).row(0), points_, params_.weights, between);
  matern(params_.scale, between, unused);
  const auto lower = inverse_factor_.triangularView<Eigen::Lower>();
  const Eigen::VectorXd of_a = lower * kernel_to(a.transpose(), nullptr), of_b = lower * kernel_to(b.transpose(), nullptr);
  return between[0] - of_a.dot(of_b);
}

GaussianProcess GaussianProcess::having_seen(const std::vector<Eigen::VectorXd>& x, const std::vector<double>& results) const {
  GaussianProcessPoints points = points_;
  const Eigen::Index n = points_.x.rows(), more = static_cast<Eigen::Index>(x.size());
  points.x.conservativeResize(n + more, Eigen::NoChange);
  for (Eigen::Index i = 0; i < more; ++i) points.x.row(n + i) = x[static_cast<size_t>(i)].transpose();
  Eigen::VectorXd all(n + more);
  all << results_, Eigen::Map<const Eigen::VectorXd>(results.data(), more);
  return {std::move(points), params_, std::move(all)};
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
