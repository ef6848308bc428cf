// A Gaussian process of the complete trials of a study, and the bound on the regret that it gives: what estimates of improvement share.
#pragma once

#include <span>

#include "kolosal/tune/samplers/gaussian_process-inl.h"
#include "kolosal/tune/samplers/gp_space-inl.h"
#include "kolosal/tune/terminator.h"

namespace kolosal {

/// Complete trials as points, by the parameters that they share. Results: more is better, infinite ones are the worst or best finite.
struct SeenTrials {
  GpSpace space{Subspace()};
  size_t n_parameters = 0;  ///< with those that have one value only
  Eigen::MatrixXd x;        ///< (n, d)
  Eigen::VectorXd y;

  /// Only these rows.
  SeenTrials rows(std::span<const Eigen::Index> kept) const;
};

/// Throws Error(BadValue) where no trial is complete or there is no parameter that varies and that all have with one range.
SeenTrials seen_trials(std::span<const TrialRecord> trials, Direction direction);

/// Makes the mean 0 and gives the standard deviation, at least 1e-10, by which the results are divided.
double standardise(Eigen::VectorXd& y);

/// The likeliest process of the points, whose results have mean 0 and variance 1.
GaussianProcess process_of(const SeenTrials& seen, bool deterministic);

/// The greatest upper confidence bound over the points and 2048 of a Sobol sequence, less the greatest lower one over the points; `delta`
/// is the chance that the bounds do not hold.
double regret_bound(const GaussianProcess& process, const SeenTrials& seen, double delta, int64_t seed);

}  // namespace kolosal
