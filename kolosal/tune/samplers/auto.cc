// The sampler that chooses another for each trial, by the space, the number of trials and what they have shown, and says why.
//
// Rules    Several objectives: TPE. Parameters that only some trials have, whose range changes, or more than 50: TPE, which draws such in
// groups. Else a Gaussian
//          process for the first 250 complete trials; then CMA-ES, which begins with the best tenth of them, where all parameters are
//          numbers and there are no constraints, TPE otherwise. A trial's system attribute "auto:sampler" has the choice and the reason.
// Checked  auto_test.cc; quality against Optuna's default in benchmarks/tuner.py.
#include <array>

#include "kolosal/tune/sampler.h"

namespace kolosal {
namespace {

constexpr int kProcessTrials = 250;  // beyond, the process costs more than it tells
constexpr size_t kProcessDimensions = 50;

struct AutoSamplerParams {
  int64_t seed = 0;
};
void describe(Fields<AutoSamplerParams>& f) { f.add("seed", &AutoSamplerParams::seed, "Which random numbers are drawn."); }

enum Choice : size_t { kTpe, kProcess, kCma, kChoices };

class AutoCache final : public SamplerCache {
 public:
  std::array<std::unique_ptr<SamplerCache>, kChoices> of;
  size_t n_seen = 0;
  int n_complete = 0;
  bool has_constraints = false;
};

class AutoProposal final : public Proposal {
 public:
  AutoProposal(std::unique_ptr<Proposal> chosen, std::string note) : chosen_(std::move(chosen)), note_(std::move(note)) {}
  double value(uint32_t parameter, const Distribution& distribution) override { return chosen_->value(parameter, distribution); }
  std::span<const std::pair<uint32_t, double>> planned() const override { return chosen_->planned(); }
  int generation() const override { return chosen_->generation(); }
  std::string note() const override { return note_; }

 private:
  std::unique_ptr<Proposal> chosen_;
  std::string note_;
};

class AutoSampler final : public Sampler {
 public:
  explicit AutoSampler(AutoSamplerParams params) {
    const auto make = [&](const char* name, Value::Object given) {
      given.emplace_back("seed", params.seed);
      return samplers().make(name, given);
    };
    of_[kTpe] = make("tpe", {{"multivariate", true}, {"group", true}});
    of_[kProcess] = make("gp", {});
    of_[kCma] = make("cmaes", {{"n_startup_trials", kProcessTrials}, {"warm_start", true}});
  }

  std::unique_ptr<Proposal> propose(const History& history, const TrialRecord& trial, int attempt, SamplerCache* cache) const override {
    auto& kept = static_cast<AutoCache&>(*cache);
    for (; kept.n_seen < history.finished().size(); ++kept.n_seen) {
      const TrialRecord& seen = history.trial(history.finished()[kept.n_seen]);
      if (seen.state == TrialState::Complete) ++kept.n_complete;
      kept.has_constraints = kept.has_constraints || !seen.constraints.empty();
    }
    const auto [choice, note] = choose(history, kept);
    return std::make_unique<AutoProposal>(of_[choice]->propose(history, trial, attempt, kept.of[choice].get()), note);
  }

  std::unique_ptr<SamplerCache> make_cache() const override {
    auto made = std::make_unique<AutoCache>();
    for (size_t i = 0; i < kChoices; ++i) made->of[i] = of_[i]->make_cache();
    return made;
  }

 private:
  static std::pair<Choice, std::string> choose(const History& history, const AutoCache& cache) {
    if (history.directions().size() > 1) return {kTpe, "tpe: there are several objectives"};
    bool has_choices = false;
    size_t n_varied = 0, n_groups = 0;
    for (const Subspace& group : history.groups()) {
      size_t n = 0;
      for (const auto& [parameter, distribution] : group) {
        if (distribution->is_single()) continue;
        ++n;
        has_choices = has_choices || distribution->is_unordered();
      }
      n_varied += n;
      n_groups += n > 0 ? 1 : 0;
    }
    if (n_groups > 1) return {kTpe, "tpe: some parameters are not in every trial"};
    if (history.intersection().size() < n_varied) return {kTpe, "tpe: some parameters have not one range in all trials"};
    if (n_varied > kProcessDimensions) return {kTpe, "tpe: there are more than 50 parameters"};
    if (cache.n_complete < kProcessTrials) return {kProcess, "gp: there are fewer than 250 complete trials"};
    if (has_choices) return {kTpe, "tpe: there are 250 complete trials, and choices among the parameters"};
    if (cache.has_constraints) return {kTpe, "tpe: there are 250 complete trials, and constraints"};
    return {kCma, "cmaes: there are 250 complete trials"};
  }

  std::array<std::unique_ptr<Sampler>, kChoices> of_;
};

}  // namespace

void register_auto(Catalog<Sampler>& catalog) {
  catalog.add<AutoSampler, AutoSamplerParams>("auto", "Chooses another sampler for each trial, and says why.");
}

}  // namespace kolosal
