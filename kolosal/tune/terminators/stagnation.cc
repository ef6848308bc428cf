// How many more complete trials may pass without a better one.
#include "kolosal/tune/terminator.h"

namespace kolosal {
namespace {

struct StagnationParams {
  int64_t max_stagnation_trials = 30;
};
void describe(Fields<StagnationParams>& f) {
  f.add("max_stagnation_trials", &StagnationParams::max_stagnation_trials, "Complete trials in a row that may bring nothing better.")
      .min(0);
}

class Stagnation final : public ImprovementEstimate {
 public:
  explicit Stagnation(StagnationParams params) : params_(params) {}

  double evaluate(std::span<const TrialRecord> trials, Direction direction) const override {
    const int64_t best = best_complete(trials, direction).number;
    int64_t since = 0;
    for (const TrialRecord& trial : trials)
      if (trial.state == TrialState::Complete && trial.number > best) ++since;
    return static_cast<double>(params_.max_stagnation_trials - since);
  }

 private:
  StagnationParams params_;
};

}  // namespace

void register_stagnation(Catalog<ImprovementEstimate>& catalog) {
  catalog.add<Stagnation, StagnationParams>("best_value_stagnation",
                                            "How many more trials may bring nothing better; it falls below 0 where there were too many.");
}

}  // namespace kolosal
