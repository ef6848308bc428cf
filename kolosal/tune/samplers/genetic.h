// What genetic samplers share: generations, parents that win tournaments, crossover and mutation. What differs is who survives.
//
// Rules    Parents win tournaments of two. Numbers are crossed as crossover.h says and mutated by polynomials (index
//          20) in the scale of the parameter; choices are swapped and drawn anew. Generation 0 is a Sobol sequence. A generation's members
//          are its first complete trials, in the order in which they ended; trials without values, and later ones, are passed over.
// Source   Deb and Agrawal, Complex Systems 9, 1995 (crossover); Deb et al., IEEE TEVC 6(2), 2002.
// Checked  genetic_test.cc, crossover_test.cc.
#pragma once

#include <functional>
#include <optional>

#include "kolosal/tune/sampler.h"
#include "kolosal/tune/samplers/crossover.h"

namespace kolosal {

/// Parameters of every genetic sampler.
struct GeneticParams {
  int64_t seed = 0;
  int population_size = 50;
  std::optional<double> mutation_prob;
  double crossover_prob = 0.9;
  double swapping_prob = 0.5;
  Value crossover = "sbx";
};

/// Describes them as fields of `Params`, which has them by these names.
template <class Params>
void describe_genetic(Fields<Params>& f) {
  f.add("seed", static_cast<int64_t Params::*>(&Params::seed), "Which random numbers are drawn.");
  f.add("population_size", static_cast<int Params::*>(&Params::population_size), "Trials of a generation.").min(2);
  f.add("mutation_prob", static_cast<std::optional<double> Params::*>(&Params::mutation_prob),
        "Chance that a parameter is mutated; null: one over their number.")
      .min(0)
      .max(1);
  f.add("crossover_prob", static_cast<double Params::*>(&Params::crossover_prob), "Chance that a child has two parents.").min(0).max(1);
  f.add("swapping_prob", static_cast<double Params::*>(&Params::swapping_prob),
        "Chance that a parameter comes from the second parent's side.")
      .min(0)
      .max(1);
  f.add("crossover", static_cast<Value Params::*>(&Params::crossover),
        R"(How numbers are crossed: "sbx", "vsbx", "uniform", "blx_alpha", "spx" or "undx", or an object with "kind" and its parameters.)");
}

/// A member of a population: its row, the layer it is in, and the room around it there.
struct Member {
  uint32_t row;
  size_t rank;
  double room;
  bool operator<(const Member& other) const noexcept { return rank != other.rank ? rank < other.rank : room > other.room; }
};

/// The members that become parents: at most `n` of the rows, best first; `key` is for what is left to chance.
using Survivors = std::function<std::vector<Member>(const History& history, const std::vector<uint32_t>& rows, size_t n, uint64_t key)>;

/// Rows whose constraints hold, and the others by violation.
struct Feasibility {
  std::vector<uint32_t> feasible, infeasible;
};
/// Splits rows so.
Feasibility feasibility_of(const History& history, const std::vector<uint32_t>& rows);
/// Adds the infeasible after all others and keeps the `n` best.
std::vector<Member> with_infeasible(std::vector<Member> members, const Feasibility& rows, size_t n);

/// See the top of the file.
class GeneticSampler final : public Sampler {
 public:
  /// Errors of the crossover begin with `name`.
  GeneticSampler(GeneticParams params, Survivors survivors, const std::string& name)
      : params_(std::move(params)),
        crossover_(Crossover::from_value(params_.crossover, name + ".crossover")),
        survivors_(std::move(survivors)) {}

  std::unique_ptr<Proposal> propose(const History& history, const TrialRecord& trial, int attempt, SamplerCache* cache) const override;
  std::unique_ptr<SamplerCache> make_cache() const override;

 private:
  GeneticParams params_;
  Crossover crossover_;
  Survivors survivors_;
};

}  // namespace kolosal
