// NSGA-II, a genetic algorithm for one or more objectives: generations of `population_size` trials, of which the best by layers of
// domination, and within a layer those with most room around them, become parents of the next.
//
// Rules    genetic.h. Trials whose constraints fail come after all others, by violation.
// Cost     O(population_size^2) for a generation, O(1) for a parameter.
// Source   Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE TEVC 6(2), 2002.
// Checked  genetic_test.cc.
#include <algorithm>
#include <numeric>

#include "kolosal/tune/pareto.h"
#include "kolosal/tune/samplers/genetic.h"

namespace kolosal {
namespace {

struct Nsga2Params : GeneticParams {};
void describe(Fields<Nsga2Params>& f) { describe_genetic(f); }

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
std::vector<Member> best_of(const History& history, const std::vector<uint32_t>& rows, size_t n, uint64_t) {
  const Feasibility split = feasibility_of(history, rows);
  std::vector<Member> members;
  Losses losses;
  for (const uint32_t row : split.feasible) losses.push_back(history.losses(history.trial(row)));
  const std::vector<size_t> ranks = non_domination_ranks(losses, n);
  for (size_t rank = 0; members.size() < std::min(n, split.feasible.size()); ++rank) {
    Losses layer;
    const size_t begin = members.size();
    for (size_t i = 0; i < split.feasible.size(); ++i)
      if (ranks[i] == rank) {
        members.push_back({split.feasible[i], rank, 0});
        layer.push_back(losses[i]);
      }
    const std::vector<double> room = room_in(layer);
    for (size_t i = 0; i < room.size(); ++i) members[begin + i].room = room[i];
  }
  return with_infeasible(std::move(members), split, n);
}

}  // namespace

void register_nsga2(Catalog<Sampler>& catalog) {
  auto make = [](const Value& value) -> std::unique_ptr<Sampler> {
    Nsga2Params params;
    if (!value.is_null()) update_from_value(params, value, "nsga2");
    return std::make_unique<GeneticSampler>(std::move(params), best_of, "nsga2");
  };
  catalog.add(
      {"nsga2", "NSGA-II: generations of trials, the best of which are crossed and mutated.", {}, parameter_table<Nsga2Params>(), make});
}

}  // namespace kolosal
