// The quasi-random sampler: points of a scrambled Sobol sequence, which fill the space more evenly than random points do.
//
// A parameter's dimension is its index in the study, so conditional parameters and ranges that change need nothing special. Scrambling
// keeps the evenness of every power of two of points and is a hash, so that a point needs no other.
// Source   Joe and Kuo, "Constructing Sobol sequences with better two-dimensional projections", 2008; Burley, "Practical hash-based
//          Owen scrambling", 2020; Vegdahl's constants of the hash.
// Checked  qmc_test.cc: every dyadic interval and box of a two-dimensional projection holds its share of points.
#include <boost/random/sobol.hpp>
#include <limits>

#include "kolosal/base/random.h"
#include "kolosal/tune/sampler.h"

namespace kolosal {
namespace {

// Dimensions beyond this are uniform: few points say nothing about so many.
constexpr uint32_t kDimensions = 1024;

uint32_t reversed(uint32_t x) noexcept {
  x = ((x >> 1) & 0x55555555U) | ((x & 0x55555555U) << 1);
  x = ((x >> 2) & 0x33333333U) | ((x & 0x33333333U) << 2);
  x = ((x >> 4) & 0x0F0F0F0FU) | ((x & 0x0F0F0F0FU) << 4);
  return __builtin_bswap32(x);
}

// Flips each bit by a hash of those above it: Owen's scrambling.
uint32_t scrambled(uint32_t x, uint32_t seed) noexcept {
  x = reversed(x);
  x ^= x * 0x3d20adeaU;
  x += seed;
  x *= (seed >> 16) | 1U;
  x ^= x * 0x05526c56U;
  x ^= x * 0x53a22864U;
  return reversed(x);
}

double scrambled_share(uint32_t x, uint64_t seed, uint32_t dimension) noexcept {
  return scrambled(x, static_cast<uint32_t>(derive_seed(seed, "scramble", dimension))) * 0x1.0p-32;
}
double share_beyond(uint64_t seed, uint64_t index, uint32_t dimension) {
  return RandomStream(derive_seed(seed, "beyond", index), "parameter", dimension).uniform();
}

class SobolProposal final : public Proposal {
 public:
  SobolProposal(uint64_t seed, uint64_t index) : seed_(seed), index_(index) {}

  double value(uint32_t parameter, const Distribution& distribution) override { return distribution.at_share(share(parameter)); }

 private:
  double share(uint32_t dimension) {
    if (dimension >= kDimensions) return share_beyond(seed_, index_, dimension);
    if (dimension >= point_.size()) {
      const uint32_t n = std::min(kDimensions, std::max<uint32_t>(16, 2 * dimension));
      point_.assign(n, 0);
      if (index_ > 0) {  // the engine leaves out the first point, which is 0
        boost::random::sobol_engine<uint32_t, 32> engine(n);
        engine.seed(index_ - 1);
        for (uint32_t& x : point_) x = engine();
      }
    }
    return scrambled_share(point_[dimension], seed_, dimension);
  }

  uint64_t seed_, index_;
  std::vector<uint32_t> point_;
};

struct QmcSamplerParams {
  int64_t seed = 0;
};
void describe(Fields<QmcSamplerParams>& f) { f.add("seed", &QmcSamplerParams::seed, "How the sequence is scrambled."); }

class QmcSampler final : public Sampler {
 public:
  explicit QmcSampler(QmcSamplerParams params) : seed_(static_cast<uint64_t>(params.seed)) {}
  std::unique_ptr<Proposal> propose(const History& history, const TrialRecord& trial, int attempt, SamplerCache*) const override {
    if (attempt > 0) return propose_uniform(history, seed_, trial.number, attempt);
    return propose_sobol(seed_, static_cast<uint64_t>(trial.number));
  }

 private:
  uint64_t seed_;
};

}  // namespace

std::unique_ptr<Proposal> propose_sobol(uint64_t seed, uint64_t index) { return std::make_unique<SobolProposal>(seed, index); }

std::vector<double> sobol_shares(uint64_t seed, size_t n, size_t n_dimensions) {
  std::vector<double> shares(n * n_dimensions);
  const auto n_even = static_cast<uint32_t>(std::min<size_t>(n_dimensions, kDimensions));
  boost::random::sobol_engine<uint32_t, 32> engine(std::max<uint32_t>(n_even, 1));
  for (size_t k = 0; k < n; ++k)
    for (uint32_t j = 0; j < n_dimensions; ++j)
      shares[k * n_dimensions + j] = j >= n_even ? share_beyond(seed, k, j) : scrambled_share(k == 0 ? 0 : engine(), seed, j);
  return shares;
}

void register_qmc(Catalog<Sampler>& catalog) {
  catalog.add<QmcSampler, QmcSamplerParams>("qmc", "Points of a scrambled Sobol sequence, which fill the space evenly.", {"sobol"});
}

}  // namespace kolosal
