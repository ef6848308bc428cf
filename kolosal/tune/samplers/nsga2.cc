// NSGA-II, a genetic algorithm for one or more objectives: generations of `population_size` trials, of which the best by layers of
// domination, and within a layer those with most room around them, become parents of the next.
//
// Rules    Parents win tournaments of two. Numbers are crossed by simulated binary crossover (index 20) and mutated by polynomials (index
//          20) in the scale of the parameter; choices are swapped and drawn anew. Generation 0 is a Sobol sequence. A generation's members
//          are its first complete trials, in the order in which they ended; trials without values, and later ones, are passed over.
//          Trials whose constraints fail come after all others, by violation.
// Cost     O(population_size^2) for a generation, O(1) for a parameter.
// Source   Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE TEVC 6(2), 2002.
// Checked  study_test.cc.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "kolosal/base/random.h"
#include "kolosal/tune/pareto.h"
#include "kolosal/tune/sampler.h"

namespace kolosal {
namespace {

constexpr double kIndex = 20;           // of crossover and mutation: higher keeps children nearer to their parents
constexpr int kForbiddenAttempts = 20;  // proposals that met forbidden combinations before they are uniform

struct NsgaSamplerParams {
  int64_t seed = 0;
  int population_size = 50;
  std::optional<double> mutation_prob;
  double crossover_prob = 0.9;
  double swapping_prob = 0.5;
};
void describe(Fields<NsgaSamplerParams>& f) {
  f.add("seed", &NsgaSamplerParams::seed, "Which random numbers are drawn.");
  f.add("population_size", &NsgaSamplerParams::population_size, "Trials of a generation.").min(2);
  f.add("mutation_prob", &NsgaSamplerParams::mutation_prob, "Chance that a parameter is mutated; null: one over their number.")
      .min(0)
      .max(1);
  f.add("crossover_prob", &NsgaSamplerParams::crossover_prob, "Chance that a child has two parents.").min(0).max(1);
  f.add("swapping_prob", &NsgaSamplerParams::swapping_prob, "Chance that a parameter comes from the second parent's side.").min(0).max(1);
}

// A member of a population: its row, the layer it is in, and the room around it there.
struct Member {
  uint32_t row;
  size_t rank;
  double room;
  bool operator<(const Member& other) const noexcept { return rank != other.rank ? rank < other.rank : room > other.room; }
};

// Distances of the neighbours of each row of a layer, in shares of the layer's extent, summed over losses; infinity at the ends.
std::vector<double> room_in(const Losses& losses) {
  std::vector<double> room(losses.size(), 0.0);
  std::vector<size_t> order(losses.size());
  for (size_t k = 0; k < losses.front().size(); ++k) {
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return losses[a][k] < losses[b][k]; });
    const double extent = losses[order.back()][k] - losses[order.front()][k];
    if (!(extent > 0)) continue;
    room[order.front()] = room[order.back()] = std::numeric_limits<double>::infinity();
    for (size_t i = 1; i + 1 < order.size(); ++i) {
      const double gap = losses[order[i + 1]][k] - losses[order[i - 1]][k];
      if (gap > 0) room[order[i]] += std::isinf(gap) ? 1 : gap / extent;
    }
  }
  return room;
}

// The `n` best of the rows, in order.
std::vector<Member> best_of(const History& history, const std::vector<uint32_t>& rows, size_t n) {
  std::vector<uint32_t> feasible, infeasible;
  for (const uint32_t row : rows) (history.trial(row).violation() > 0 ? infeasible : feasible).push_back(row);
  std::vector<Member> members;
  Losses losses;
  for (const uint32_t row : feasible) losses.push_back(history.losses(history.trial(row)));
  const std::vector<size_t> ranks = non_domination_ranks(losses, n);
  for (size_t rank = 0; members.size() < std::min(n, feasible.size()); ++rank) {
    Losses layer;
    const size_t begin = members.size();
    for (size_t i = 0; i < feasible.size(); ++i)
      if (ranks[i] == rank) {
        members.push_back({feasible[i], rank, 0});
        layer.push_back(losses[i]);
      }
    const std::vector<double> room = room_in(layer);
    for (size_t i = 0; i < room.size(); ++i) members[begin + i].room = room[i];
  }
  std::stable_sort(infeasible.begin(), infeasible.end(),
                   [&](uint32_t a, uint32_t b) { return history.trial(a).violation() < history.trial(b).violation(); });
  for (size_t i = 0; i < infeasible.size(); ++i) members.push_back({infeasible[i], feasible.size() + i, 0});
  std::stable_sort(members.begin(), members.end());
  members.resize(std::min(n, members.size()));
  return members;
}

class NsgaCache final : public SamplerCache {
 public:
  // Takes in what has ended since.
  void update(const History& history, size_t population_size) {
    for (; n_seen_ < history.finished().size(); ++n_seen_) {
      const TrialRecord& trial = history.trial(history.finished()[n_seen_]);
      if (trial.state != TrialState::Complete || trial.generation != generation) continue;
      children_.push_back(static_cast<uint32_t>(trial.number));
      if (children_.size() < population_size) continue;
      for (const Member& parent : parents) children_.push_back(parent.row);
      parents = best_of(history, children_, population_size);
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

class NsgaProposal final : public Proposal {
 public:
  NsgaProposal(const NsgaSamplerParams& params, const History& history, uint64_t key, const NsgaCache& cache)
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

  const NsgaSamplerParams& params_;
  const History& history_;
  uint64_t key_;
  int generation_;
  uint32_t first_ = 0, second_ = 0;
};

class NsgaSampler final : public Sampler {
 public:
  explicit NsgaSampler(NsgaSamplerParams params) : params_(params) {}

  std::unique_ptr<Proposal> propose(const History& history, const TrialRecord& trial, int attempt, SamplerCache* cache) const override {
    auto& kept = static_cast<NsgaCache&>(*cache);
    kept.update(history, static_cast<size_t>(params_.population_size));
    const auto seed = static_cast<uint64_t>(params_.seed);
    if (kept.generation == 0 && attempt == 0) return propose_sobol(history, seed, static_cast<uint64_t>(trial.number));
    if (kept.generation == 0 || attempt > kForbiddenAttempts) return propose_uniform(history, seed, trial.number, attempt);
    const uint64_t key =
        derive_seed(derive_seed(seed, "nsga2", static_cast<uint64_t>(trial.number)), "attempt", static_cast<uint64_t>(attempt));
    return std::make_unique<NsgaProposal>(params_, history, key, kept);
  }

  std::unique_ptr<SamplerCache> make_cache() const override { return std::make_unique<NsgaCache>(); }

 private:
  NsgaSamplerParams params_;
};

}  // namespace

void register_nsga2(Catalog<Sampler>& catalog) {
  catalog.add<NsgaSampler, NsgaSamplerParams>("nsga2", "NSGA-II: generations of trials, the best of which are crossed and mutated.");
}

}  // namespace kolosal
