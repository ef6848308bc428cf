// The brute-force sampler: every combination of values that the objective's questions lead to, once.
//
// The trials before are paths through a tree: a node is the next parameter that is asked for, an edge one of its values. A value is drawn
// among those behind which something untried is known, each as likely as there is. Parameters have finitely many values; which there are
// may depend on the values before.
//
// What a declared space forbids is no end: behind a value there is something untried where some allowed combination begins with it.
//
// Cost     O(trials x parameters) for each value; where combinations are forbidden also all values of each node met, and for each a search
//          for an allowed combination that begins with it.
// Source   Optuna's BruteForceSampler has the same rules.
// Checked  brute_force_test.cc, python/tests/test_tune_optuna.py beside Optuna.
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <vector>

#include "kolosal/base/random.h"
#include "kolosal/tune/sampler.h"

namespace kolosal {
namespace {

struct BruteForceSamplerParams {
  int64_t seed = 0;
  bool avoid_premature_stop = false;
};
void describe(Fields<BruteForceSamplerParams>& f) {
  f.add("seed", &BruteForceSamplerParams::seed, "The order in which combinations are tried.");
  f.add("avoid_premature_stop", &BruteForceSamplerParams::avoid_premature_stop,
        "Whether what a running trial tries counts as untried until the trial has ended.");
}

using Prefix = std::map<uint32_t, double>;  // values by parameter

struct Node {
  std::shared_ptr<const Distribution> distribution;  // of the parameter that is asked for here; none: it is not known
  uint32_t parameter = 0;
  bool is_end = false, is_running = false;  // whether a trial ended here, and whether one may yet go on
  std::map<uint64_t, Node> children;        // those tried, by the place of the value

  /// How many untried ends are known to lie here or below.
  uint64_t n_open(bool counts_running) const {
    if (!distribution) return is_end || (is_running && !counts_running) ? 0 : 1;
    uint64_t n = static_cast<uint64_t>(distribution->n_values()) - children.size();
    for (const auto& [place, child] : children) n += child.n_open(counts_running);
    return n;
  }
};

uint64_t n_values_of(const std::string& name, const Distribution& distribution) {
  const double n = distribution.n_values();
  if (!std::isfinite(n))
    throw Error(ErrorCode::BadValue, "parameter '" + name + "': " + distribution.allowed() + " has no end of values to try",
                "Give it a step, or use another sampler than brute_force.");
  return static_cast<uint64_t>(n);
}

uint64_t place_of(const Distribution& distribution, double inside) {
  return distribution.is_single() ? 0 : static_cast<uint64_t>(std::llround((inside - distribution.low) / distribution.step));
}

double value_at(const Distribution& distribution, double place) {
  return std::min(distribution.high, distribution.low + place * distribution.step);
}

bool begins_with(const TrialRecord& trial, const Prefix& prefix) {
  const auto has = [&](const auto& wanted) {
    const auto found = std::ranges::find(trial.parameters, wanted.first, &TrialParameter::parameter);
    return found != trial.parameters.end() && found->value == wanted.second;
  };
  return trial.parameters.size() >= prefix.size() && std::ranges::all_of(prefix, has);
}

// Adds the way that a trial took after the prefix, without parameters that have one value only. One that asked for another parameter where
// the tree has one is left out.
void add_path(Node& root, const TrialRecord& trial, const Prefix& prefix) {
  Node* node = &root;
  for (const TrialParameter& had : trial.parameters) {
    if (prefix.contains(had.parameter) || had.distribution->is_single()) continue;
    if (!std::isfinite(had.distribution->n_values())) return;
    if (!node->distribution) {
      node->distribution = had.distribution;
      node->parameter = had.parameter;
    }
    if (node->parameter != had.parameter || !node->distribution->contains(had.value)) return;
    node = &node->children[place_of(*node->distribution, had.value)];
  }
  if (trial.is_finished()) node->is_end = true;
  else if (node != &root) node->is_running = true;
}

void add_trials(Node& root, const History& history, const Prefix& prefix, int64_t but) {
  for (size_t row = 0; row < history.n_trials(); ++row) {
    const TrialRecord& trial = history.trial(row);
    if (trial.number != but && trial.state != TrialState::Waiting && begins_with(trial, prefix)) add_path(root, trial, prefix);
  }
}

// Whether an allowed combination begins with the values, of which those of the parameters before `next` are given.
bool leads_on(const SearchSpace& space, std::vector<std::optional<double>>& values, size_t next) {
  if (space.is_forbidden(values)) return false;
  while (next < values.size() && !space.is_active(next, values)) ++next;
  if (next == values.size()) return true;
  const Distribution& distribution = space.parameters()[next].distribution;
  const double n = distribution.n_values();
  if (!std::isfinite(n)) return true;  // which is refused where it is asked for
  bool found = false;
  for (double place = 0; place < n && !found; ++place) {
    values[next] = value_at(distribution, place);
    found = leads_on(space, values, next + 1);
  }
  values[next].reset();
  return found;
}

// Makes ends of the values behind which all is forbidden. `values` are those on the way to the node.
void close_forbidden(Node& node, const RestrictedSpace& restricted, std::vector<std::optional<double>>& values) {
  if (!node.distribution) return;
  const auto known = std::ranges::find(restricted.parameters, node.parameter);
  if (known == restricted.parameters.end()) return;
  const auto at = static_cast<size_t>(known - restricted.parameters.begin());
  const auto n = static_cast<uint64_t>(node.distribution->n_values());
  for (uint64_t place = 0; place < n; ++place) {
    values[at] = value_at(*node.distribution, static_cast<double>(place));
    const auto tried = node.children.find(place);
    if (tried != node.children.end()) close_forbidden(tried->second, restricted, values);
    else if (!leads_on(restricted.space, values, at + 1)) node.children[place].is_end = true;
  }
  values[at].reset();
}

void close_forbidden(Node& root, const History& history, const Prefix& prefix) {
  const RestrictedSpace* restricted = history.restricted();
  if (restricted == nullptr) return;
  std::vector<std::optional<double>> values(restricted->parameters.size());
  for (size_t i = 0; i < values.size() && restricted->parameters[i] != root.parameter; ++i) {
    const Distribution& distribution = restricted->space.parameters()[i].distribution;
    if (const auto given = prefix.find(restricted->parameters[i]); given != prefix.end()) values[i] = given->second;
    else if (distribution.is_single() && restricted->space.is_active(i, values)) values[i] = distribution.low;  // which is never asked for
  }
  close_forbidden(root, *restricted, values);
}

class BruteForceProposal final : public Proposal {
 public:
  BruteForceProposal(const History& history, int64_t number, uint64_t seed, bool counts_running)
      : history_(history), number_(number), seed_(seed), counts_running_(counts_running) {}

  double value(uint32_t parameter, const Distribution& distribution) override {
    if (const auto had = given_.find(parameter); had != given_.end() && distribution.contains(had->second)) return had->second;
    const uint64_t n = n_values_of(history_.parameters()[parameter].name, distribution);
    const uint64_t place = drawn(parameter, distribution, n);
    return given_[parameter] = value_at(distribution, static_cast<double>(place));
  }

 private:
  uint64_t drawn(uint32_t parameter, const Distribution& distribution, uint64_t n) const {
    Prefix prefix = given_;
    for (const TrialParameter& had : history_.trial(static_cast<size_t>(number_)).parameters) prefix[had.parameter] = had.value;
    prefix.erase(parameter);
    Node root;
    root.distribution = std::make_shared<const Distribution>(distribution);
    root.parameter = parameter;
    add_trials(root, history_, prefix, number_);
    close_forbidden(root, history_, prefix);
    const double u = RandomStream(seed_, "parameter", parameter).uniform();
    const uint64_t n_open = root.n_open(counts_running_);
    if (n_open == 0) return static_cast<uint64_t>(u * static_cast<double>(n));
    auto rest = static_cast<uint64_t>(u * static_cast<double>(n_open));
    uint64_t at = 0;
    for (const auto& [place, child] : root.children) {
      if (rest < place - at) return at + rest;
      rest -= place - at;
      const uint64_t below = child.n_open(counts_running_);
      if (rest < below) return place;
      rest -= below;
      at = place + 1;
    }
    return at + rest;
  }

  const History& history_;
  int64_t number_;
  uint64_t seed_;
  bool counts_running_;
  Prefix given_;
};

class BruteForceSampler final : public Sampler {
 public:
  explicit BruteForceSampler(BruteForceSamplerParams params) : params_(params) {}

  std::unique_ptr<Proposal> propose(const History& history, const TrialRecord& trial, int attempt, SamplerCache*) const override {
    const uint64_t seed = derive_seed(static_cast<uint64_t>(params_.seed), "brute force", static_cast<uint64_t>(trial.number));
    return std::make_unique<BruteForceProposal>(history, trial.number, derive_seed(seed, "attempt", static_cast<uint64_t>(attempt)),
                                                params_.avoid_premature_stop);
  }

  bool is_exhausted(const History& history) const override {
    Node root;
    add_trials(root, history, {}, -1);
    close_forbidden(root, history, {});
    return root.n_open(params_.avoid_premature_stop) == 0;
  }

 private:
  BruteForceSamplerParams params_;
};

}  // namespace

void register_brute_force(Catalog<Sampler>& catalog) {
  catalog.add<BruteForceSampler, BruteForceSamplerParams>("brute_force", "Every combination that the objective's questions lead to, once.");
}

}  // namespace kolosal
