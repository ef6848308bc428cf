// TPE, the tree-structured Parzen estimator: finished trials are split into the best tenth and the rest, each becomes a density of
// parameters, and of 24 points drawn from the first the one is taken whose density there is highest against the second.
//
// Rules    The best are min(ceil(n / 10), 25) trials (ceil(n / 10) where there are several objectives), taken from the complete ones by
//          loss, then the pruned ones by last step and last value, then those whose constraints fail, by violation. Several losses: by
//          layers of domination, the last of which is cut to the subset that keeps most hypervolume. Running trials count as rest.
//          The density of the best may have a share of that of an earlier study's best, as if these were `earlier_weight` trials.
//          Of the rest the newest 25 weigh 1 and the older ones less, down to 1 / n. Until there are `n_startup_trials`, uniform points.
// Cost     O(n d) a trial, for n trials of d parameters.
// Source   Bergstra et al., NIPS 2011; Watanabe, arXiv:2304.11127; Ozaki et al., JAIR 73, 2022; the rules of Optuna 5.
// Checked  parzen_test.cc and tpe_test.cc; quality against Optuna in benchmarks/tuner.py.
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <tuple>

#include "kolosal/base/random.h"
#include "kolosal/tune/pareto.h"
#include "kolosal/tune/samplers/parzen.h"

namespace kolosal {
namespace {

constexpr size_t kMostBest = 25;        // the best trials are at most as many
constexpr size_t kFullWeight = 25;      // the newest of the rest that weigh 1
constexpr int kForbiddenAttempts = 20;  // proposals that met forbidden combinations before they are uniform

struct TpeSamplerParams {
  int64_t seed = 0;
  int n_startup_trials = 10;
  int n_ei_candidates = 24;
  std::optional<bool> multivariate;
  bool group = false;
  bool constant_liar = true;
  double prior_weight = 1;
  Value earlier_best = Value::List{};
  double earlier_weight = 3;
};
void describe(Fields<TpeSamplerParams>& f) {
  f.add("seed", &TpeSamplerParams::seed, "Which random numbers are drawn.");
  f.add("n_startup_trials", &TpeSamplerParams::n_startup_trials, "Trials that must be complete or pruned before the densities are used.")
      .min(1);
  f.add("n_ei_candidates", &TpeSamplerParams::n_ei_candidates, "Points drawn, of which the most promising is taken.").min(1).max(100000);
  f.add("multivariate", &TpeSamplerParams::multivariate,
        "Whether parameters that all trials share are drawn together; null: where there is one objective.");
  f.add("group", &TpeSamplerParams::group, "Whether conditional parameters, too, are drawn together with those they always appear with.");
  f.add("constant_liar", &TpeSamplerParams::constant_liar, "Whether running trials count as bad ones, so that workers keep apart.");
  f.add("prior_weight", &TpeSamplerParams::prior_weight, "Weight of the density of what is not known, against 1 for a trial.").above(0);
  f.add("earlier_best", &TpeSamplerParams::earlier_best,
        "Parameters of the best trials of an earlier study, a list of objects: where good trials are to be expected. They count once "
        "`n_startup_trials` trials of this study are over; those with a name or value that it has not are passed over.");
  f.add("earlier_weight", &TpeSamplerParams::earlier_weight, "How many good trials all of these together weigh as much as.").above(0);
}

// Where a finished trial of one objective stands: complete before pruned before infeasible.
struct Standing {
  int stage;
  double first, second;
  uint32_t row;
  bool operator<(const Standing& other) const noexcept {
    return std::tie(stage, first, second, row) < std::tie(other.stage, other.first, other.second, other.row);
  }
};

Standing standing_of(const History& history, uint32_t row) {
  const TrialRecord& trial = history.trial(row);
  if (const double violation = trial.violation(); violation > 0) return {3, violation, 0, row};
  if (trial.state == TrialState::Complete) return {0, history.directions().size() == 1 ? history.loss(trial) : 0, 0, row};
  if (trial.intermediate.empty()) return {2, 0, 0, row};
  const auto [step, value] = trial.intermediate.back();
  const bool turned = history.directions()[0] == Direction::Maximize;
  return {1, -static_cast<double>(step), std::isnan(value) ? std::numeric_limits<double>::infinity() : turned ? -value : value, row};
}

// The trials of an earlier study that have an allowed value for every parameter of a subspace, as a history of their own.
struct EarlierTrials {
  EarlierTrials(const Value& best, const History& now, const Subspace& here) : asked(here), history({Direction::Minimize}) {
    if (best.as_list().empty()) return;
    for (const auto& [parameter, distribution] : here)
      space.emplace_back(history.parameter(now.parameters()[parameter].name, *distribution), distribution);
    for (const Value& trial : best.as_list()) {
      std::vector<double> places;
      for (const auto& [parameter, distribution] : space) {
        const std::string& name = history.parameters()[parameter].name;
        const Value* value = trial.find(name);
        const std::optional<double> inside = value == nullptr ? std::nullopt : distribution->find(*value);
        if (!inside) break;
        places.push_back(distribution->place(*inside));
      }
      if (places.size() < space.size()) continue;
      rows.push_back(static_cast<uint32_t>(rows.size()));
      for (size_t i = 0; i < space.size(); ++i) history.set_place(space[i].first, rows.back(), places[i]);
    }
    columns.resize(space.size());
    for (const auto& [parameter, distribution] : space)
      columns[parameter].update(history.parameters()[parameter], distribution->scaled_low(), distribution->scaled_high());
  }

  Subspace asked;  // by the study's parameters, and by those of the history below
  History history;
  Subspace space;
  std::vector<uint32_t> rows;
  std::vector<SortedColumn> columns;
  MixtureBuffers buffers;
};

class TpeCache final : public SamplerCache {
 public:
  // Takes in what has changed in the history since.
  void update(const History& history) {
    columns.resize(history.parameters().size());
    for (; n_standing_ < history.finished().size(); ++n_standing_) {
      const Standing standing = standing_of(history, history.finished()[n_standing_]);
      standings.insert(std::upper_bound(standings.begin(), standings.end(), standing), standing);
    }
  }

  // Those of a subspace; they are made anew where its ranges have changed.
  EarlierTrials& earlier(const Value& best, const History& history, const Subspace& space) {
    std::vector<uint32_t> parameters;
    for (const auto& [parameter, distribution] : space) parameters.push_back(parameter);
    std::unique_ptr<EarlierTrials>& known = earlier_[std::move(parameters)];
    const auto is_same = [](const auto& a, const auto& b) { return *a.second == *b.second; };
    if (!known || !std::ranges::equal(known->asked, space, is_same)) known = std::make_unique<EarlierTrials>(best, history, space);
    return *known;
  }

  std::vector<SortedColumn> columns;  // by parameter
  std::vector<Standing> standings;    // best first
  MixtureBuffers good, bad;

 private:
  size_t n_standing_ = 0;
  std::map<std::vector<uint32_t>, std::unique_ptr<EarlierTrials>> earlier_;  // by parameters
};

// Which rows are among the best, which are the rest; in order.
struct Split {
  std::vector<uint32_t> best, rest;
};

// The `n` best of several losses, of the standings [0, n_complete).
std::vector<uint32_t> best_of_front(const History& history, std::span<const Standing> complete, size_t n) {
  Losses losses;
  for (const Standing& standing : complete) losses.push_back(history.losses(history.trial(standing.row)));
  std::vector<uint32_t> best;
  for (const size_t i : best_rows(losses, n)) best.push_back(complete[i].row);
  return best;
}

Split split_of(const History& history, const TpeCache& cache, const TrialRecord& trial, bool with_running) {
  const auto& standings = cache.standings;
  const bool several = history.directions().size() > 1;
  size_t n_best = (standings.size() + 9) / 10;
  if (!several) n_best = std::min(n_best, kMostBest);
  Split split;
  size_t taken = 0;  // standings that are decided
  if (several) {
    const auto end = std::find_if(standings.begin(), standings.end(), [](const Standing& s) { return s.stage > 0; });
    const auto n_complete = static_cast<size_t>(end - standings.begin());
    split.best = best_of_front(history, std::span(standings).first(n_complete), std::min(n_best, n_complete));
    taken = n_complete;
  }
  for (; split.best.size() < n_best; ++taken) split.best.push_back(standings[taken].row);
  std::sort(split.best.begin(), split.best.end());
  std::vector<uint8_t> is_best(history.n_trials(), 0);
  for (const uint32_t row : split.best) is_best[row] = 1;
  for (const uint32_t row : history.finished())
    if (is_best[row] == 0) split.rest.push_back(row);
  if (with_running)
    for (const uint32_t row : history.running())
      if (row != static_cast<uint32_t>(trial.number)) split.rest.push_back(row);
  std::sort(split.rest.begin(), split.rest.end());
  return split;
}

// The newest weigh 1, the older ones less, down to 1 / n.
std::vector<double> weights_of(size_t n) {
  std::vector<double> weights(n, 1.0);
  if (n < kFullWeight) return weights;
  const size_t n_old = n - kFullWeight;
  const double least = 1 / static_cast<double>(n);
  for (size_t i = 0; i < n_old; ++i)
    weights[i] = n_old == 1 ? least : least + (1 - least) * static_cast<double>(i) / static_cast<double>(n_old - 1);
  return weights;
}

// The logarithm of the mixture of two densities, `share` of which is the second.
std::vector<double> mixed(std::vector<double> first, const std::vector<double>& second, double share) {
  for (size_t i = 0; i < first.size(); ++i) {
    const double a = first[i] + std::log1p(-share), b = second[i] + std::log(share), most = std::max(a, b);
    first[i] = most + std::log1p(std::exp(std::min(a, b) - most));
  }
  return first;
}

class TpeProposal final : public Proposal {
 public:
  TpeProposal(const TpeSamplerParams& params, const History& history, const TrialRecord& trial, int attempt, TpeCache& cache)
      : params_(params),
        history_(history),
        cache_(cache),
        key_(derive_seed(derive_seed(static_cast<uint64_t>(params.seed), "tpe", static_cast<uint64_t>(trial.number)), "attempt",
                         static_cast<uint64_t>(attempt))),
        split_(split_of(history, cache, trial, params.constant_liar)) {
    if (!params.multivariate.value_or(history.directions().size() == 1)) return;
    if (params.group) {
      for (const Subspace& group : history.groups()) {
        Subspace several;
        for (const auto& member : group)
          if (!member.second->is_single()) several.push_back(member);
        plan(several);
      }
    } else plan(history.intersection());
  }

  double value(uint32_t parameter, const Distribution& distribution) override {
    for (const auto& [planned, value] : planned_)
      if (planned == parameter && distribution.contains(value)) return value;
    return draw({{parameter, std::make_shared<const Distribution>(distribution)}})[0];
  }

  std::span<const std::pair<uint32_t, double>> planned() const override { return planned_; }

 private:
  void plan(const Subspace& space) {
    if (space.empty()) return;
    const std::vector<double> point = draw(space);
    for (size_t i = 0; i < space.size(); ++i) planned_.emplace_back(space[i].first, point[i]);
  }

  // The rows that have a place within the range for every parameter of the subspace.
  std::vector<uint32_t> having(const std::vector<uint32_t>& rows, const Subspace& space) const {
    std::vector<uint32_t> kept = rows;
    for (const auto& [parameter, distribution] : space) {
      const std::vector<double>& places = history_.parameters()[parameter].places;
      const double low = distribution->scaled_low(), high = distribution->scaled_high();
      std::erase_if(kept, [&](uint32_t row) { return row >= places.size() || !(places[row] >= low && places[row] <= high); });
    }
    return kept;
  }

  std::vector<double> draw(const Subspace& space) {
    for (const auto& [parameter, distribution] : space) {
      if (cache_.columns.size() <= parameter) cache_.columns.resize(parameter + 1);
      cache_.columns[parameter].update(history_.parameters()[parameter], distribution->scaled_low(), distribution->scaled_high());
    }
    const std::vector<uint32_t> best = having(split_.best, space), rest = having(split_.rest, space);
    const bool several = history_.directions().size() > 1;
    const ParzenMixture good(history_, space, best, several ? std::vector<double>(best.size(), 1.0) : weights_of(best.size()),
                             params_.prior_weight, cache_.columns, cache_.good);
    const ParzenMixture bad(history_, space, rest, weights_of(rest.size()), params_.prior_weight, cache_.columns, cache_.bad);
    RandomStream stream(key_, "parameter", space[0].first);
    const auto n_candidates = static_cast<size_t>(params_.n_ei_candidates);
    std::vector<double> points = good.sample(stream, n_candidates), good_density;
    EarlierTrials& earlier = cache_.earlier(params_.earlier_best, history_, space);
    if (earlier.rows.empty()) good_density = good.log_density(points);
    else {
      const ParzenMixture before(earlier.history, earlier.space, earlier.rows, std::vector<double>(earlier.rows.size(), 1.0),
                                 params_.prior_weight, earlier.columns, earlier.buffers);
      const double share = params_.earlier_weight / (params_.earlier_weight + static_cast<double>(best.size()));
      const std::vector<double> others = before.sample(stream, n_candidates);
      for (size_t i = 0; i < n_candidates; ++i)
        if (stream.uniform() < share)
          std::copy_n(others.begin() + static_cast<ptrdiff_t>(i * space.size()), space.size(),
                      points.begin() + static_cast<ptrdiff_t>(i * space.size()));
      good_density = mixed(good.log_density(points), before.log_density(points), share);
    }
    const std::vector<double> bad_density = bad.log_density(points);
    size_t most = 0;
    for (size_t i = 1; i < good_density.size(); ++i)
      if (good_density[i] - bad_density[i] > good_density[most] - bad_density[most]) most = i;
    const auto begin = points.begin() + static_cast<ptrdiff_t>(most * space.size());
    return {begin, begin + static_cast<ptrdiff_t>(space.size())};
  }

  const TpeSamplerParams& params_;
  const History& history_;
  TpeCache& cache_;
  uint64_t key_;
  Split split_;
  std::vector<std::pair<uint32_t, double>> planned_;
};

class TpeSampler final : public Sampler {
 public:
  explicit TpeSampler(TpeSamplerParams params) : params_(params) {
    if (params_.group && params_.multivariate && !*params_.multivariate)
      throw Error(ErrorCode::BadValue, "tpe.group: groups are drawn together, and tpe.multivariate is false", "Leave out one of the two.");
    if (params_.group) params_.multivariate = true;
    const auto refuse = [](const std::string& what) {
      throw Error(ErrorCode::BadValue, "tpe.earlier_best: " + what + "; it must be a list of objects, parameters by name");
    };
    if (!params_.earlier_best.is_list()) refuse("a value of kind " + std::string(params_.earlier_best.kind_name()));
    for (const Value& trial : params_.earlier_best.as_list())
      if (!trial.is_object()) refuse("an element of kind " + std::string(trial.kind_name()));
  }

  std::unique_ptr<Proposal> propose(const History& history, const TrialRecord& trial, int attempt, SamplerCache* cache) const override {
    const auto seed = static_cast<uint64_t>(params_.seed);
    const auto n_startup = static_cast<size_t>(params_.n_startup_trials);
    if (history.finished().size() < n_startup || attempt > kForbiddenAttempts) return propose_uniform(history, seed, trial.number, attempt);
    auto& kept = static_cast<TpeCache&>(*cache);
    kept.update(history);
    return std::make_unique<TpeProposal>(params_, history, trial, attempt, kept);
  }

  std::unique_ptr<SamplerCache> make_cache() const override { return std::make_unique<TpeCache>(); }

 private:
  TpeSamplerParams params_;
};

}  // namespace

void register_tpe(Catalog<Sampler>& catalog) {
  catalog.add<TpeSampler, TpeSamplerParams>("tpe", "Densities of the parameters of good and of other trials: the default.");
}

}  // namespace kolosal
