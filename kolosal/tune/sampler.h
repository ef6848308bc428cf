// Sampler: proposes the parameters of the next trial.
//
// A sampler is const, and a proposal a pure function of (history, seed, trial number, attempt): replaying a study with the same reports in
// the same order gives the same trials. What it has to compute again and again it may keep in a cache, which never changes an answer.
//
// A file of samplers/ adds one: a class, its parameters with `describe`, and register_<stem>(Catalog<Sampler>&).
// Source   Bergstra et al., "Algorithms for hyper-parameter optimization", NIPS 2011; ask and tell as in Optuna 5.
// Checked  sampler_test.cc runs every entry of samplers() over awkward spaces and histories.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kolosal/base/catalog.h"
#include "kolosal/tune/history.h"

namespace kolosal {

/// What a sampler keeps between proposals of one study: only what the history determines.
class SamplerCache {
 public:
  virtual ~SamplerCache() = default;
};

/// The parameters of one trial, as they are asked for.
class Proposal {
 public:
  virtual ~Proposal() = default;
  /// A value (inside form) that the distribution allows. Asked again for the same parameter, the same.
  virtual double value(uint32_t parameter, const Distribution& distribution) = 0;
  /// The value that the sampler was given for the parameter, allowed or not, in place of `value`; null where it was given none.
  virtual const Value* fixed(uint32_t) const { return nullptr; }
  /// Values chosen before they are asked for; other proposals may keep away from them.
  virtual std::span<const std::pair<uint32_t, double>> planned() const { return {}; }
  /// The generation that the trial belongs to; 0 where there are none, below 0 a mark of a sampler that has none.
  virtual int generation() const { return 0; }
  /// What is to be noted of how the proposal came about; empty: nothing.
  virtual std::string note() const { return {}; }
};

/// See the top of the file.
class Sampler {
 public:
  virtual ~Sampler() = default;
  /// Proposes the trial. `attempt` counts proposals for this trial that met a forbidden combination. The history outlives the proposal;
  /// `cache` is what make_cache made for this history.
  virtual std::unique_ptr<Proposal> propose(const History& history, const TrialRecord& trial, int attempt, SamplerCache* cache) const = 0;
  /// An empty cache, or null where none is used.
  virtual std::unique_ptr<SamplerCache> make_cache() const { return nullptr; }
  /// Whether there is nothing left to try.
  virtual bool is_exhausted(const History&) const { return false; }
  /// The parameters that it was given values of by name.
  virtual std::vector<std::string> named_parameters() const { return {}; }
};

/// All samplers.
const Catalog<Sampler>& samplers();

/// Sobol points with the parameter's index as dimension. Point `index` of the sequence scrambled by `seed`.
std::unique_ptr<Proposal> propose_sobol(uint64_t seed, uint64_t index);
/// The first points of that sequence as shares of ranges, from 0 to 1: (n, n_dimensions), row by row.
std::vector<double> sobol_shares(uint64_t seed, size_t n, size_t n_dimensions);
/// Independent uniform values.
std::unique_ptr<Proposal> propose_uniform(const History& history, uint64_t seed, int64_t number, int attempt);

}  // namespace kolosal
