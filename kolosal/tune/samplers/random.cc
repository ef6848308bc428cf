// The random sampler: each parameter uniform in its scale, apart from all others. Nothing of the history is used.
#include "kolosal/base/random.h"

#include "kolosal/tune/sampler.h"

namespace kolosal {
namespace {

class UniformProposal final : public Proposal {
 public:
  explicit UniformProposal(uint64_t key) : key_(key) {}
  double value(uint32_t parameter, const Distribution& distribution) override {
    return distribution.at_share(RandomStream(key_, "parameter", parameter).uniform());
  }

 private:
  uint64_t key_;
};

struct RandomSamplerParams {
  int64_t seed = 0;
};
void describe(Fields<RandomSamplerParams>& f) { f.add("seed", &RandomSamplerParams::seed, "Which random numbers are drawn."); }

class RandomSampler final : public Sampler {
 public:
  explicit RandomSampler(RandomSamplerParams params) : seed_(static_cast<uint64_t>(params.seed)) {}
  std::unique_ptr<Proposal> propose(const History& history, const TrialRecord& trial, int attempt, SamplerCache*) const override {
    return propose_uniform(history, seed_, trial.number, attempt);
  }

 private:
  uint64_t seed_;
};

}  // namespace

std::unique_ptr<Proposal> propose_uniform(const History&, uint64_t seed, int64_t number, int attempt) {
  return std::make_unique<UniformProposal>(
      derive_seed(derive_seed(seed, "uniform", static_cast<uint64_t>(number)), "attempt", static_cast<uint64_t>(attempt)));
}

void register_random(Catalog<Sampler>& catalog) {
  catalog.add<RandomSampler, RandomSamplerParams>("random", "Each parameter uniform in its scale, apart from all others.");
}

}  // namespace kolosal
