// The threshold pruner stops a trial whose report is not a number or lies outside of given bounds.
#include <cmath>
#include <limits>
#include <optional>

#include "kolosal/tune/pruner.h"

namespace kolosal {
namespace {

struct ThresholdPrunerParams {
  std::optional<double> lower, upper;
  int n_warmup_steps = 0;
  int interval_steps = 1;
};
void describe(Fields<ThresholdPrunerParams>& f) {
  f.add("lower", &ThresholdPrunerParams::lower, "Reports below this stop a trial; null: none does.");
  f.add("upper", &ThresholdPrunerParams::upper, "Reports above this stop a trial; null: none does.");
  f.add("n_warmup_steps", &ThresholdPrunerParams::n_warmup_steps, "Step before which none is stopped.").min(0);
  f.add("interval_steps", &ThresholdPrunerParams::interval_steps, "Steps between two looks.").min(1);
}

class ThresholdPruner final : public Pruner {
 public:
  explicit ThresholdPruner(ThresholdPrunerParams params) : params_(params) {
    if (!params_.lower && !params_.upper)
      throw Error(ErrorCode::BadValue, "threshold: lower and upper are both missing", "Give one of them.");
    if (params_.lower && params_.upper && *params_.lower > *params_.upper)
      throw Error(ErrorCode::BadValue, "threshold.lower is above upper");
  }

  bool should_prune(const History&, TrialRecord& trial, std::string_view) const override {
    if (!is_first_report_of_interval(trial, params_.n_warmup_steps, params_.interval_steps)) return false;
    const double value = trial.intermediate.back().second;
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    return std::isnan(value) || value < params_.lower.value_or(-kInfinity) || value > params_.upper.value_or(kInfinity);
  }

 private:
  ThresholdPrunerParams params_;
};

}  // namespace

void register_threshold(Catalog<Pruner>& catalog) {
  catalog.add<ThresholdPruner, ThresholdPrunerParams>("threshold", "Stops trials whose reports leave given bounds.");
}

}  // namespace kolosal
