// CFO, cost-frugal local search: from a cheap point steps go in random directions; what is better becomes the point to step from.
//
// Rules    The first trial drawn has the values of `low_cost`, and for what is not there the middle of the range or the first choice. The
//          space is that of the parameters that every finished trial has had, each from 0 to 1 in its scale. A trial lies one step from the
//          best of the search in a direction drawn from the unit sphere; where it is no better a later one lies as far the other way.
//          Choices change at random, the likelier the longer the step in their direction. A better trial is stepped from next, with longer
//          steps; after 2 d + 2 trials in a row that are no better steps are shortened, and when they are shorter than `least_step` the
//          search begins again: near `low_cost`, and anywhere for what is not there. Points that were tried are drawn again some times,
//          ever farther away. Parameters that only some trials have stay near what the best has. Trials of several workers step from the
//          same point in different directions. Trials whose constraints fail come last, pruned and failed ones are no better.
// Order    Trials that have ended are taken by their numbers, so the order in which they end or are read changes nothing.
// Marks    A trial's generation says from which row it stepped, see Origin. It is below 0: to other samplers of the study it is none.
//          Enqueued trials have no mark; they are stepped from where they are better.
// Cost     O(n d) a trial, for n trials of d parameters.
// Source   Wu, Wang and Huang, "Frugal optimization for cost-related hyperparameters", AAAI 2021.
// Checked  cfo_test.cc and sampler_test.cc.
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
  f.add("low_cost", &CfoSamplerParams::low_cost,
        "Values with which a trial is cheap, by parameter: where the search starts; a name that no trial has does nothing.");
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

// A value near another, in shares of the range. A choice stays, or is any.
double near(const Distribution& d, double inside, double share, RandomStream& stream) {
  if (d.is_unordered()) return stream.uniform() < std::max(share, kLeastChance) ? d.at_share(stream.uniform()) : inside;
  const double low = d.scaled_low(), high = d.scaled_high();
  return d.at_place(std::clamp(d.place(inside) + share * (high - low) * stream.normal(), low, high));
}

// What the trials of one state of the search step from: a row, or the start that was drawn when the trial of a row ended the search before.
struct Origin {
  uint32_t row = 0;
  bool is_start = false;

  /// The mark of a trial that steps from here, or goes the other way.
  int mark(bool is_mirrored) const noexcept { return -1 - (4 * static_cast<int>(row) + (is_start ? 2 : 0) + (is_mirrored ? 1 : 0)); }
  bool has(int generation) const noexcept { return generation == mark(false) || generation == mark(true); }
};

// Where a search stands.
struct SearchState {
  Eigen::VectorXd x;  // the best, or a start that is yet to be tried
  Standing standing{kInf, kInf};
  Origin origin;
  double step = 0;
  size_t n_tried = 0, n_worse = 0;          // trials of this origin that have ended, and how many since a step was shortened
  size_t n_mirrored = 0;                    // of these, those that went the other way
  std::vector<Eigen::VectorXd> mirrored{};  // points the other way
};

class CfoCache final : public SamplerCache {
 public:
  explicit CfoCache(const CfoSamplerParams& params) : params_(params) {}

  // Takes in what has ended since; all anew where the space is another, or a trial before the last one taken in has ended.
  void update(const History& history) {
    const Subspace& shared = history.intersection();
    const auto same = [](const auto& a, const auto& b) { return a.first == b.first && *a.second == *b.second; };
    if (!std::equal(shared.begin(), shared.end(), space.parameters().begin(), space.parameters().end(), same)) {
      space = GpSpace(shared);
      forget();
    }
    std::vector<uint32_t> ended = ended_since(history);
    if (!ended.empty() && next_ > ended.front()) {
      forget();
      ended = ended_since(history);
    }
    for (const uint32_t row : ended) take(history, row);
    n_finished_ = history.finished().size();
    n_failed_ = history.failed().size();
    if (!ended.empty()) next_ = ended.back() + 1;
  }

  /// Whether a trial but `number` is at a point: one that has ended, well or not, or one that runs.
  bool is_tried(const History& history, int64_t number, const Eigen::VectorXd& x) const {
    const auto is_there = [&](uint32_t row) { return row != static_cast<uint32_t>(number) && space.is_at(history, row, x); };
    return std::ranges::any_of(tried_, [&](const Eigen::VectorXd& had) { return (had - x).isZero(kSameCoordinate); }) ||
           std::ranges::any_of(history.failed(), is_there) || std::ranges::any_of(history.running(), is_there);
  }

  GpSpace space{Subspace{}};
  std::optional<SearchState> state;

 private:
  void forget() {
    state.reset();
    tried_.clear();
    n_finished_ = n_failed_ = next_ = 0;
  }

  std::vector<uint32_t> ended_since(const History& history) const {
    const auto since = [](const std::vector<uint32_t>& rows, size_t n) { return rows.begin() + static_cast<ptrdiff_t>(n); };
    std::vector<uint32_t> ended(since(history.finished(), n_finished_), history.finished().end());
    ended.insert(ended.end(), since(history.failed(), n_failed_), history.failed().end());
    std::sort(ended.begin(), ended.end());
    return ended;
  }

  void take(const History& history, uint32_t row) {
    const TrialRecord& trial = history.trial(row);
    const bool has_failed = trial.state == TrialState::Failed;
    const auto x = space.of_row(history, row);
    if (x && !has_failed) tried_.push_back(*x);
    const Standing standing =
        x && trial.state == TrialState::Complete ? Standing(trial.violation(), history.loss(trial)) : Standing(kInf, kInf);
    if (!state) {
      if (x && trial.state == TrialState::Complete)
        state = SearchState{.x = *x, .standing = standing, .origin = {row}, .step = params_.step};
      return;
    }
    const bool is_own = state->origin.has(trial.generation);
    if (standing < state->standing && (is_own || !state->origin.is_start)) {
      const double longer = std::min(kLonger * state->step, std::max(kLongestStep, params_.step));
      state = SearchState{.x = *x, .standing = standing, .origin = {row}, .step = state->origin.is_start ? state->step : longer};
    } else if (is_own && (x || has_failed)) miss(history, row, x);
  }

  // A trial of this state was no better.
  void miss(const History& history, uint32_t row, const std::optional<Eigen::VectorXd>& x) {
    ++state->n_tried;
    ++state->n_worse;
    if (history.trial(row).generation == state->origin.mark(true)) ++state->n_mirrored;
    else if (x) {
      Eigen::VectorXd other = mirror(*x);
      if (other != state->x) state->mirrored.push_back(std::move(other));
    }
    if (state->n_worse < 2 * space.size() + 2) return;
    state->step *= kShorter;
    state->n_worse = state->n_mirrored = 0;
    state->mirrored.clear();
    if (state->step < params_.least_step) state = restart(history, row);
  }

  Eigen::VectorXd mirror(const Eigen::VectorXd& x) const {
    Eigen::VectorXd other = state->x;
    for (size_t i = 0; i < space.size(); ++i) {
      const auto at = static_cast<Eigen::Index>(i);
      if (!space.is_choice(i)) other[at] = space.rounded(i, 2 * state->x[at] - x[at]);
    }
    return other;
  }

  SearchState restart(const History& history, uint32_t row) const {
    RandomStream stream(static_cast<uint64_t>(params_.seed), "cfo start", row);
    SearchState next = {.x = Eigen::VectorXd(static_cast<Eigen::Index>(space.size())), .origin = {row, true}, .step = params_.step};
    for (size_t i = 0; i < space.size(); ++i) {
      const Distribution& d = space.of(i);
      const auto given = cheap(params_, history.parameters()[space.parameters()[i].first].name, d);
      const double inside = given ? near(d, *given, kRestartSpread, stream) : d.at_share(stream.uniform());
      next.x[static_cast<Eigen::Index>(i)] = space.coordinate(i, inside);
    }
    return next;
  }

  const CfoSamplerParams& params_;
  std::vector<Eigen::VectorXd> tried_;               // where finished trials lie
  size_t n_finished_ = 0, n_failed_ = 0, next_ = 0;  // how many were taken in of each, and the row after the last
};

class CfoProposal final : public Proposal {
 public:
  CfoProposal(const CfoSamplerParams& params, const History& history, const TrialRecord& trial, int attempt, const CfoCache& cache)
      : params_(params),
        history_(history),
        cache_(cache),
        number_(trial.number),
        key_(derive_seed(derive_seed(static_cast<uint64_t>(params.seed), "cfo", static_cast<uint64_t>(trial.number)), "attempt",
                         static_cast<uint64_t>(attempt))),
        is_first_(attempt == 0 && trial.drawn == 0),
        step_(cache.state ? cache.state->step : params.step) {
    if (is_first_ || !cache.state || cache.space.size() == 0) return;
    const SearchState& state = *cache.state;
    if (!state.origin.is_start) row_ = state.origin.row;
    bool is_mirrored = false;
    plan(next(state, static_cast<size_t>(attempt), is_mirrored));
    if (trial.drawn >= 0) generation_ = state.origin.mark(is_mirrored);
  }

  double value(uint32_t parameter, const Distribution& distribution) override {
    for (const auto& [planned, value] : planned_)
      if (planned == parameter && distribution.contains(value)) return value;
    RandomStream stream(key_, "parameter", parameter);
    if (row_ && !is_first_) {  // near what the best has
      const std::vector<double>& places = history_.parameters()[parameter].places;
      const double place = *row_ < places.size() ? places[*row_] : std::nan("");
      if (!(place >= distribution.scaled_low() && place <= distribution.scaled_high())) return distribution.at_share(stream.uniform());
      return near(distribution, distribution.at_place(place), step_, stream);
    }
    const auto given = cheap(params_, history_.parameters()[parameter].name, distribution);
    if (!given && distribution.is_unordered()) return is_first_ ? distribution.low : distribution.at_share(stream.uniform());
    const double start = given ? *given : distribution.at_share(0.5);
    return is_first_ ? start : near(distribution, start, step_, stream);
  }
  std::span<const std::pair<uint32_t, double>> planned() const override { return planned_; }
  int generation() const override { return generation_; }

 private:
  void plan(const Eigen::VectorXd& x) {
    for (size_t i = 0; i < cache_.space.size(); ++i)
      planned_.emplace_back(cache_.space.parameters()[i].first, cache_.space.inside(i, x[static_cast<Eigen::Index>(i)]));
  }

  // The start while it is untried, then the points the other way that are, then steps. An attempt that was forbidden had one of these.
  Eigen::VectorXd next(const SearchState& state, size_t attempt, bool& is_mirrored) const {
    size_t n_running = 0, n_mirrored = state.n_mirrored;
    for (const uint32_t row : history_.running()) {
      if (row == static_cast<uint32_t>(number_)) continue;
      const int generation = history_.trial(row).generation;
      n_running += state.origin.has(generation) ? 1 : 0;
      n_mirrored += generation == state.origin.mark(true) ? 1 : 0;
    }
    const auto is_open = [&](const Eigen::VectorXd& x) { return !cache_.is_tried(history_, number_, x); };
    if (attempt == 0 && state.origin.is_start && state.n_tried + n_running == 0 && is_open(state.x)) return state.x;
    size_t n_open = 0;
    for (const Eigen::VectorXd& x : state.mirrored)
      if (n_mirrored < state.mirrored.size() && is_open(x) && n_open++ == attempt) {
        is_mirrored = true;
        return x;
      }
    return stepped(state);
  }

  // A point that no trial has, one step away in a direction drawn; after some draws farther.
  Eigen::VectorXd stepped(const SearchState& state) const {
    Eigen::VectorXd x = state.x;
    for (uint64_t draw = 0; draw < kDraws; ++draw) {
      RandomStream stream(key_, "direction", draw);
      const double length =
          state.step * std::sqrt(static_cast<double>(cache_.space.size())) * std::exp2(std::floor(static_cast<double>(draw) / 4));
      x = along(state.x, length, stream);
      if (x != state.x && !cache_.is_tried(history_, number_, x)) break;
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
  int64_t number_;
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
  std::vector<std::string> named_parameters() const override {
    std::vector<std::string> names;
    for (const auto& [name, value] : params_.low_cost.as_object()) names.push_back(name);
    return names;
  }

 private:
  CfoSamplerParams params_;
};

}  // namespace

void register_cfo(Catalog<Sampler>& catalog) {
  catalog.add<CfoSampler, CfoSamplerParams>("cfo", "Cost-frugal local search: steps in random directions from a cheap point.");
}

}  // namespace kolosal
