#include "kolosal/tune/samplers/genetic.h"

#include <algorithm>
#include <cmath>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

constexpr double kIndex = 20;           // of crossover and mutation: higher keeps children nearer to their parents
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

// One of the two children of a and b, each in [low, high]: near the lower one, or its mirror image near the upper.
double crossed(double a, double b, double low, double high, double u, bool upper) {
  const double left = std::min(a, b), right = std::max(a, b), gap = right - left;
  if (gap < 1e-14 * (high - low)) return a;
  const double wall = upper ? high - right : left - low;
  const double alpha = 2 - std::pow(1 + 2 * wall / gap, -(kIndex + 1));
  const double beta = u <= 1 / alpha ? std::pow(u * alpha, 1 / (kIndex + 1)) : std::pow(1 / (2 - u * alpha), 1 / (kIndex + 1));
  return std::clamp(0.5 * (left + right + (upper ? beta : -beta) * gap), low, high);
}

// x moved a little within [low, high].
double mutated(double x, double low, double high, double u) {
  const double range = high - low, power = kIndex + 1;
  const double wall = u < 0.5 ? (x - low) / range : (high - x) / range, share = u < 0.5 ? 2 * u : 2 * (1 - u);
  const double moved = 1 - std::pow(share + (1 - share) * std::pow(1 - wall, power), 1 / power);
  return std::clamp(x + (u < 0.5 ? -moved : moved) * range, low, high);
}

class GeneticProposal final : public Proposal {
 public:
  GeneticProposal(const GeneticParams& params, const History& history, uint64_t key, const GeneticCache& cache)
      : params_(params), history_(history), key_(key), generation_(cache.generation) {
    RandomStream stream(key, "parents");
    const auto winner = [&]() {
      const Member &a = cache.parents[stream.below(cache.parents.size())], &b = cache.parents[stream.below(cache.parents.size())];
      return b < a ? b.row : a.row;
    };
    first_ = second_ = winner();
    if (stream.uniform() >= params.crossover_prob) return;
    for (int i = 0; i < 10 && second_ == first_; ++i) second_ = winner();
  }

  double value(uint32_t parameter, const Distribution& distribution) override {
    RandomStream stream(key_, "parameter", parameter);
    const double low = distribution.scaled_low(), high = distribution.scaled_high();
    std::optional<double> a = place_of(first_, parameter, low, high), b = place_of(second_, parameter, low, high);
    if (!a && !b) return distribution.at_share(stream.uniform());
    if (!a || !b) a = b = a ? a : b;
    const bool is_choice = distribution.kind == ParameterKind::Categorical, swaps = stream.uniform() < params_.swapping_prob;
    const size_t n_parameters = std::max<size_t>(history_.trial(first_).parameters.size(), 1);
    const bool mutates = stream.uniform() < params_.mutation_prob.value_or(1 / static_cast<double>(n_parameters));
    if (is_choice) return mutates ? distribution.at_share(stream.uniform()) : swaps ? *b : *a;
    double place = *a;
    if (first_ != second_) place = crossed(*a, *b, low, high, stream.uniform(), swaps == (*a < *b));
    if (mutates) place = mutated(place, low, high, stream.uniform());
    return distribution.at_place(place);
  }

  int generation() const override { return generation_; }

 private:
  std::optional<double> place_of(uint32_t row, uint32_t parameter, double low, double high) const {
    const std::vector<double>& places = history_.parameters()[parameter].places;
    if (row >= places.size() || !(places[row] >= low && places[row] <= high)) return std::nullopt;
    return places[row];
  }

  const GeneticParams& params_;
  const History& history_;
  uint64_t key_;
  int generation_;
  uint32_t first_ = 0, second_ = 0;
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
  return std::make_unique<GeneticProposal>(params_, history, key, kept);
}

std::unique_ptr<SamplerCache> GeneticSampler::make_cache() const { return std::make_unique<GeneticCache>(); }

}  // namespace kolosal
