// Bayesian optimisation: a Gaussian process of the finished trials says where an improvement is to be expected.
//
// Rules    The space is that of the parameters that every finished trial has had; other parameters are uniform. The first trials are
//          points of a Sobol sequence. A parameter lies from 0 to 1 in its scale; choices are apart from each other by 1. Infinite results
//          become the worst or best finite; with `warp_output` the worse ones are drawn together, and with `warp_input` parameters warped,
//          as far as that makes the trials likelier (gp_warp-inl.h). The trial is where the logarithm of the expected improvement on the
//          best trial, plus that of the probability that each constraint holds, is greatest: of points of a Sobol sequence and points about
//          the best trials the best go uphill, coordinates with steps by trying values; a point that was tried is taken only where no other
//          is met. While results are all equal trials go on as the first. Running trials count as if they gave what the process expects,
//          failed ones as if they gave the worst. Of many trials the best and the newest are used. Weights of the kernel are found anew
//          when there are a twentieth more trials, so they are a function of the history. Trials of earlier studies are points of the same
//          process (gp_earlier-inl.h), which is then used from the second trial on.
// Cost     O(n^2) for each point looked at, of some thousands; O(n^3) for each step of the fit.
// Source   Jones et al., J. Global Optim. 13, 1998; Ament et al., arXiv:2310.20708 (logarithm); Ginsbourger et al., 2010 (believer);
//          the priors of Optuna 5.
// Checked  gaussian_process_test.cc and gp_test.cc; quality against Optuna in benchmarks/tuner.py.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>

#include "kolosal/base/random.h"
#include "kolosal/tune/sampler.h"
#include "kolosal/tune/samplers/gp_acquisition-inl.h"
#include "kolosal/tune/samplers/gp_earlier-inl.h"

namespace kolosal {
namespace {

constexpr size_t kMostTrials = 400;        // that the process sees
constexpr Eigen::Index kRawPoints = 1024;  // of a Sobol sequence
constexpr size_t kPerturbed = 10;          // points about each of the best trials
constexpr size_t kStarts = 8;              // points that go uphill
constexpr size_t kFittedAnew = 60;         // trials up to which each new one lets the parameters be found anew
constexpr size_t kEarlier = 100;           // trials of earlier studies that the process sees
constexpr double kFarthest = 1000;         // see results_of
constexpr double kNoisy = 1e-2;            // variance from which the best trial is the one that the process holds to be best

struct GpSamplerParams {
  int64_t seed = 0;
  int n_startup_trials = 10;
  bool deterministic_objective = false;
  bool warp_output = true;
  bool warp_input = true;
  Value earlier_trials = Value::List{};
};
void describe(Fields<GpSamplerParams>& f) {
  f.add("seed", &GpSamplerParams::seed, "Which random numbers are drawn.");
  f.add("n_startup_trials", &GpSamplerParams::n_startup_trials, "Complete trials that there must be before the process is used.").min(1);
  f.add("deterministic_objective", &GpSamplerParams::deterministic_objective, "Whether the same parameters always give the same value.");
  f.add("warp_output", &GpSamplerParams::warp_output, "Whether results are put on the scale on which the process explains them best.");
  f.add("warp_input", &GpSamplerParams::warp_input, "Whether parameters are, too, where that explains much: for scales given amiss.");
  f.add(
      "earlier_trials", &GpSamplerParams::earlier_trials,
      R"(Trials of earlier studies, a list of lists of {"parameters": {...}, "loss": number}: how good they were is learnt from, by rank.)");
}

// What numbers from `least` to `most` are divided by before they are added or squared: 1, or what keeps that from overflowing.
double scale_of(double least, double most) {
  const double greatest = std::max(std::abs(least), std::abs(most));
  return greatest > 1e100 ? greatest : 1;
}

// Results, more is better, all finite: infinite ones become the worst or best finite, and with `robust` none is as far from the best as a
// thousand times the distance of the better three quarters.
Eigen::VectorXd results_of(std::vector<double> losses, bool robust) {
  double least = std::numeric_limits<double>::infinity(), most = -least;
  for (const double loss : losses)
    if (std::isfinite(loss)) {
      least = std::min(least, loss);
      most = std::max(most, loss);
    }
  if (least > most) least = most = 0;
  const double scale = scale_of(least, most);
  for (double& loss : losses) loss = std::clamp(loss, least, most) / scale;
  if (robust) {
    std::vector<double> sorted = losses;
    const auto third_quartile = sorted.begin() + static_cast<ptrdiff_t>(3 * sorted.size() / 4);
    std::nth_element(sorted.begin(), third_quartile, sorted.end());
    const double limit = least / scale + kFarthest * (*third_quartile - least / scale);
    if (limit > least / scale)
      for (double& loss : losses) loss = std::min(loss, limit);
  }
  return -Eigen::Map<const Eigen::VectorXd>(losses.data(), static_cast<Eigen::Index>(losses.size()));
}

// The trials that a proposal is made from.
struct GpTrials {
  std::vector<uint32_t> rows;  // of complete trials that have all parameters, in the order in which they ended
  std::vector<Eigen::VectorXd> x;
};

// A point of this study, with its last coordinate, 0, where there are earlier ones.
Eigen::VectorXd with_study(const Eigen::VectorXd& x, bool has_earlier) {
  if (!has_earlier) return x;
  Eigen::VectorXd longer(x.size() + 1);
  longer << x, 0;
  return longer;
}

GpTrials trials_of(const History& history, const GpSpace& space, bool has_earlier) {
  GpTrials all;
  for (const uint32_t row : history.finished()) {
    if (history.trial(row).state != TrialState::Complete) continue;
    if (const auto x = space.of_row(history, row)) {
      all.rows.push_back(row);
      all.x.push_back(with_study(*x, has_earlier));
    }
  }
  if (all.rows.size() <= kMostTrials) return all;
  // The best half of what is allowed, and the newest.
  std::vector<size_t> order(all.rows.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const TrialRecord &one = history.trial(all.rows[a]), &other = history.trial(all.rows[b]);
    return std::pair(one.violation(), history.loss(one)) < std::pair(other.violation(), history.loss(other));
  });
  std::vector<uint8_t> kept(order.size(), 0);
  for (size_t i = 0; i < kMostTrials / 2; ++i) kept[order[i]] = 1;
  for (size_t i = order.size(), n = kMostTrials / 2; i-- > 0 && n < kMostTrials;)
    if (kept[i] == 0) {
      kept[i] = 1;
      ++n;
    }
  GpTrials some;
  for (size_t i = 0; i < kept.size(); ++i)
    if (kept[i] != 0) {
      some.rows.push_back(all.rows[i]);
      some.x.push_back(std::move(all.x[i]));
    }
  return some;
}

// The first `n` points, and all of earlier studies, as the process sees them.
GaussianProcessPoints points_of(const GpSpace& space, const std::vector<Eigen::VectorXd>& x, size_t n,
                                const EarlierStudies::Points& earlier) {
  GaussianProcessPoints points;
  points.n_bent = static_cast<Eigen::Index>(n);
  points.x.resize(static_cast<Eigen::Index>(n + earlier.x.size()), x[0].size());
  for (size_t i = 0; i < n; ++i) points.x.row(static_cast<Eigen::Index>(i)) = x[i].transpose();
  for (size_t i = 0; i < earlier.x.size(); ++i) points.x.row(static_cast<Eigen::Index>(n + i)) = earlier.x[i].transpose();
  for (size_t i = 0; i < space.size(); ++i) points.is_choice.push_back(space.is_choice(i));
  points.is_choice.resize(static_cast<size_t>(points.x.cols()), true);  // the study
  return points;
}

// How many of n trials the parameters are found from: all of few, then numbers a twentieth apart.
size_t n_fitted(size_t n) {
  if (n <= kFittedAnew) return n;
  const double k = std::floor(std::log(static_cast<double>(n) / kFittedAnew) / std::log(1.05) + 1e-9);
  return std::min(n, static_cast<size_t>(std::floor(kFittedAnew * std::pow(1.05, k) + 1e-9)));
}

class GpCache final : public SamplerCache {
 public:
  // The parameters for the objective ("") or a constraint, found from the first `n` rows.
  const GaussianProcessParams& params(const std::string& name, const std::vector<uint32_t>& rows, const GaussianProcessPoints& points,
                                      const Eigen::VectorXd& values, const GaussianProcessRules& rules) {
    auto& [known_rows, params] = known_[name];
    if (known_rows != rows || params.weights.size() != points.x.cols()) {
      params = likeliest_params(points, values, rules);
      known_rows = rows;
    }
    return params;
  }

 private:
  std::map<std::string, std::pair<std::vector<uint32_t>, GaussianProcessParams>> known_;
};

const EarlierStudies::Points kNoEarlier;

class GpProposal final : public Proposal {
 public:
  GpProposal(const GpSamplerParams& params, const History& history, const TrialRecord& trial, int attempt, GpCache& cache,
             const EarlierStudies& earlier, std::unique_ptr<Proposal> others)
      : params_(params),
        history_(history),
        space_(history.intersection()),
        earlier_(earlier.in(space_, history, kEarlier)),
        others_(std::move(others)) {
    const GpTrials trials = trials_of(history, space_, !earlier_.x.empty());
    if (space_.size() == 0 || trials.rows.empty()) return;
    if (earlier_.x.empty() && trials.rows.size() < static_cast<size_t>(params.n_startup_trials)) return;
    const uint64_t key = derive_seed(derive_seed(static_cast<uint64_t>(params.seed), "gp", static_cast<uint64_t>(trial.number)), "attempt",
                                     static_cast<uint64_t>(attempt));
    const Acquisition acquisition = acquisition_of(trials, trial, cache);
    if (acquisition.is_empty()) return;
    const auto point = best_point(acquisition, trials, key);
    for (size_t i = 0; point && i < space_.size(); ++i)
      planned_.emplace_back(space_.parameters()[i].first, space_.inside(i, (*point)[static_cast<Eigen::Index>(i)]));
  }

  double value(uint32_t parameter, const Distribution& distribution) override {
    for (const auto& [planned, value] : planned_)
      if (planned == parameter && distribution.contains(value)) return value;
    return others_->value(parameter, distribution);
  }
  std::span<const std::pair<uint32_t, double>> planned() const override { return planned_; }

 private:
  // A process of what `losses` says of the trials; running trials are believed to give what it expects of them.
  GaussianProcess process_of(const std::string& name, const GpTrials& trials, const std::vector<double>& losses, const TrialRecord& trial,
                             GpCache& cache) const {
    const bool is_objective = name.empty();
    const EarlierStudies::Points& earlier = is_objective ? earlier_ : kNoEarlier;
    const size_t n = n_fitted(losses.size());
    GaussianProcessRules rules{!params_.deterministic_objective, is_objective && params_.warp_output, is_objective && params_.warp_input};
    const auto values_of = [&](size_t n_own) {
      const std::vector<double> own(losses.begin(), losses.begin() + static_cast<ptrdiff_t>(n_own));
      Eigen::VectorXd values(static_cast<Eigen::Index>(n_own + earlier.scores.size()));
      // Few results beside those of earlier studies count, as theirs do, by rank.
      const bool by_rank = !earlier.x.empty() && n_own < static_cast<size_t>(params_.n_startup_trials);
      values << (by_rank ? normal_scores(own) : results_of(own, rules.bends_results)),
          Eigen::Map<const Eigen::VectorXd>(earlier.scores.data(), static_cast<Eigen::Index>(earlier.scores.size()));
      return values;
    };
    const GaussianProcessParams& params = cache.params(name, {trials.rows.begin(), trials.rows.begin() + static_cast<ptrdiff_t>(n)},
                                                       points_of(space_, trials.x, n, earlier), values_of(n), rules);
    GaussianProcess process(points_of(space_, trials.x, trials.x.size(), earlier), values_of(losses.size()), params);
    std::vector<Eigen::VectorXd> x;
    std::vector<double> believed;
    for (const uint32_t row : history_.running())
      if (row != static_cast<uint32_t>(trial.number))
        if (const auto running = space_.of_row(history_, row)) {
          x.push_back(with_study(*running, !earlier_.x.empty()));
          believed.push_back(process.at(x.back(), false).mean);
        }
    if (is_objective) add_failed(trials, process.results().minCoeff(), x, believed);
    return x.empty() ? process : process.having_seen(x, believed);
  }

  // Failed trials, the newest of them, are taken to be as bad as the worst.
  void add_failed(const GpTrials& trials, double worst, std::vector<Eigen::VectorXd>& x, std::vector<double>& believed) const {
    const std::vector<uint32_t>& failed = history_.failed();
    size_t n_left = std::min(failed.size(), kMostTrials - std::min(kMostTrials, trials.rows.size()) / 2);
    for (size_t i = failed.size(); i-- > 0 && n_left > 0;)
      if (const auto there = space_.of_row(history_, failed[i])) {
        believed.push_back(worst);
        x.push_back(with_study(*there, !earlier_.x.empty()));
        --n_left;
      }
  }

  // Without terms where the trials tell of no direction: equal results, and constraints that hold.
  Acquisition acquisition_of(const GpTrials& trials, const TrialRecord& trial, GpCache& cache) const {
    Acquisition acquisition;
    std::vector<double> losses;
    std::vector<std::string> names;
    for (const uint32_t row : trials.rows) {
      losses.push_back(history_.loss(history_.trial(row)));
      for (const auto& [name, value] : history_.trial(row).constraints)
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    GaussianProcess process = process_of("", trials, losses, trial, cache);
    double best = -std::numeric_limits<double>::infinity();
    const bool is_noisy = process.params().noise > kNoisy;
    for (size_t i = 0; i < trials.rows.size(); ++i)
      if (history_.trial(trials.rows[i]).violation() == 0)
        best = std::max(best, is_noisy ? process.at(trials.x[i], false).mean : process.results()[static_cast<Eigen::Index>(i)]);
    if (std::isfinite(best) && process.results().isZero(0)) return acquisition;
    if (std::isfinite(best)) acquisition.add({std::move(process), best, true});
    for (const std::string& name : names) add_constraint(acquisition, name, trials, trial, cache);
    return acquisition;
  }

  // The probability that a constraint holds; trials that do not say are taken to hold it just so.
  void add_constraint(Acquisition& acquisition, const std::string& name, const GpTrials& trials, const TrialRecord& trial,
                      GpCache& cache) const {
    std::vector<double> values;
    for (const uint32_t row : trials.rows) {
      values.push_back(0);
      for (const auto& [known, value] : history_.trial(row).constraints)
        if (known == name) values.back() = value;
    }
    double mean = 0, spread = 0;
    std::vector<double> finite;
    for (const double value : values)
      if (std::isfinite(value)) finite.push_back(value);
    if (finite.empty()) return;
    const auto [least, most] = std::minmax_element(finite.begin(), finite.end());
    const double scale = scale_of(*least, *most);
    for (double& value : finite) value /= scale;
    for (const double value : finite) mean += value / static_cast<double>(finite.size());
    for (const double value : finite) spread += (value - mean) * (value - mean) / static_cast<double>(finite.size());
    if (!(spread > 0)) return;
    GaussianProcess process = process_of("constraint " + name, trials, values, trial, cache);
    acquisition.add({std::move(process), mean / std::sqrt(spread), false});
  }

  // Where the acquisition is greatest among points that no trial has tried, if there is one; none where it is a number nowhere.
  std::optional<Eigen::VectorXd> best_point(const Acquisition& acquisition, const GpTrials& trials, uint64_t key) const {
    const auto d = static_cast<Eigen::Index>(space_.size());
    std::vector<size_t> order(trials.rows.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      const TrialRecord &one = history_.trial(trials.rows[a]), &other = history_.trial(trials.rows[b]);
      return std::pair(one.violation(), history_.loss(one)) < std::pair(other.violation(), history_.loss(other));
    });
    const size_t n_best = std::min<size_t>(5, order.size());
    Eigen::MatrixXd raw = Eigen::MatrixXd::Zero(kRawPoints + static_cast<Eigen::Index>(n_best * (kPerturbed + 1)), trials.x[0].size());
    const std::vector<double> shares = sobol_shares(key, kRawPoints, space_.size());
    for (size_t i = 0; i < space_.size(); ++i) {
      const CoordinateWarp warp = acquisition.warp(i);
      for (Eigen::Index k = 0; k < kRawPoints; ++k) {
        double share = shares[static_cast<size_t>(k) * space_.size() + i];
        if (k % 2 == 1 && !space_.is_choice(i) && !warp.is_straight()) share = warp.back(share);  // every other is even on that scale
        raw(k, static_cast<Eigen::Index>(i)) = space_.coordinate(i, space_.of(i).at_share(share));
      }
    }
    RandomStream stream(key, "about the best");
    Eigen::Index at = kRawPoints;
    for (size_t b = 0; b < n_best; ++b) {
      raw.row(at++) = trials.x[order[b]].transpose();
      for (size_t k = 0; k < kPerturbed; ++k, ++at) {
        const double reach = 0.1 * std::pow(10, -2 * stream.uniform());  // near the best the peaks are narrow
        for (size_t i = 0; i < space_.size(); ++i) {
          const double x = trials.x[order[b]][static_cast<Eigen::Index>(i)];
          const bool moves = stream.uniform() < std::max(0.5, 2.0 / static_cast<double>(d));
          const double there =
              space_.is_choice(i) ? space_.of(i).at_share(stream.uniform()) : space_.rounded(i, x + reach * stream.normal());
          raw(at, static_cast<Eigen::Index>(i)) = moves ? there : x;
        }
      }
    }
    const Eigen::VectorXd told = acquisition.at_rows(raw);
    const std::vector<Eigen::Index> starts = starts_of(told, stream);
    std::pair<Eigen::VectorXd, double> best{raw.row(starts[0]).transpose(), told[starts[0]]};
    if (!std::isfinite(best.second)) return std::nullopt;
    std::optional<std::pair<Eigen::VectorXd, double>> fresh;
    const auto offer = [&](Eigen::VectorXd x, double value) {
      const bool is_fresh = (!fresh || value > fresh->second) && !is_tried(trials, x);
      if (is_fresh) fresh = {x, value};
      if (value > best.second) best = {std::move(x), value};
    };
    for (const Eigen::Index start : starts) {
      auto found = climb(space_, acquisition, raw.row(start).transpose());
      offer(std::move(found.first), found.second);
    }
    if (fresh) return fresh->first;
    for (Eigen::Index i = 0; i < raw.rows(); ++i) offer(raw.row(i).transpose(), told[i]);
    return fresh ? fresh->first : best.first;
  }

  bool is_tried(const GpTrials& trials, const Eigen::VectorXd& x) const {
    return std::ranges::any_of(trials.x, [&](const Eigen::VectorXd& tried) { return (tried - x).isZero(kSameCoordinate); }) ||
           std::ranges::any_of(history_.failed(),
                               [&](uint32_t row) { return space_.is_at(history_, row, x.head(static_cast<Eigen::Index>(space_.size()))); });
  }

  // The best point, and others by chance: the better, the likelier.
  static std::vector<Eigen::Index> starts_of(const Eigen::VectorXd& told, RandomStream& stream) {
    Eigen::Index first = 0;
    const double most = told.maxCoeff(&first);
    std::vector<std::pair<double, Eigen::Index>> keys;  // the greatest keys are a draw without replacement
    for (Eigen::Index i = 0; i < told.size(); ++i)
      keys.emplace_back(i == first ? -std::numeric_limits<double>::infinity()
                                   : std::log(-std::log(std::max(stream.uniform(), 1e-300))) - (told[i] - most),
                        i);
    std::sort(keys.begin(), keys.end());
    std::vector<Eigen::Index> starts;
    for (size_t i = 0; i < std::min(kStarts, keys.size()); ++i) starts.push_back(keys[i].second);
    if (starts[0] != first) starts.insert(starts.begin(), first);
    return starts;
  }

  const GpSamplerParams& params_;
  const History& history_;
  GpSpace space_;
  EarlierStudies::Points earlier_;
  std::unique_ptr<Proposal> others_;
  std::vector<std::pair<uint32_t, double>> planned_;
};

class GpSampler final : public Sampler {
 public:
  explicit GpSampler(GpSamplerParams params) : params_(std::move(params)), earlier_(params_.earlier_trials, "gp.earlier_trials") {}

  std::unique_ptr<Proposal> propose(const History& history, const TrialRecord& trial, int attempt, SamplerCache* cache) const override {
    if (history.directions().size() != 1)
      throw Error(ErrorCode::BadValue, "sampler 'gp' takes one objective; the study has " + std::to_string(history.directions().size()),
                  "Use tpe, nsga2 or nsga3.");
    const auto seed = static_cast<uint64_t>(params_.seed);
    const auto n_complete = std::count_if(history.finished().begin(), history.finished().end(),
                                          [&](uint32_t row) { return history.trial(row).state == TrialState::Complete; });
    auto uniform =
        attempt == 0 ? propose_sobol(seed, static_cast<uint64_t>(trial.number)) : propose_uniform(history, seed, trial.number, attempt);
    if (n_complete < (earlier_.is_empty() ? params_.n_startup_trials : 1) || attempt > 2) return uniform;
    return std::make_unique<GpProposal>(params_, history, trial, attempt, static_cast<GpCache&>(*cache), earlier_, std::move(uniform));
  }

  std::unique_ptr<SamplerCache> make_cache() const override { return std::make_unique<GpCache>(); }

 private:
  GpSamplerParams params_;
  EarlierStudies earlier_;
};

}  // namespace

void register_gp(Catalog<Sampler>& catalog) {
  catalog.add<GpSampler, GpSamplerParams>("gp", "A Gaussian process: for few, costly trials.");
}

}  // namespace kolosal
