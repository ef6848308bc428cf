// A share of what the improvement was at first: of the median of an estimate over the first trials after some to warm up.
//
// Source   Ishibashi et al., AISTATS 2023; the rules of Optuna 5.
// Checked  terminator_test.cc.
#include <algorithm>
#include <limits>

#include "kolosal/tune/terminator.h"

namespace kolosal {
namespace {

struct MedianErrorParams {
  std::string improvement = "expected_regret";
  Value parameters = Value::Object{};
  int warm_up_trials = 10;
  int n_initial_trials = 20;
  double threshold_ratio = 0.01;
};
void describe(Fields<MedianErrorParams>& f) {
  f.add("improvement", &MedianErrorParams::improvement, "Name of the estimate of the improvement.");
  f.add("parameters", &MedianErrorParams::parameters, "Parameters of that estimate.");
  f.add("warm_up_trials", &MedianErrorParams::warm_up_trials, "Complete trials that are left out at the start.").min(0);
  f.add("n_initial_trials", &MedianErrorParams::n_initial_trials, "Complete trials after them, over which the median is taken.").min(1);
  f.add("threshold_ratio", &MedianErrorParams::threshold_ratio, "Share of the median that is the error.").above(0);
}

class MedianError final : public ErrorEstimate {
 public:
  explicit MedianError(const MedianErrorParams& params)
      : params_(params), improvement_(improvement_estimates().make(params.improvement, params.parameters)) {}

  double evaluate(std::span<const TrialRecord> trials, Direction direction) const override {
    std::vector<TrialRecord> complete;
    for (const TrialRecord& trial : trials)
      if (trial.state == TrialState::Complete) complete.push_back(trial);
    const auto warm_up = static_cast<size_t>(params_.warm_up_trials), n = static_cast<size_t>(params_.n_initial_trials);
    if (complete.size() < warm_up + n) return -std::numeric_limits<double>::min();  // below every improvement
    std::vector<double> improvements;
    for (size_t i = 1; i <= n; ++i) improvements.push_back(improvement_->evaluate(std::span(complete).subspan(warm_up, i), direction));
    std::nth_element(improvements.begin(), improvements.begin() + static_cast<ptrdiff_t>(n / 2), improvements.end());
    return std::min(std::numeric_limits<double>::max(), improvements[n / 2] * params_.threshold_ratio);
  }

 private:
  MedianErrorParams params_;
  std::unique_ptr<ImprovementEstimate> improvement_;
};

}  // namespace

void register_median(Catalog<ErrorEstimate>& catalog) {
  catalog.add<MedianError, MedianErrorParams>("median", "A share of what an estimate of the improvement said of the first trials.");
}

}  // namespace kolosal
