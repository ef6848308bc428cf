#include "kolosal/tune/samplers/genetic.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

constexpr double kIndex = 20;           // of mutation: higher keeps children nearer to their parents
constexpr int kForbiddenAttempts = 20;  // proposals that met forbidden combinations before they are uniform

class GeneticCache final : public SamplerCache {
 public:
  // Takes in what has ended since.
  void update(const History& history, size_t population_size, const Survivors& survivors, uint64_t seed) {
    for (; n_seen_ < history.finished().size(); ++n_seen_) {
      const TrialRecord& trial = history.trial(history.finished()[n_seen_]);
      if (trial.state != TrialState::Complete || trial.generation != generation) continue;
      children_.push_back(static_cast<uint32_t>(trial.number));
      if (children_.size() < population_size) continue;
      for (const Member& parent : parents) children_.push_back(parent.row);
      parents = survivors(history, children_, population_size, derive_seed(seed, "survivors", static_cast<uint64_t>(generation)));
      children_.clear();
      ++generation;
    }
  }

  int generation = 0;           // of the trials to come
  std::vector<Member> parents;  // theirs, best first

 private:
  std::vector<uint32_t> children_;
  size_t n_seen_ = 0;
};

// x moved a little within [low, high].
double mutated(double x, double low, double high, double u) {
  const double range = high - low, power = kIndex + 1;
  const double wall = u < 0.5 ? (x - low) / range : (high - x) / range, share = u < 0.5 ? 2 * u : 2 * (1 - u);
  const double moved = 1 - std::pow(share + (1 - share) * std::pow(1 - wall, power), 1 / power);
  return std::clamp(x + (u < 0.5 ? -moved : moved) * range, low, high);
}

class GeneticProposal final : public Proposal {
 public:
  GeneticProposal(const GeneticParams& params, const Crossover& crossover, const History& history, uint64_t key, const GeneticCache& cache)
      : params_(params), crossover_(crossover), history_(history), key_(key), generation_(cache.generation) {
    RandomStream stream(key, "parents");
    const auto winner = [&]() {
      const Member &a = cache.parents[stream.below(cache.parents.size())], &b = cache.parents[stream.below(cache.parents.size())];
      return b < a ? b.row : a.row;
    };
    first_ = second_ = winner();
    if (stream.uniform() >= params.crossover_prob) return;
    for (int i = 0; i < 10 && second_ == first_; ++i) second_ = winner();
    if (!crossover_.is_joint() || second_ == first_) return;
    uint32_t third = winner();
    for (int i = 0; i < 10 && (third == first_ || third == second_); ++i) third = winner();
    cross({first_, second_, third}, stream);
  }

  double value(uint32_t parameter, const Distribution& distribution) override {
    RandomStream stream(key_, "parameter", parameter);
    const double low = distribution.scaled_low(), high = distribution.scaled_high();
    std::optional<double> a = place_of(first_, parameter, low, high), b = place_of(second_, parameter, low, high);
    if (!a && !b) return distribution.at_share(stream.uniform());
    if (!a || !b) a = b = a ? a : b;
    const bool is_choice = distribution.is_unordered(), swaps = stream.uniform() < params_.swapping_prob;
    const size_t n_parameters = std::max<size_t>(history_.trial(first_).parameters.size(), 1);
    const bool mutates = stream.uniform() < params_.mutation_prob.value_or(1 / static_cast<double>(n_parameters));
    if (is_choice) return mutates ? distribution.at_share(stream.uniform()) : swaps ? *b : *a;
    double place = *a;
    const auto crossed = std::find_if(crossed_.begin(), crossed_.end(), [&](const auto& one) { return one.first == parameter; });
    if (crossed != crossed_.end()) place = std::clamp(crossed->second, low, high);
    else if (first_ != second_) place = numbers_alone().number(*a, *b, low, high, swaps, stream);
    if (mutates) place = mutated(place, low, high, stream.uniform());
    return distribution.at_place(place);
  }

  int generation() const override { return generation_; }

 private:
  // Crosses together the numbers that three parents have within the latest ranges.
  void cross(const std::array<uint32_t, 3>& parents, RandomStream& stream) {
    std::vector<uint32_t> shared;
    std::array<std::vector<double>, 3> points;
    for (const TrialParameter& had : history_.trial(first_).parameters) {
      const Distribution& latest = *history_.parameters()[had.parameter].latest;
      if (latest.is_unordered() || latest.is_single()) continue;
      const double low = latest.scaled_low(), high = latest.scaled_high();
      std::array<std::optional<double>, 3> places;
      for (size_t k = 0; k < 3; ++k) places[k] = place_of(parents[k], had.parameter, low, high);
      if (!places[0] || !places[1] || !places[2]) continue;
      shared.push_back(had.parameter);
      for (size_t k = 0; k < 3; ++k) points[k].push_back((*places[k] - low) / (high - low));
    }
    if (shared.empty()) return;
    const std::vector<double> child = crossover_.point(points, stream);
    for (size_t i = 0; i < shared.size(); ++i) {
      const Distribution& latest = *history_.parameters()[shared[i]].latest;
      const double low = latest.scaled_low(), high = latest.scaled_high();
      crossed_.emplace_back(shared[i], low + child[i] * (high - low));
    }
  }

  // What crosses a number that not all parents have.
  Crossover numbers_alone() const { return crossover_.is_joint() ? Crossover{} : crossover_; }

  std::optional<double> place_of(uint32_t row, uint32_t parameter, double low, double high) const {
    const std::vector<double>& places = history_.parameters()[parameter].places;
    if (row >= places.size() || !(places[row] >= low && places[row] <= high)) return std::nullopt;
    return places[row];
  }

  const GeneticParams& params_;
  const Crossover& crossover_;
  const History& history_;
  uint64_t key_;
  int generation_;
  uint32_t first_ = 0, second_ = 0;
  std::vector<std::pair<uint32_t, double>> crossed_;  // places of numbers that were crossed together
};

}  // namespace

Feasibility feasibility_of(const History& history, const std::vector<uint32_t>& rows) {
  Feasibility split;
  for (const uint32_t row : rows) (history.trial(row).violation() > 0 ? split.infeasible : split.feasible).push_back(row);
  std::stable_sort(split.infeasible.begin(), split.infeasible.end(),
                   [&](uint32_t a, uint32_t b) { return history.trial(a).violation() < history.trial(b).violation(); });
  return split;
}

std::vector<Member> with_infeasible(std::vector<Member> members, const Feasibility& rows, size_t n) {
  for (size_t i = 0; i < rows.infeasible.size(); ++i) members.push_back({rows.infeasible[i], rows.feasible.size() + i, 0});
  std::stable_sort(members.begin(), members.end());
  if (members.size() > n) members.erase(members.begin() + static_cast<ptrdiff_t>(n), members.end());
  return members;
}

std::unique_ptr<Proposal> GeneticSampler::propose(const History& history, const TrialRecord& trial, int attempt,
                                                  SamplerCache* cache) const {
  auto& kept = static_cast<GeneticCache&>(*cache);
  const auto seed = static_cast<uint64_t>(params_.seed);
  kept.update(history, static_cast<size_t>(params_.population_size), survivors_, seed);
  if (kept.generation == 0 && attempt == 0) return propose_sobol(seed, static_cast<uint64_t>(trial.number));
  if (kept.generation == 0 || attempt > kForbiddenAttempts) return propose_uniform(history, seed, trial.number, attempt);
  const uint64_t key =
      derive_seed(derive_seed(seed, "nsga2", static_cast<uint64_t>(trial.number)), "attempt", static_cast<uint64_t>(attempt));
  return std::make_unique<GeneticProposal>(params_, crossover_, history, key, kept);
}

std::unique_ptr<SamplerCache> GeneticSampler::make_cache() const { return std::make_unique<GeneticCache>(); }

}  // namespace kolosal
