// The grid sampler: every combination of the values listed for each parameter, once, in an order shuffled by the seed.
#include <algorithm>
#include <numeric>

#include "kolosal/base/json.h"
#include "kolosal/base/random.h"
#include "kolosal/tune/sampler.h"

namespace kolosal {
namespace {

constexpr double kMostPoints = 1e9;

struct GridSamplerParams {
  Value search_space;
  int64_t seed = 0;
};
void describe(Fields<GridSamplerParams>& f) {
  f.add("search_space", &GridSamplerParams::search_space, "The values of each parameter: an object of lists by name.");
  f.add("seed", &GridSamplerParams::seed, "The order in which combinations are tried.");
}

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorCode::BadValue, "grid.search_space: " + what); }

class GridProposal final : public Proposal {
 public:
  GridProposal(const History& history, const Value::Object& grid, uint64_t point) : history_(history), grid_(grid), point_(point) {}

  double value(uint32_t parameter, const Distribution&) override {
    refuse("parameter '" + history_.parameters()[parameter].name + "' is suggested and is not there");
  }
  const Value* fixed(uint32_t parameter) const override {
    uint64_t rest = point_;
    for (const auto& [name, values] : grid_) {
      const size_t n = values.as_list().size();
      if (name == history_.parameters()[parameter].name) return &values.as_list()[rest % n];
      rest /= n;
    }
    return nullptr;
  }

 private:
  const History& history_;
  const Value::Object& grid_;
  uint64_t point_;
};

class GridSampler final : public Sampler {
 public:
  explicit GridSampler(GridSamplerParams params) : seed_(static_cast<uint64_t>(params.seed)) {
    if (!params.search_space.is_object() || params.search_space.as_object().empty())
      refuse("it must be an object of lists by parameter name");
    grid_ = params.search_space.as_object();
    double n_points = 1;
    for (auto& [name, values] : grid_) {
      if (values.is_numbers()) values = parse_json(to_json(values));
      if (!values.is_list() || values.as_list().empty()) refuse("parameter '" + name + "' must have a list of at least one value");
      n_points *= static_cast<double>(values.as_list().size());
    }
    if (n_points > kMostPoints) refuse("there are more than a billion combinations");
    n_points_ = static_cast<uint64_t>(n_points);
  }

  std::unique_ptr<Proposal> propose(const History& history, const TrialRecord& trial, int, SamplerCache*) const override {
    return std::make_unique<GridProposal>(history, grid_, nth(static_cast<uint64_t>(std::max<int64_t>(trial.drawn, 0)) % n_points_));
  }

  bool is_exhausted(const History& history) const override {
    for (size_t row = history.n_trials(); row-- > 0;)
      if (const int64_t drawn = history.trial(row).drawn; drawn >= 0) return static_cast<uint64_t>(drawn) + 1 >= n_points_;
    return false;
  }

 private:
  // The place of k in a shuffled order that is never written down: a Feistel network over the least square that holds all points, walked
  // until it gives a point.
  uint64_t nth(uint64_t k) const {
    uint64_t side = 1;
    while (side * side < n_points_) ++side;
    do {
      uint64_t left = k / side, right = k % side;
      for (uint64_t round = 0; round < 6; ++round) {
        const uint64_t mixed = (left + derive_seed(seed_, "grid", round * side + right) % side) % side;
        left = right;
        right = mixed;
      }
      k = left * side + right;
    } while (k >= n_points_);
    return k;
  }

  uint64_t seed_;
  Value::Object grid_;
  uint64_t n_points_ = 0;
};

}  // namespace

void register_grid(Catalog<Sampler>& catalog) {
  catalog.add<GridSampler, GridSamplerParams>("grid", "Every combination of listed values, once.");
}

}  // namespace kolosal
