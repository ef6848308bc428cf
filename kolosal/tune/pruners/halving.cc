// Asynchronous successive halving: at steps that grow by a factor (rungs) a trial goes on only where it is among the best 1 / factor of
// those that came so far. Hyperband runs several of them with different first rungs, and gives each trial to one by a hash of its number.
//
// Source   Li et al., "A system for massively parallel hyperparameter tuning", MLSys 2020; Li et al., "Hyperband", JMLR 18, 2018; the
//          rules of Optuna 5. As there, samplers learn from the trials of all brackets.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>

#include "kolosal/tune/pruner.h"

namespace kolosal {
namespace {

struct HalvingPrunerParams {
  std::optional<int> min_resource;
  int reduction_factor = 4;
  int min_early_stopping_rate = 0;
  int bootstrap_count = 0;
};
void describe(Fields<HalvingPrunerParams>& f) {
  f.add("min_resource", &HalvingPrunerParams::min_resource,
        "Step of the first rung; null: a hundredth of the steps of the first complete trial.")
      .min(1);
  f.add("reduction_factor", &HalvingPrunerParams::reduction_factor, "One in so many goes on, to a rung at so many times the step.").min(2);
  f.add("min_early_stopping_rate", &HalvingPrunerParams::min_early_stopping_rate, "Rungs that are left out at the start.").min(0).max(40);
  f.add("bootstrap_count", &HalvingPrunerParams::bootstrap_count, "Trials that must have reached a rung before any goes on from there.")
      .min(0);
}

struct HyperbandPrunerParams {
  int min_resource = 1;
  std::optional<int> max_resource;
  int reduction_factor = 3;
  int bootstrap_count = 0;
};
void describe(Fields<HyperbandPrunerParams>& f) {
  f.add("min_resource", &HyperbandPrunerParams::min_resource, "Step of the first rung of the first bracket.").min(1);
  f.add("max_resource", &HyperbandPrunerParams::max_resource, "Steps of a whole trial; null: those of the first complete trial.").min(1);
  f.add("reduction_factor", &HyperbandPrunerParams::reduction_factor, "One in so many goes on, to a rung at so many times the step.")
      .min(2);
  f.add("bootstrap_count", &HyperbandPrunerParams::bootstrap_count, "Trials that must have reached a rung before any goes on from there.")
      .min(0);
}

// The last step of the first complete trial that reported any.
std::optional<int64_t> steps_of_first(const History& history) {
  for (const uint32_t row : history.finished()) {
    const TrialRecord& trial = history.trial(row);
    if (trial.state == TrialState::Complete && !trial.intermediate.empty()) return trial.intermediate.back().first;
  }
  return std::nullopt;
}

struct Rungs {
  double first;  // step of rung 0
  int factor, bootstrap_count;
};

// Takes the trial over the rungs it has reached, among the trials that `competes` holds for; whether it must stop at one.
bool stops_at_rung(const History& history, TrialRecord& trial, const Rungs& rungs, const std::function<bool(int64_t number)>& competes) {
  if (trial.intermediate.empty()) return false;
  const auto [step, value] = trial.intermediate.back();
  const double sign = history.directions()[0] == Direction::Minimize ? 1 : -1;
  for (;;) {
    const size_t rung = trial.rungs.size();
    if (static_cast<double>(step) < rungs.first * std::pow(rungs.factor, static_cast<double>(rung))) return false;
    if (std::isnan(value)) return true;
    trial.rungs.push_back(value);
    std::vector<double> losses = {sign * value};
    for (size_t row = 0; row < history.n_trials(); ++row) {
      const TrialRecord& other = history.trial(row);
      if (other.number != trial.number && other.rungs.size() > rung && competes(other.number)) losses.push_back(sign * other.rungs[rung]);
    }
    if (losses.size() <= static_cast<size_t>(rungs.bootstrap_count)) return true;
    // Of the first few the best goes on.
    const size_t last = std::max<size_t>(losses.size() / static_cast<size_t>(rungs.factor), 1) - 1;
    std::nth_element(losses.begin(), losses.begin() + static_cast<ptrdiff_t>(last), losses.end());
    if (sign * value > losses[last]) return true;
  }
}

class HalvingPruner final : public Pruner {
 public:
  explicit HalvingPruner(HalvingPrunerParams params) : params_(params) {}

  bool should_prune(const History& history, TrialRecord& trial, std::string_view) const override {
    std::optional<int64_t> least = params_.min_resource;
    if (!least)
      if (const auto steps = steps_of_first(history)) least = std::max<int64_t>(*steps / 100, 1);
    if (!least) return false;
    const double first = static_cast<double>(*least) * std::pow(params_.reduction_factor, params_.min_early_stopping_rate);
    return stops_at_rung(history, trial, {first, params_.reduction_factor, params_.bootstrap_count}, [](int64_t) { return true; });
  }

 private:
  HalvingPrunerParams params_;
};

// CRC-32 of zip files, bit by bit.
uint32_t crc32(std::string_view text) noexcept {
  uint32_t crc = ~0U;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xEDB88320U & (0U - (crc & 1U)));
  }
  return ~crc;
}

class HyperbandPruner final : public Pruner {
 public:
  explicit HyperbandPruner(HyperbandPrunerParams params) : params_(params) {
    if (params_.max_resource && *params_.max_resource < params_.min_resource)
      throw Error(ErrorCode::BadValue, "hyperband.max_resource is " + std::to_string(*params_.max_resource) + ", below min_resource (" +
                                           std::to_string(params_.min_resource) + ")");
  }

  bool should_prune(const History& history, TrialRecord& trial, std::string_view study_name) const override {
    std::optional<int64_t> most = params_.max_resource;
    if (!most)
      if (const auto steps = steps_of_first(history)) most = *steps + 1;
    if (!most) return false;
    const double factor = params_.reduction_factor;
    const double ratio = std::max(1.0, static_cast<double>(*most) / params_.min_resource);
    const auto n_brackets = static_cast<size_t>(std::log(ratio) / std::log(factor)) + 1;
    std::vector<uint32_t> shares(n_brackets);
    for (size_t bracket = 0; bracket < n_brackets; ++bracket) {
      const auto s = static_cast<double>(n_brackets - 1 - bracket);
      shares[bracket] = static_cast<uint32_t>(std::ceil(static_cast<double>(n_brackets) * std::pow(factor, s) / (s + 1)));
    }
    const uint32_t total = std::accumulate(shares.begin(), shares.end(), 0U);
    const auto bracket_of = [&](int64_t number) {
      uint32_t rest = crc32(std::string(study_name) + "_" + std::to_string(number)) % total;
      size_t bracket = 0;
      while (rest >= shares[bracket]) rest -= shares[bracket++];
      return bracket;
    };
    const size_t bracket = bracket_of(trial.number);
    const double first = params_.min_resource * std::pow(factor, static_cast<double>(bracket));
    return stops_at_rung(history, trial, {first, params_.reduction_factor, params_.bootstrap_count},
                         [&](int64_t number) { return bracket_of(number) == bracket; });
  }

 private:
  HyperbandPrunerParams params_;
};

}  // namespace

void register_halving(Catalog<Pruner>& catalog) {
  catalog.add<HalvingPruner, HalvingPrunerParams>("successive_halving",
                                                  "Asynchronous successive halving: one in so many goes on at each rung.", {"asha"});
  catalog.add<HyperbandPruner, HyperbandPrunerParams>("hyperband", "Several successive halvings with different first rungs.");
}

}  // namespace kolosal
