#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <numbers>

#include "kolosal/tune/samplers/cma_distribution-inl.h"

namespace kolosal {
namespace {

constexpr size_t kStillGenerations = 12;  // without a difference, after which a run has converged
constexpr double kFinest = 1e-7;          // steps, in shares of the range, below which a run has converged
constexpr double kFinestLoss = 1e-9;      // differences of losses, in shares of those of the first generation, below which it has

double below(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }
double quantile(double p) { return -std::numbers::sqrt2 * boost::math::erfc_inv(2 * p); }

}  // namespace

CmaDistribution::CmaDistribution(Eigen::VectorXd mean, double sigma, size_t n_points, bool separable)
    : n_points_(n_points),
      separable_(separable),
      n_(static_cast<double>(mean.size())),
      mean_(std::move(mean)),
      sigma_(sigma),
      first_sigma_(sigma) {
  const Eigen::Index d = mean_.size();
  scale_ = roots_ = Eigen::VectorXd::Ones(d);
  path_sigma_ = path_c_ = Eigen::VectorXd::Zero(d);
  if (separable_) covariance_ = Eigen::MatrixXd::Ones(d, 1);
  else covariance_ = basis_ = Eigen::MatrixXd::Identity(d, d);

  const auto count = static_cast<double>(n_points);
  const size_t n_parents = n_points / 2;
  weights_.resize(static_cast<Eigen::Index>(n_points));
  double sum = 0, squares = 0, sum_rest = 0, squares_rest = 0;
  for (size_t i = 0; i < n_points; ++i) {
    const double w = std::log((count + 1) / 2) - std::log(static_cast<double>(i + 1));
    weights_[static_cast<Eigen::Index>(i)] = w;
    (i < n_parents ? sum : sum_rest) += w;
    (i < n_parents ? squares : squares_rest) += w * w;
  }
  mu_effective_ = sum * sum / squares;
  const double mu_rest = squares_rest > 0 ? sum_rest * sum_rest / squares_rest : 0;
  c_1_ = 2 / ((n_ + 1.3) * (n_ + 1.3) + mu_effective_);
  c_mu_ = std::min(1 - c_1_ - 1e-8, 2 * (mu_effective_ - 2 + 1 / mu_effective_) / ((n_ + 2) * (n_ + 2) + mu_effective_));
  if (separable_) {
    c_1_ *= (n_ + 2) / 3;
    c_mu_ = std::min(1 - c_1_ - 1e-8, c_mu_ * (n_ + 2) / 3);
  }
  const double least = std::min({1 + c_1_ / c_mu_, 1 + 2 * mu_rest / (mu_effective_ + 2), (1 - c_1_ - c_mu_) / (n_ * c_mu_)});
  double negative = 0;
  for (const double w : weights_) negative += w < 0 ? -w : 0;
  for (double& w : weights_) w = w >= 0 ? w / sum : negative > 0 ? w * least / negative : 0;
  c_sigma_ = (mu_effective_ + 2) / (n_ + mu_effective_ + 5);
  damping_ = 1 + 2 * std::max(0.0, std::sqrt((mu_effective_ - 1) / (n_ + 1)) - 1) + c_sigma_;
  c_c_ = (4 + mu_effective_ / n_) / (n_ + 4 + 2 * mu_effective_ / n_);
  expected_norm_ = std::sqrt(n_) * (1 - 1 / (4 * n_) + 1 / (21 * n_ * n_));
}

Eigen::VectorXd CmaDistribution::draw(RandomStream& stream) const {
  Eigen::VectorXd z(mean_.size());
  for (double& each : z) each = stream.normal();
  z.array() *= roots_.array();
  if (!separable_) z = basis_ * z;
  return mean_ + sigma_ * (scale_.array() * z.array()).matrix();
}

void CmaDistribution::update(std::vector<CmaPoint> points) {
  std::stable_sort(points.begin(), points.end());
  ++n_generations_;
  // A point from elsewhere may lie far out: its step is cut to a length that draws seldom exceed.
  const double longest = std::sqrt(n_) + 2 * n_ / (n_ + 2) + 2;
  std::vector<Eigen::VectorXd> steps, whitened;
  Eigen::VectorXd step = Eigen::VectorXd::Zero(mean_.size()), white_step = step;
  for (size_t i = 0; i < points.size(); ++i) {
    Eigen::VectorXd y = ((points[i].x - mean_).array() / (sigma_ * scale_.array())).matrix();
    Eigen::VectorXd white = separable_ ? y : (basis_.transpose() * y).eval();
    white.array() /= roots_.array();
    const double length = white.norm();
    if (length > longest) {
      y *= longest / length;
      white *= longest / length;
    }
    if (!separable_) white = basis_ * white;
    const double w = weights_[static_cast<Eigen::Index>(i)];
    if (w > 0) {
      step += w * y;
      white_step += w * white;
    }
    steps.push_back(std::move(y));
    whitened.push_back(std::move(white));
  }
  mean_ = (mean_ + sigma_ * (scale_.array() * step.array()).matrix()).cwiseMax(0).cwiseMin(1);
  path_sigma_ = (1 - c_sigma_) * path_sigma_ + std::sqrt(c_sigma_ * (2 - c_sigma_) * mu_effective_) * white_step;
  const double norm = path_sigma_.norm();
  const double grown = std::sqrt(1 - std::pow(1 - c_sigma_, 2 * static_cast<double>(n_generations_)));
  const bool path_is_long = norm / grown >= (1.4 + 2 / (n_ + 1)) * expected_norm_;
  // The weight of a bad point is lessened by the length of its step, so that the covariance stays positive.
  for (size_t i = 0; i < steps.size(); ++i)
    if (weights_[static_cast<Eigen::Index>(i)] < 0) steps[i] *= std::sqrt(n_) / std::max(whitened[i].norm(), 1e-12);
  adapt(steps, step, path_is_long);
  sigma_ *= std::exp(std::min(1.0, c_sigma_ / damping_ * (norm / expected_norm_ - 1)));
  sigma_ = std::clamp(sigma_, 1e-32, 1e32);
  decompose();
  ranges_.emplace_back(points.front().loss, points.back().loss);
  if (n_generations_ == 1) first_range_ = points.back().loss - points.front().loss;
  if (ranges_.size() > kStillGenerations) ranges_.pop_front();
}

void CmaDistribution::adapt(const std::vector<Eigen::VectorXd>& steps, const Eigen::VectorXd& step, bool path_is_long) {
  path_c_ *= 1 - c_c_;
  if (!path_is_long) path_c_ += std::sqrt(c_c_ * (2 - c_c_) * mu_effective_) * step;
  const double lost = path_is_long ? c_1_ * c_c_ * (2 - c_c_) : 0;
  covariance_ *= 1 + lost - c_1_ - c_mu_ * weights_.sum();
  if (separable_) covariance_ += c_1_ * path_c_.cwiseAbs2();
  else covariance_ += c_1_ * path_c_ * path_c_.transpose();
  for (size_t i = 0; i < steps.size(); ++i) {
    const double w = c_mu_ * weights_[static_cast<Eigen::Index>(i)];
    if (separable_) covariance_ += w * steps[i].cwiseAbs2();
    else covariance_ += w * steps[i] * steps[i].transpose();
  }
}

void CmaDistribution::decompose() {
  if (separable_) {
    covariance_ = covariance_.cwiseMax(1e-16);
    roots_ = covariance_.cwiseSqrt();
    return;
  }
  covariance_ = (0.5 * (covariance_ + covariance_.transpose())).eval();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance_);
  basis_ = solver.eigenvectors();
  const Eigen::VectorXd values = solver.eigenvalues().cwiseMax(1e-16);
  roots_ = values.cwiseSqrt();
  covariance_ = basis_ * values.asDiagonal() * basis_.transpose();
}

void CmaDistribution::widen(CellOf cell_of, const void* context) {
  const double alpha = 1 / (n_ * static_cast<double>(n_points_));
  for (Eigen::Index i = 0; i < mean_.size(); ++i) {
    const auto [low, high] = cell_of(context, static_cast<size_t>(i), mean_[i]);
    if (std::isnan(low) || (std::isinf(low) && std::isinf(high))) continue;
    const double spread = sigma_ * scale_[i] * std::sqrt(separable_ ? covariance_(i, 0) : covariance_(i, i));
    if (std::isinf(low) || std::isinf(high)) {  // a cell at the end: the mean may go as near to its inner edge as is needed
      const double reach = -quantile(alpha) * spread;
      if (std::isinf(low)) mean_[i] = std::max(mean_[i], high - reach);
      else mean_[i] = std::min(mean_[i], low + reach);
      continue;
    }
    const double p_low = below((low - mean_[i]) / spread), p_high = below((mean_[i] - high) / spread);
    if (p_low >= alpha / 2 && p_high >= alpha / 2) continue;
    const double at_low = std::max(p_low, alpha / 2), at_high = std::max(p_high, alpha / 2);
    const double inside = std::max(1 - p_low - p_high, alpha / 2);
    const double over = (1 - at_low - at_high - inside) / (at_low + at_high + inside - 1.5 * alpha);
    const double z_low = -quantile(std::min(at_low + over * (at_low - alpha / 2), 0.49));
    const double z_high = -quantile(std::min(at_high + over * (at_high - alpha / 2), 0.49));
    mean_[i] = (low * z_high + high * z_low) / (z_low + z_high);
    scale_[i] *= (high - low) / (z_low + z_high) / spread;
  }
}

bool CmaDistribution::has_converged() const noexcept {
  if (ranges_.empty()) return false;
  const double longest = roots_.maxCoeff(), shortest = roots_.minCoeff();
  if (longest / shortest > 1e7 || sigma_ * longest > 1e4 * first_sigma_) return true;
  if (sigma_ * longest < kFinest && (sigma_ * path_c_.array().abs() < kFinest).all()) return true;
  if (ranges_.size() < kStillGenerations) return false;
  double least = std::numeric_limits<double>::infinity(), most = -least;
  for (const auto& [low, high] : ranges_) {
    least = std::min(least, low);
    most = std::max(most, low);
  }
  const double finest = 1e-12 + kFinestLoss * (std::isfinite(first_range_) ? first_range_ : 0);
  return !(most - least > finest) && !(ranges_.back().second - ranges_.back().first > finest);
}

}  // namespace kolosal
