// The expected minimum regret by the model (EMMR): how much the last trial has moved what a Gaussian process expects of the best one.
//
// Rules    Processes of all complete trials, and of all but the last, by the parameters that they share; results have variance 1. With m
// and
//          v the mean and variance of the first, m' the mean of the second, b and b' the best points with and without the last trial x:
//          m'(b') - m(b) + s (phi(g) + g Phi(g)) + k sqrt(K / 2), where s is the standard deviation of f(b) - f(b'), g = (m(b) - m'(b')) /
//          s, k the regret bound of the second process, and K what the last trial has told (its Kullback-Leibler divergence). It goes with
//          the error "median", since it is in standard deviations of the results.
// Cost     O(n^3) for each step of two fits.
// Source   Ishibashi et al., "A stopping criterion for Bayesian optimization by the gap of expected minimum simple regrets", AISTATS 2023;
//          the constants of Optuna 5.
// Checked  terminator_test.cc; tests/parity/test_terminator.py against the rule written in NumPy.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "kolosal/kernels/normal.h"
#include "kolosal/tune/terminators/trial_process-inl.h"

namespace kolosal {
namespace {

constexpr double kLeastNoise = 1e-6;
constexpr double kUnknown = 0.1 * std::numeric_limits<double>::max();  // ends no study

struct ExpectedRegretParams {
  bool deterministic_objective = false;
  double delta = 0.1;
  int min_n_trials = 2;
  int64_t seed = 0;
};
void describe(Fields<ExpectedRegretParams>& f) {
  f.add("deterministic_objective", &ExpectedRegretParams::deterministic_objective,
        "Whether the same parameters always give the same value.");
  f.add("delta", &ExpectedRegretParams::delta, "Chance that the bounds on the regret do not hold.").above(0).max(1);
  f.add("min_n_trials", &ExpectedRegretParams::min_n_trials, "Complete trials that there must be.").min(2);
  f.add("seed", &ExpectedRegretParams::seed, "How the points of the Sobol sequence are scrambled.");
}

double normal_density(double x) { return std::exp(-0.5 * x * x) * 0.39894228040143267794; }

Eigen::Index best_row(const Eigen::VectorXd& y) {
  Eigen::Index row = 0;
  y.maxCoeff(&row);
  return row;
}

class ExpectedRegret final : public ImprovementEstimate {
 public:
  explicit ExpectedRegret(ExpectedRegretParams params) : params_(params) {}

  double evaluate(std::span<const TrialRecord> trials, Direction direction) const override {
    const auto n = std::count_if(trials.begin(), trials.end(), [](const auto& trial) { return trial.state == TrialState::Complete; });
    if (n < params_.min_n_trials) return kUnknown;
    SeenTrials now = seen_trials(trials, direction);
    standardise(now.y);
    std::vector<Eigen::Index> earlier(static_cast<size_t>(now.y.size() - 1));
    std::iota(earlier.begin(), earlier.end(), Eigen::Index{0});
    const SeenTrials before = now.rows(earlier);
    const GaussianProcess process_before = process_of(before, params_.deterministic_objective);
    const GaussianProcess process_now = process_of(now, params_.deterministic_objective);
    const Eigen::VectorXd last = now.x.row(now.x.rows() - 1).transpose();
    const Eigen::VectorXd best = now.x.row(best_row(now.y)).transpose(), best_before = now.x.row(best_row(before.y)).transpose();
    const GaussianPrediction of_best = process_now.at(best, false), of_last = process_now.at(last, false);
    const double spread = of_best.variance - 2 * process_now.covariance(best, best_before) + process_now.at(best_before, false).variance;
    const double deviation = std::sqrt(std::max(1e-10, spread));
    const double change = process_before.at(best_before, false).mean - of_best.mean, g = -change / deviation;
    const double bound = regret_bound(process_before, before, params_.delta, params_.seed);
    const double told = divergence(of_last, now.y[now.y.size() - 1]);
    const double sum = change + deviation * (normal_density(g) + g * normal_cdf(g)) + bound * std::sqrt(0.5 * told);
    return std::min(0.5 * std::numeric_limits<double>::max(), sum);
  }

 private:
  static double divergence(const GaussianPrediction& of_last, double y) {
    const double variance = of_last.variance, noisy = variance + kLeastNoise, off = y - of_last.mean;
    return 0.5 * std::log1p(variance / kLeastNoise) - 0.5 * variance / noisy + 0.5 * variance * off * off / (noisy * noisy);
  }

  ExpectedRegretParams params_;
};

}  // namespace

void register_expected_regret(Catalog<ImprovementEstimate>& catalog) {
  catalog.add<ExpectedRegret, ExpectedRegretParams>(
      "expected_regret", "How much the last trial has moved what a Gaussian process expects of the best one: goes with the error 'median'.",
      {"emmr"});
}

}  // namespace kolosal
