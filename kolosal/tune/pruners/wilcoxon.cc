// The Wilcoxon pruner compares a trial with the best on the steps both have (folds, problems) and stops it where it is worse by a one-sided
// signed-rank test.
//
// The test is exact up to 50 differences, or up to 13 where some are equal or zero, and otherwise uses the normal approximation. The rank
// of a zero is split between both signs.
// Source   Wilcoxon, Biometrics Bulletin 1, 1945; the rules of Optuna 5 and SciPy 1.17.
#include <algorithm>
#include <cmath>

#include "kolosal/kernels/normal.h"
#include "kolosal/tune/pruner.h"

namespace kolosal {
namespace {

constexpr size_t kExact = 50, kExactWithTies = 13;

struct WilcoxonPrunerParams {
  double p_threshold = 0.1;
  int n_startup_steps = 2;
};
void describe(Fields<WilcoxonPrunerParams>& f) {
  f.add("p_threshold", &WilcoxonPrunerParams::p_threshold, "A trial stops where the test's p value is below this.").min(0).max(1);
  f.add("n_startup_steps", &WilcoxonPrunerParams::n_startup_steps, "Steps in common with the best trial that there must be.").min(0);
}

// The chance that the sum of the ranks of positive differences is at least as high, were both signs alike. Ranks are counted twice, so
// that halves are whole.
double p_value(std::vector<double> differences) {
  const size_t n = differences.size();
  std::sort(differences.begin(), differences.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
  std::vector<size_t> ranks(n);
  double ties = 0, plus = 0, fixed = 0;
  bool tied = false;
  for (size_t begin = 0; begin < n;) {
    size_t end = begin;
    while (end < n && std::abs(differences[end]) == std::abs(differences[begin])) ++end;
    const double t = static_cast<double>(end - begin);
    ties += t * t * t - t;
    tied = tied || end - begin > 1 || differences[begin] == 0;
    for (size_t i = begin; i < end; ++i) {
      ranks[i] = begin + end + 1;
      if (differences[i] == 0) fixed += static_cast<double>(ranks[i]) / 2;
      else if (differences[i] > 0) plus += static_cast<double>(ranks[i]);
    }
    begin = end;
  }
  if (n > (tied ? kExactWithTies : kExact)) {
    const auto m = static_cast<double>(n);
    const double deviation = std::sqrt((m * (m + 1) * (2 * m + 1) - ties / 2) / 24);
    return normal_cdf(-((plus + fixed) / 2 - m * (m + 1) / 4) / deviation);
  }
  // How many choices of signs give each sum.
  std::vector<double> ways(n * (n + 1) + 1, 0.0);
  ways[0] = 1;
  double total = 1;
  for (size_t i = 0; i < n; ++i) {
    if (differences[i] == 0) continue;
    for (size_t sum = ways.size(); sum-- > ranks[i];) ways[sum] += ways[sum - ranks[i]];
    total *= 2;
  }
  double as_high = 0;
  for (auto sum = static_cast<size_t>(plus); sum < ways.size(); ++sum) as_high += ways[sum];
  return as_high / total;
}

double mean_of(const std::vector<std::pair<int64_t, double>>& reports) {
  double sum = 0;
  for (const auto& [step, value] : reports) sum += value;
  return sum / static_cast<double>(reports.size());
}

bool all_finite(const std::vector<std::pair<int64_t, double>>& reports) {
  return std::all_of(reports.begin(), reports.end(), [](const auto& report) { return std::isfinite(report.second); });
}

class WilcoxonPruner final : public Pruner {
 public:
  explicit WilcoxonPruner(WilcoxonPrunerParams params) : params_(params) {}

  bool should_prune(const History& history, TrialRecord& trial, std::string_view) const override {
    if (!history.best()) return false;
    const TrialRecord& best = history.trial(*history.best());
    const auto& reports = trial.intermediate;
    if (reports.empty() || best.intermediate.empty()) return false;
    if (!all_finite(reports) || !all_finite(best.intermediate)) return false;
    const double sign = history.directions()[0] == Direction::Minimize ? 1 : -1;
    std::vector<double> differences;
    auto at = best.intermediate.begin();
    for (const auto& [step, value] : reports) {
      while (at != best.intermediate.end() && at->first < step) ++at;
      if (at != best.intermediate.end() && at->first == step) differences.push_back(sign * (value - at->second));
    }
    if (differences.size() < std::max<size_t>(2, static_cast<size_t>(params_.n_startup_steps))) return false;
    if (sign * mean_of(best.intermediate) >= sign * mean_of(reports)) return false;
    return p_value(std::move(differences)) < params_.p_threshold;
  }

 private:
  WilcoxonPrunerParams params_;
};

}  // namespace

void register_wilcoxon(Catalog<Pruner>& catalog) {
  catalog.add<WilcoxonPruner, WilcoxonPrunerParams>(
      "wilcoxon", "Stops trials that are worse than the best one by a signed-rank test over folds or problems.");
}

}  // namespace kolosal
