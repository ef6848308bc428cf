// CFO, cost-frugal local search: from a cheap point steps go in random directions; what is better becomes the point to step from.
//
// Rules    The first trial drawn has the values of `low_cost`, and for what is not there the middle of the range or the first choice. The
// space is
//          that of the parameters that every finished trial has had, each from 0 to 1 in its scale. A trial lies one step from the best of
//          the search in a direction drawn from the unit sphere; where it is no better the next one lies as far the other way. Choices
//          change at random, the likelier the longer the step in their direction. A better trial is stepped from next,
//          with longer steps; after 2 d + 2 trials in a row that are no better steps are shortened, and when they are shorter than
//          `least_step` the search begins again: near `low_cost`, and anywhere for what is not there. Points that were tried are drawn
//          again some times, ever farther away. Parameters that only some trials have stay near what the best has. Trials of several
//          workers step from the same point in different directions. Trials whose constraints fail come last, pruned ones are no better.
// Marks    A trial's generation is twice the number of the search's state that it was proposed in, plus 1, and 1 more for the other way.
// Cost     O(n d) a trial.
// Source   Wu, Wang and Huang, "Frugal optimization for cost-related hyperparameters", AAAI 2021.
// Checked  cfo_test.cc and study_test.cc.
#include <algorithm>
#include <cmath>
#include <optional>

#include "kolosal/base/random.h"
#include "kolosal/tune/sampler.h"
#include "kolosal/tune/samplers/gp_space-inl.h"

namespace kolosal {
namespace {

constexpr double kLonger = 1.5, kShorter = 0.6;  // what steps are multiplied by after a better trial, and after many that are no better
constexpr double kLongestStep = 0.5;
constexpr double kRestartSpread = 0.25;  // of starts after the first about `low_cost`
constexpr double kLeastChance = 0.1;     // that one choice or another changes
constexpr uint64_t kDraws = 12;          // of a point that is new
constexpr int kForbiddenAttempts = 20;   // proposals that met forbidden combinations before they are uniform

struct CfoSamplerParams {
  Value low_cost = Value::Object{};
  double step = 0.2;
  double least_step = 0.005;
  int64_t seed = 0;
};
void describe(Fields<CfoSamplerParams>& f) {
  f.add("low_cost", &CfoSamplerParams::low_cost, "Values with which a trial is cheap, by parameter: where the search starts.");
  f.add("step", &CfoSamplerParams::step, "Length of a step at first, in shares of a parameter's range.").above(0).max(0.5);
  f.add("least_step", &CfoSamplerParams::least_step, "Length of a step below which the search starts again elsewhere.").above(0).max(0.5);
  f.add("seed", &CfoSamplerParams::seed, "Which random numbers are drawn.");
}

// What is compared: violation of constraints, then loss.
using Standing = std::pair<double, double>;
constexpr double kInf = std::numeric_limits<double>::infinity();

// The cheap value of a parameter, if one is given.
std::optional<double> cheap(const CfoSamplerParams& params, const std::string& name, const Distribution& distribution) {
  const Value* given = params.low_cost.find(name);
  if (given == nullptr) return std::nullopt;
  return distribution.inside("cfo.low_cost: " + name, *given);
}

double start_of(const CfoSamplerParams& params, const std::string& name, const Distribution& distribution) {
  if (const auto given = cheap(params, name, distribution)) return *given;
  return distribution.is_unordered() ? distribution.low : distribution.at_share(0.5);
}

// A value near another, in shares of the range; of choices any.
double near(const Distribution& d, double inside, double share, RandomStream& stream) {
  if (d.is_unordered()) return d.at_share(stream.uniform());
  const double low = d.scaled_low(), high = d.scaled_high();
  return d.at_place(std::clamp(d.place(inside) + share * (high - low) * stream.normal(), low, high));
}

// Where a search stands.
struct SearchState {
  Eigen::VectorXd x;  // the best, or a start that is yet to be tried
  Standing standing{kInf, kInf};
  std::optional<uint32_t> row;  // of the best
  double step = 0;
  size_t n_tried = 0, n_worse = 0;          // trials proposed in this state that are finished, and how many since a step was shortened
  size_t n_mirrored = 0;                    // of these, those that went the other way
  std::vector<Eigen::VectorXd> mirrored{};  // points to go to, the other way
};

class CfoCache final : public SamplerCache {
 public:
  explicit CfoCache(const CfoSamplerParams& params) : params_(params) {}

  // Takes in what has ended since; all anew where the space is another.
  void update(const History& history) {
    const Subspace& shared = history.intersection();
    const auto same = [](const auto& a, const auto& b) { return a.first == b.first && *a.second == *b.second; };
    if (!std::equal(shared.begin(), shared.end(), space.parameters().begin(), space.parameters().end(), same)) {
      space = GpSpace(shared);
      n_seen_ = 0;
      number = 0;
      state.reset();
      tried.clear();
    }
    for (; n_seen_ < history.finished().size(); ++n_seen_) take(history, history.finished()[n_seen_]);
  }

  bool is_tried(const Eigen::VectorXd& x) const {
    return std::any_of(tried.begin(), tried.end(), [&](const Eigen::VectorXd& had) { return (had - x).isZero(1e-9); });
  }

  int mark(bool is_mirrored) const noexcept { return 2 * number + 1 + (is_mirrored ? 1 : 0); }

  GpSpace space{Subspace{}};
  std::optional<SearchState> state;
  int number = 0;                      // of the state
  std::vector<Eigen::VectorXd> tried;  // where finished trials lie

 private:
  void take(const History& history, uint32_t row) {
    const TrialRecord& trial = history.trial(row);
    const auto x = space.of_row(history, row);
    if (!x) return;
    const Standing standing = trial.state == TrialState::Complete ? Standing(trial.violation(), history.loss(trial)) : Standing(kInf, kInf);
    tried.push_back(*x);
    if (!state) {
      if (trial.state == TrialState::Complete) state = SearchState{.x = *x, .standing = standing, .row = row, .step = params_.step};
      return;
    }
    const bool is_own = trial.generation == mark(false) || trial.generation == mark(true);
    if (standing < state->standing && (is_own || state->row)) {
      const double step = state->row ? std::min(kLonger * state->step, std::max(kLongestStep, params_.step)) : state->step;
      go_on({.x = *x, .standing = standing, .row = row, .step = step});
    } else if (is_own) miss(history, *x, trial.generation == mark(true));
  }

  void go_on(SearchState next) {
    state = std::move(next);
    ++number;
  }

  // A trial of this state was no better.
  void miss(const History& history, const Eigen::VectorXd& x, bool is_mirrored) {
    ++state->n_tried;
    ++state->n_worse;
    if (is_mirrored) ++state->n_mirrored;
    else if (Eigen::VectorXd other = mirror(x); other != state->x && !is_tried(other)) state->mirrored.push_back(std::move(other));
    if (state->n_worse < 2 * space.size() + 2) return;
    SearchState next = {.x = state->x, .standing = state->standing, .row = state->row, .step = kShorter * state->step};
    if (next.step < params_.least_step) next = restart(history);
    go_on(std::move(next));
  }

  Eigen::VectorXd mirror(const Eigen::VectorXd& x) const {
    Eigen::VectorXd other = state->x;
    for (size_t i = 0; i < space.size(); ++i) {
      const auto at = static_cast<Eigen::Index>(i);
      if (!space.is_choice(i)) other[at] = space.rounded(i, 2 * state->x[at] - x[at]);
    }
    return other;
  }

  SearchState restart(const History& history) const {
    RandomStream stream(static_cast<uint64_t>(params_.seed), "cfo start", static_cast<uint64_t>(number));
    SearchState next = {.x = Eigen::VectorXd(static_cast<Eigen::Index>(space.size())), .step = params_.step};
    for (size_t i = 0; i < space.size(); ++i) {
      const Distribution& d = space.of(i);
      const auto given = cheap(params_, history.parameters()[space.parameters()[i].first].name, d);
      const double inside = given ? near(d, *given, kRestartSpread, stream) : d.at_share(stream.uniform());
      next.x[static_cast<Eigen::Index>(i)] = space.coordinate(i, inside);
    }
    return next;
  }

  const CfoSamplerParams& params_;
  size_t n_seen_ = 0;
};

class CfoProposal final : public Proposal {
 public:
  CfoProposal(const CfoSamplerParams& params, const History& history, const TrialRecord& trial, int attempt, const CfoCache& cache)
      : params_(params),
        history_(history),
        cache_(cache),
        key_(derive_seed(derive_seed(static_cast<uint64_t>(params.seed), "cfo", static_cast<uint64_t>(trial.number)), "attempt",
                         static_cast<uint64_t>(attempt))),
        is_first_(attempt == 0 && trial.drawn == 0),
        row_(cache.state ? cache.state->row : std::nullopt),
        step_(cache.state ? cache.state->step : params.step) {
    if (is_first_ || !cache.state || cache.space.size() == 0) return;
    const SearchState& state = *cache.state;
    size_t n_running = 0, n_mirrored = state.n_mirrored;
    for (const uint32_t row : history.running()) {
      if (row == static_cast<uint32_t>(trial.number)) continue;
      const int generation = history.trial(row).generation;
      n_running += generation == cache.mark(false) || generation == cache.mark(true) ? 1 : 0;
      n_mirrored += generation == cache.mark(true) ? 1 : 0;
    }
    generation_ = cache.mark(false);
    if (attempt == 0 && !state.row && state.n_tried + n_running == 0) plan(state.x);
    else if (attempt == 0 && n_mirrored < state.mirrored.size()) {
      generation_ = cache.mark(true);
      plan(state.mirrored[n_mirrored]);
    } else plan(stepped(state));
  }

  double value(uint32_t parameter, const Distribution& distribution) override {
    for (const auto& [planned, value] : planned_)
      if (planned == parameter && distribution.contains(value)) return value;
    RandomStream stream(key_, "parameter", parameter);
    if (row_ && !is_first_) {  // near what the best has
      const std::vector<double>& places = history_.parameters()[parameter].places;
      const double place = *row_ < places.size() ? places[*row_] : std::nan("");
      if (!(place >= distribution.scaled_low() && place <= distribution.scaled_high())) return distribution.at_share(stream.uniform());
      const double best = distribution.at_place(place);
      return !distribution.is_unordered() || stream.uniform() < std::max(step_, kLeastChance) ? near(distribution, best, step_, stream)
                                                                                              : best;
    }
    const double start = start_of(params_, history_.parameters()[parameter].name, distribution);
    return is_first_ ? start : near(distribution, start, step_, stream);
  }
  std::span<const std::pair<uint32_t, double>> planned() const override { return planned_; }
  int generation() const override { return generation_; }

 private:
  void plan(const Eigen::VectorXd& x) {
    for (size_t i = 0; i < cache_.space.size(); ++i)
      planned_.emplace_back(cache_.space.parameters()[i].first, cache_.space.inside(i, x[static_cast<Eigen::Index>(i)]));
  }

  // A point that no trial has, one step away in a direction drawn; after some draws farther.
  Eigen::VectorXd stepped(const SearchState& state) const {
    Eigen::VectorXd x = state.x;
    for (uint64_t draw = 0; draw < kDraws; ++draw) {
      RandomStream stream(key_, "direction", draw);
      const double length =
          state.step * std::sqrt(static_cast<double>(cache_.space.size())) * std::exp2(std::floor(static_cast<double>(draw) / 4));
      x = along(state.x, length, stream);
      if (x != state.x && !cache_.is_tried(x)) break;
    }
    return x;
  }

  Eigen::VectorXd along(const Eigen::VectorXd& from, double length, RandomStream& stream) const {
    const GpSpace& space = cache_.space;
    Eigen::VectorXd direction(from.size()), x = from;
    for (double& each : direction) each = stream.normal();
    direction.normalize();
    size_t n_choices = 0;
    for (size_t i = 0; i < space.size(); ++i) n_choices += space.is_choice(i) ? 1 : 0;
    for (size_t i = 0; i < space.size(); ++i) {
      const auto at = static_cast<Eigen::Index>(i);
      const double moved = length * direction[at];
      if (!space.is_choice(i)) x[at] = space.rounded(i, from[at] + moved);
      else if (stream.uniform() < std::max(std::abs(moved), kLeastChance / static_cast<double>(n_choices))) {
        const auto n_others = static_cast<uint64_t>(space.of(i).n_values()) - 1;
        const auto other = static_cast<double>(stream.below(n_others));
        x[at] = other < from[at] ? other : other + 1;
      }
    }
    return x;
  }

  const CfoSamplerParams& params_;
  const History& history_;
  const CfoCache& cache_;
  uint64_t key_;
  bool is_first_;
  std::optional<uint32_t> row_;
  double step_;
  int generation_ = 0;
  std::vector<std::pair<uint32_t, double>> planned_;
};

class CfoSampler final : public Sampler {
 public:
  explicit CfoSampler(CfoSamplerParams params) : params_(std::move(params)) {
    if (!params_.low_cost.is_object())
      throw Error(ErrorCode::BadValue, "cfo.low_cost is a value of kind " + std::string(params_.low_cost.kind_name()) +
                                           "; it must be an object of values by parameter");
    if (params_.least_step > params_.step)
      throw Error(ErrorCode::BadValue, "cfo.least_step is above cfo.step: no step could be taken", "Give a smaller one.");
  }

  std::unique_ptr<Proposal> propose(const History& history, const TrialRecord& trial, int attempt, SamplerCache* cache) const override {
    if (history.directions().size() != 1)
      throw Error(ErrorCode::BadValue, "sampler 'cfo' takes one objective; the study has " + std::to_string(history.directions().size()),
                  "Use tpe, nsga2 or nsga3.");
    if (attempt > kForbiddenAttempts) return propose_uniform(history, static_cast<uint64_t>(params_.seed), trial.number, attempt);
    auto& kept = static_cast<CfoCache&>(*cache);
    kept.update(history);
    return std::make_unique<CfoProposal>(params_, history, trial, attempt, kept);
  }

  std::unique_ptr<SamplerCache> make_cache() const override { return std::make_unique<CfoCache>(params_); }

 private:
  CfoSamplerParams params_;
};

}  // namespace

void register_cfo(Catalog<Sampler>& catalog) {
  catalog.add<CfoSampler, CfoSamplerParams>("cfo", "Cost-frugal local search: steps in random directions from a cheap point.");
}

}  // namespace kolosal
