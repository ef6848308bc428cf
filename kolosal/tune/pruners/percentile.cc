// The percentile pruner stops a trial whose best report so far is worse than a percentile of what complete trials reported at this step;
// the median pruner is that of 50 %.
//
// Source   Golovin et al., "Google Vizier", KDD 2017; the rules of Optuna 5.
#include <algorithm>
#include <cmath>

#include "kolosal/tune/pruner.h"

namespace kolosal {
namespace {

struct MedianPrunerParams {
  int n_startup_trials = 5;
  int n_warmup_steps = 0;
  int interval_steps = 1;
  int n_min_trials = 1;
};
template <class Params>
void describe_common(Fields<Params>& f) {
  f.add("n_startup_trials", &Params::n_startup_trials, "Complete trials that there must be before any is stopped.").min(0);
  f.add("n_warmup_steps", &Params::n_warmup_steps, "Step before which none is stopped.").min(0);
  f.add("interval_steps", &Params::interval_steps, "Steps between two looks.").min(1);
  f.add("n_min_trials", &Params::n_min_trials, "Complete trials that must have reported this step.").min(1);
}
void describe(Fields<MedianPrunerParams>& f) { describe_common(f); }

struct PercentilePrunerParams {
  double percentile = 25;
  int n_startup_trials = 5;
  int n_warmup_steps = 0;
  int interval_steps = 1;
  int n_min_trials = 1;
};
void describe(Fields<PercentilePrunerParams>& f) {
  f.add("percentile", &PercentilePrunerParams::percentile, "Share of trials, in percent, that may go on.").min(0).max(100);
  describe_common(f);
}

// The percentile of some numbers (at least one), between neighbours in proportion.
double percentile_of(std::vector<double> x, double percentile) {
  std::sort(x.begin(), x.end());
  const double at = percentile / 100 * static_cast<double>(x.size() - 1);
  const auto below = static_cast<size_t>(at);
  if (below + 1 >= x.size() || x[below] == x[below + 1]) return x[std::min(below, x.size() - 1)];
  return x[below] + (at - static_cast<double>(below)) * (x[below + 1] - x[below]);
}

class PercentilePruner final : public Pruner {
 public:
  explicit PercentilePruner(PercentilePrunerParams params) : params_(params) {}
  explicit PercentilePruner(MedianPrunerParams p) : params_{50, p.n_startup_trials, p.n_warmup_steps, p.interval_steps, p.n_min_trials} {}

  bool should_prune(const History& history, TrialRecord& trial, std::string_view) const override {
    if (!is_first_report_of_interval(trial, params_.n_warmup_steps, params_.interval_steps)) return false;
    const double sign = history.directions()[0] == Direction::Minimize ? 1 : -1;
    const int64_t step = trial.intermediate.back().first;
    int n_complete = 0, n_reported = 0;
    std::vector<double> reported;  // as losses
    for (const uint32_t row : history.finished()) {
      const TrialRecord& other = history.trial(row);
      if (other.state != TrialState::Complete) continue;
      ++n_complete;
      const auto at = std::lower_bound(other.intermediate.begin(), other.intermediate.end(), step,
                                       [](const auto& a, int64_t b) { return a.first < b; });
      if (at == other.intermediate.end() || at->first != step) continue;
      ++n_reported;
      if (!std::isnan(at->second)) reported.push_back(sign * at->second);
    }
    if (n_complete == 0 || n_complete < params_.n_startup_trials) return false;
    double best = std::nan("");
    for (const auto& [other_step, value] : trial.intermediate) best = std::fmin(best, sign * value);
    if (std::isnan(best)) return true;
    if (n_reported < params_.n_min_trials || reported.empty()) return false;
    return best > percentile_of(std::move(reported), params_.percentile);
  }

 private:
  PercentilePrunerParams params_;
};

}  // namespace

bool is_first_report_of_interval(const TrialRecord& trial, int64_t warmup, int64_t interval) {
  const auto& reports = trial.intermediate;
  if (reports.empty() || reports.back().first < warmup) return false;
  const int64_t begin = (reports.back().first - warmup) / interval * interval + warmup;
  return reports.size() == 1 || reports[reports.size() - 2].first < begin;
}

void register_percentile(Catalog<Pruner>& catalog) {
  catalog.add<PercentilePruner, MedianPrunerParams>("median", "Stops trials that are worse than the median at the same step.");
  catalog.add<PercentilePruner, PercentilePrunerParams>("percentile", "Stops trials that are worse than a percentile at the same step.");
}

}  // namespace kolosal
