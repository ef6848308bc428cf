// A bound on the regret: how far, at most, a Gaussian process lets the best trial be from the optimum.
//
// Rules    A process is fitted to the better trials, by the parameters that all complete ones share. The bound is the greatest upper
//          confidence bound, over those trials and 2048 points of a Sobol sequence, less the greatest lower one, over the trials. The
//          bounds are sqrt(beta) standard deviations from the mean, beta = 2 / 5 log(d n^2 pi^2 / 0.6) for n trials of d parameters.
// Cost     O(n^3) for each step of the fit.
// Source   Makarova et al., AutoML 2022; Srinivas et al., ICML 2010 (beta, a fifth of it); the constants of Optuna 5.
// Checked  terminator_test.cc; tests/parity/test_terminator.py against the rule written in NumPy.
#include <algorithm>

#include "kolosal/tune/terminators/trial_process-inl.h"

namespace kolosal {
namespace {

constexpr double kDelta = 0.1;

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

class RegretBound final : public ImprovementEstimate {
 public:
  explicit RegretBound(RegretBoundParams params) : params_(params) {}

  double evaluate(std::span<const TrialRecord> trials, Direction direction) const override {
    SeenTrials best = best_of(seen_trials(trials, direction));
    const double deviation = standardise(best.y);
    return regret_bound(process_of(best, false), best, kDelta, params_.seed) * deviation;
  }

 private:
  // The best trials and those that are as good as the last of them.
  SeenTrials best_of(const SeenTrials& all) const {
    const auto n = static_cast<size_t>(all.y.size());
    const auto share = static_cast<size_t>(static_cast<double>(n) * params_.top_trials_ratio);
    const size_t n_best = std::min(std::max(share, static_cast<size_t>(params_.min_n_trials)), n);
    std::vector<double> sorted(all.y.begin(), all.y.end());
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<ptrdiff_t>(n - n_best), sorted.end());
    std::vector<Eigen::Index> kept;
    for (Eigen::Index i = 0; i < all.y.size(); ++i)
      if (all.y[i] >= sorted[n - n_best]) kept.push_back(i);
    return all.rows(kept);
  }

  RegretBoundParams params_;
};

}  // namespace

void register_regret_bound(Catalog<ImprovementEstimate>& catalog) {
  catalog.add<RegretBound, RegretBoundParams>(
      "regret_bound", "How far, at most, a Gaussian process of the better trials lets the best one be from the optimum.");
}

}  // namespace kolosal
