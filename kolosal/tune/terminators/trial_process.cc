#include <cmath>
#include <numbers>

#include "kolosal/tune/sampler.h"
#include "kolosal/tune/shared_space.h"
#include "kolosal/tune/terminators/trial_process-inl.h"

namespace kolosal {
namespace {

constexpr size_t kPoints = 2048;

void make_finite(Eigen::VectorXd& y) {
  double least = std::numeric_limits<double>::infinity(), most = -least;
  for (const double value : y)
    if (std::isfinite(value)) {
      least = std::min(least, value);
      most = std::max(most, value);
    }
  if (least > most) least = most = 0;
  for (double& value : y) value = std::clamp(value, least, most);
}

GaussianProcessPoints points_of(const SeenTrials& seen) {
  GaussianProcessPoints points{.x = seen.x, .learns_mean = false};  // the rules' processes have the mean of the results
  for (size_t i = 0; i < seen.space.size(); ++i) points.is_choice.push_back(seen.space.is_choice(i));
  return points;
}

Eigen::MatrixXd sobol_points(const GpSpace& space, int64_t seed) {
  Eigen::MatrixXd points(static_cast<Eigen::Index>(kPoints), static_cast<Eigen::Index>(space.size()));
  const std::vector<double> shares = sobol_shares(static_cast<uint64_t>(seed), kPoints, space.size());
  for (size_t k = 0; k < kPoints; ++k)
    for (size_t i = 0; i < space.size(); ++i)
      points(static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(i)) =
          space.coordinate(i, space.of(i).at_share(shares[k * space.size() + i]));
  return points;
}

}  // namespace

SeenTrials SeenTrials::rows(std::span<const Eigen::Index> kept) const {
  SeenTrials some{space, n_parameters, {}, {}};
  some.x.resize(static_cast<Eigen::Index>(kept.size()), x.cols());
  some.y.resize(static_cast<Eigen::Index>(kept.size()));
  for (size_t i = 0; i < kept.size(); ++i) {
    some.x.row(static_cast<Eigen::Index>(i)) = x.row(kept[i]);
    some.y[static_cast<Eigen::Index>(i)] = y[kept[i]];
  }
  return some;
}

SeenTrials seen_trials(std::span<const TrialRecord> trials, Direction direction) {
  best_complete(trials, direction);  // throws where there is none
  const Subspace shared = shared_space(trials);
  Subspace varied;
  for (const auto& member : shared)
    if (!member.second->is_single()) varied.push_back(member);
  if (varied.empty())
    throw Error(ErrorCode::BadValue, "terminator: there is no parameter that all complete trials have with the same range",
                "Use another estimate of the improvement, as best_value_stagnation.");
  SeenTrials seen{GpSpace(std::move(varied)), shared.size(), {}, {}};
  std::vector<Eigen::VectorXd> x;
  std::vector<double> y;
  for (const TrialRecord& trial : trials) {
    if (trial.state != TrialState::Complete) continue;
    if (auto point = seen.space.of_trial(trial)) {
      x.push_back(std::move(*point));
      y.push_back(direction == Direction::Minimize ? -trial.values[0] : trial.values[0]);
    }
  }
  const auto n = static_cast<Eigen::Index>(y.size());
  seen.x.resize(n, static_cast<Eigen::Index>(seen.space.size()));
  for (Eigen::Index i = 0; i < n; ++i) seen.x.row(i) = x[static_cast<size_t>(i)].transpose();
  seen.y = Eigen::Map<const Eigen::VectorXd>(y.data(), n);
  make_finite(seen.y);
  return seen;
}

double standardise(Eigen::VectorXd& y) {
  y.array() -= y.mean();
  const double deviation = std::max(std::sqrt(y.squaredNorm() / static_cast<double>(y.size())), 1e-10);
  y /= deviation;
  return deviation;
}

GaussianProcess process_of(const SeenTrials& seen, bool deterministic) {
  const GaussianProcessPoints points = points_of(seen);
  return {points, seen.y, likeliest_params(points, seen.y, {.has_noise = !deterministic})};
}

double regret_bound(const GaussianProcess& process, const SeenTrials& seen, double delta, int64_t seed) {
  const auto n = static_cast<double>(seen.x.rows()), d = static_cast<double>(seen.n_parameters);
  const double beta = 2 * std::log(d * n * n * std::numbers::pi * std::numbers::pi / 6 / delta) / 5;
  const auto greatest = [&](const Eigen::MatrixXd& x, double sign) {
    Eigen::VectorXd mean, variance;
    process.at_rows(x, mean, variance);
    return (mean.array() + sign * (beta * variance.array()).sqrt()).maxCoeff();
  };
  return std::max(greatest(seen.x, 1), greatest(sobol_points(seen.space, seed), 1)) - greatest(seen.x, -1);
}

}  // namespace kolosal
