// The patient pruner asks another pruner only where a trial has not got better for some reports; without another it stops it then.
#include <cmath>

#include "kolosal/tune/pruner.h"

namespace kolosal {
namespace {

struct PatientPrunerParams {
  std::string pruner;
  Value parameters = Value::Object{};
  int patience = 1;
  double min_delta = 0;
};
void describe(Fields<PatientPrunerParams>& f) {
  f.add("pruner", &PatientPrunerParams::pruner, "Name of the pruner that is asked; empty: none, the trial stops.");
  f.add("parameters", &PatientPrunerParams::parameters, "Parameters of that pruner.");
  f.add("patience", &PatientPrunerParams::patience, "Reports that may bring nothing better.").min(0);
  f.add("min_delta", &PatientPrunerParams::min_delta, "How much worse the latest reports must be than those before.").min(0);
}

class PatientPruner final : public Pruner {
 public:
  explicit PatientPruner(PatientPrunerParams params) : params_(std::move(params)) {
    if (!params_.pruner.empty()) inner_ = pruners().make(params_.pruner, params_.parameters);
  }

  bool should_prune(const History& history, TrialRecord& trial, std::string_view study_name) const override {
    const auto& reports = trial.intermediate;
    const size_t n_late = static_cast<size_t>(params_.patience) + 1;
    if (reports.size() <= n_late) return false;
    const double sign = history.directions()[0] == Direction::Minimize ? 1 : -1;
    double early = std::nan(""), late = std::nan("");
    for (size_t i = 0; i < reports.size(); ++i) {
      double& least = i + n_late < reports.size() ? early : late;
      least = std::fmin(least, sign * reports[i].second);
    }
    if (!(early + params_.min_delta < late)) return false;
    return inner_ ? inner_->should_prune(history, trial, study_name) : true;
  }

 private:
  PatientPrunerParams params_;
  std::unique_ptr<Pruner> inner_;
};

}  // namespace

void register_patient(Catalog<Pruner>& catalog) {
  catalog.add<PatientPruner, PatientPrunerParams>("patient", "Asks another pruner once a trial has not got better for some reports.");
}

}  // namespace kolosal
