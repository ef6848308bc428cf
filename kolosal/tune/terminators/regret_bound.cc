// A bound on the regret: how far, at most, a Gaussian process lets the best trial be from the optimum.
//
// Rules    A process is fitted to the better trials, by the parameters that all complete ones share. The bound is the greatest upper
//          confidence bound, over those trials and 2048 points of a Sobol sequence, less the greatest lower one, over the trials. The
//          bounds are sqrt(beta) standard deviations from the mean, beta = 2 / 5 log(d n^2 pi^2 / 0.6) for n trials of d parameters.
// Cost     O(n^3) for each step of the fit.
// Source   Makarova et al., AutoML 2022; Srinivas et al., ICML 2010 (beta, a fifth of it); the constants of Optuna 5.
// Checked  terminator_test.cc; tests/parity/test_terminator.py against the rule written in NumPy.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "kolosal/tune/sampler.h"
#include "kolosal/tune/samplers/gaussian_process-inl.h"
#include "kolosal/tune/samplers/gp_space-inl.h"
#include "kolosal/tune/shared_space.h"
#include "kolosal/tune/terminator.h"

namespace kolosal {
namespace {

constexpr Eigen::Index kPoints = 2048;
constexpr double kDelta = 0.1;  // chance that the bounds do not hold

struct RegretBoundParams {
  double top_trials_ratio = 0.5;
  int min_n_trials = 20;
  int64_t seed = 0;
};
void describe(Fields<RegretBoundParams>& f) {
  f.add("top_trials_ratio", &RegretBoundParams::top_trials_ratio, "Share of the trials, from the best, that the process is fitted to.")
      .above(0)
      .max(1);
  f.add("min_n_trials", &RegretBoundParams::min_n_trials, "Trials that it is fitted to at least, where there are as many.").min(1);
  f.add("seed", &RegretBoundParams::seed, "How the points of the Sobol sequence are scrambled.");
}

// Points with results, more is better.
struct Seen {
  std::vector<Eigen::VectorXd> x;
  std::vector<double> y;
};

// Infinite results become the worst or best finite.
void make_finite(std::vector<double>& y) {
  double least = std::numeric_limits<double>::infinity(), most = -least;
  for (const double value : y)
    if (std::isfinite(value)) {
      least = std::min(least, value);
      most = std::max(most, value);
    }
  if (least > most) least = most = 0;
  for (double& value : y) value = std::clamp(value, least, most);
}

class RegretBound final : public ImprovementEstimate {
 public:
  explicit RegretBound(RegretBoundParams params) : params_(params) {}

  double evaluate(std::span<const TrialRecord> trials, Direction direction) const override {
    best_complete(trials, direction);  // throws where there is none
    const Subspace shared = shared_space(trials);
    Subspace varied;
    for (const auto& member : shared)
      if (!member.second->is_single()) varied.push_back(member);
    if (varied.empty())
      throw Error(ErrorCode::BadValue, "terminator: there is no parameter that all complete trials have with the same range",
                  "Use another estimate of the improvement, as best_value_stagnation.");
    const GpSpace space(std::move(varied));
    Seen seen = best_of(trials, direction, space);
    const auto n = static_cast<Eigen::Index>(seen.y.size());
    Eigen::VectorXd y = Eigen::Map<const Eigen::VectorXd>(seen.y.data(), n);
    y.array() -= y.mean();
    const double deviation = std::max(std::sqrt(y.squaredNorm() / static_cast<double>(n)), 1e-10);
    y /= deviation;
    GaussianProcessPoints points;
    points.x.resize(n, static_cast<Eigen::Index>(space.size()));
    for (Eigen::Index i = 0; i < n; ++i) points.x.row(i) = seen.x[static_cast<size_t>(i)].transpose();
    for (size_t i = 0; i < space.size(); ++i) points.is_choice.push_back(space.is_choice(i));
    const GaussianProcess process(points, y, likeliest_params(points, y, false));
    const auto rows = static_cast<double>(n), d = static_cast<double>(shared.size());
    const double beta = 2 * std::log(d * rows * rows * std::numbers::pi * std::numbers::pi / 6 / kDelta) / 5;
    const auto greatest = [&](const Eigen::MatrixXd& x, double sign) {
      Eigen::VectorXd mean, variance;
      process.at_rows(x, mean, variance);
      return (mean.array() + sign * (beta * variance.array()).sqrt()).maxCoeff();
    };
    const double upper = std::max(greatest(points.x, 1), greatest(sobol_points(space), 1));
    return (upper - greatest(points.x, -1)) * deviation;
  }

 private:
  // The best trials and those that are as good as the last of them.
  Seen best_of(std::span<const TrialRecord> trials, Direction direction, const GpSpace& space) const {
    Seen all;
    for (const TrialRecord& trial : trials) {
      if (trial.state != TrialState::Complete) continue;
      if (auto x = space.of_trial(trial)) {
        all.x.push_back(std::move(*x));
        all.y.push_back(direction == Direction::Minimize ? -trial.values[0] : trial.values[0]);
      }
    }
    make_finite(all.y);
    const size_t n = all.y.size();
    const auto share = static_cast<size_t>(static_cast<double>(n) * params_.top_trials_ratio);
    const size_t n_best = std::min(std::max(share, static_cast<size_t>(params_.min_n_trials)), n);
    std::vector<double> sorted = all.y;
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<ptrdiff_t>(n - n_best), sorted.end());
    const double least = sorted[n - n_best];
    Seen best;
    for (size_t i = 0; i < n; ++i)
      if (all.y[i] >= least) {
        best.x.push_back(std::move(all.x[i]));
        best.y.push_back(all.y[i]);
      }
    return best;
  }

  Eigen::MatrixXd sobol_points(const GpSpace& space) const {
    Eigen::MatrixXd points(kPoints, static_cast<Eigen::Index>(space.size()));
    for (Eigen::Index k = 0; k < kPoints; ++k) {
      const auto point = propose_sobol(static_cast<uint64_t>(params_.seed), static_cast<uint64_t>(k));
      for (size_t i = 0; i < space.size(); ++i)
        points(k, static_cast<Eigen::Index>(i)) = space.coordinate(i, point->value(static_cast<uint32_t>(i), space.of(i)));
    }
    return points;
  }

  RegretBoundParams params_;
};

}  // namespace

void register_regret_bound(Catalog<ImprovementEstimate>& catalog) {
  catalog.add<RegretBound, RegretBoundParams>(
      "regret_bound", "How far, at most, a Gaussian process of the better trials lets the best one be from the optimum.");
}

}  // namespace kolosal
