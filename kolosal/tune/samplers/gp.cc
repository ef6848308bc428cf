// Bayesian optimisation: a Gaussian process of the finished trials says where an improvement is to be expected.
//
// Rules    The space is that of the parameters that every finished trial has had; other parameters are uniform. The first trials are
//          points of a Sobol sequence. A parameter lies from 0 to 1 in its scale; choices are apart from each other by 1. Results are
//          standardised (infinite ones become the worst or best finite), and with `warp_output` those worse than the median drawn in. The
//          trial is where the logarithm of the expected improvement on the best trial, plus that of the probability that each constraint
//          holds, is greatest: of points of a Sobol sequence and points about the best trials the best go uphill, coordinates with steps by
//          trying values; a point that was tried is taken only where no other is met. While results are all equal trials go on as the
//          first. Running trials count as if they gave what the process expects. Of many trials the best and the newest are used. Weights
//          of the kernel are found anew when there are a twentieth more trials, so they are a function of the history.
// Cost     O(n^2) for each point looked at, of some thousands; O(n^3) for each step of the fit.
// Source   Jones et al., J. Global Optim. 13, 1998; Ament et al., arXiv:2310.20708 (logarithm); Ginsbourger et al., 2010 (believer);
//          Song et al., arXiv:2408.11527 (half-rank warping); the priors of Optuna 5.
// Checked  gaussian_process_test.cc and study_test.cc; quality against Optuna in benchmarks/tuner.py.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>

#include "kolosal/base/random.h"
#include "kolosal/tune/sampler.h"
#include "kolosal/tune/samplers/box_minimum-inl.h"
#include "kolosal/tune/samplers/gaussian_process-inl.h"
#include "kolosal/tune/samplers/gp_space-inl.h"

namespace kolosal {
namespace {

constexpr size_t kMostTrials = 400;        // that the process sees
constexpr Eigen::Index kRawPoints = 1024;  // of a Sobol sequence
constexpr size_t kPerturbed = 10;          // points about each of the best trials
constexpr size_t kStarts = 8;              // points that go uphill
constexpr double kFewValues = 16;          // a coordinate with as many is tried through
constexpr size_t kFittedAnew = 60;         // trials up to which each new one lets the parameters be found anew
constexpr int kCycles = 6;
constexpr double kNoisy = 1e-2;  // variance from which the best trial is the one that the process holds to be best

struct GpSamplerParams {
  int64_t seed = 0;
  int n_startup_trials = 10;
  bool deterministic_objective = false;
  bool warp_output = false;
};
void describe(Fields<GpSamplerParams>& f) {
  f.add("seed", &GpSamplerParams::seed, "Which random numbers are drawn.");
  f.add("n_startup_trials", &GpSamplerParams::n_startup_trials, "Complete trials that there must be before the process is used.").min(1);
  f.add("deterministic_objective", &GpSamplerParams::deterministic_objective, "Whether the same parameters always give the same value.");
  f.add("warp_output", &GpSamplerParams::warp_output, "Whether results worse than the median are drawn in: for objectives with outliers.");
}

// What numbers from `least` to `most` are divided by before they are added or squared: 1, or what keeps that from overflowing.
double scale_of(double least, double most) {
  const double greatest = std::max(std::abs(least), std::abs(most));
  return greatest > 1e100 ? greatest : 1;
}

// Results with mean 0 and variance 1, more is better; all 0 where they are equal.
Eigen::VectorXd standardised(std::vector<double> losses, bool warp) {
  double least = std::numeric_limits<double>::infinity(), most = -least;
  for (const double loss : losses)
    if (std::isfinite(loss)) {
      least = std::min(least, loss);
      most = std::max(most, loss);
    }
  if (least > most) least = most = 0;
  if (least == most) return Eigen::VectorXd::Zero(static_cast<Eigen::Index>(losses.size()));
  const double scale = scale_of(least, most);
  for (double& loss : losses) loss = std::clamp(loss, least, most) / scale;
  if (warp && losses.size() > 2) {  // the worse half as far from the median as its ranks say, in spreads of the better half
    std::vector<size_t> order(losses.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return losses[a] < losses[b]; });
    const size_t half = losses.size() / 2;
    const double median = losses[order[half]];
    double spread = 0;
    for (size_t i = 0; i < half; ++i) spread += (losses[order[i]] - median) * (losses[order[i]] - median);
    spread = std::sqrt(spread / static_cast<double>(half));
    for (size_t i = half + 1; i < losses.size() && spread > 0; ++i)
      losses[order[i]] =
          std::min(losses[order[i]], median + 2 * spread * static_cast<double>(i - half) / static_cast<double>(losses.size() - half));
  }
  Eigen::VectorXd y = -Eigen::Map<const Eigen::VectorXd>(losses.data(), static_cast<Eigen::Index>(losses.size()));
  y.array() -= y.mean();
  return y / std::max(std::sqrt(y.squaredNorm() / static_cast<double>(y.size())), 1e-10);
}

// A process and what is asked of it: an improvement on `bound`, or a value above it.
struct Term {
  GaussianProcess process;
  double bound;
  bool improves;
};

// The sum of the terms: what is made greatest.
class Acquisition {
 public:
  void add(Term term) { terms_.push_back(std::move(term)); }
  bool is_empty() const noexcept { return terms_.empty(); }

  double at(const Eigen::VectorXd& x, Eigen::VectorXd* gradient) const {
    double sum = 0;
    if (gradient != nullptr) gradient->setZero(x.size());
    for (const Term& term : terms_) {
      const GaussianPrediction told = term.process.at(x, gradient != nullptr);
      const double deviation = std::sqrt(told.variance), z = (told.mean - term.bound) / deviation;
      if (term.improves) {
        const LogImprovement improvement = log_improvement(z);
        sum += std::log(deviation) + improvement.value;
        if (gradient != nullptr)
          *gradient +=
              (improvement.by_mean * told.mean_gradient + improvement.by_deviation / (2 * deviation) * told.variance_gradient) / deviation;
      } else {
        const auto [value, slope] = log_normal_share(z);
        sum += value;
        if (gradient != nullptr) *gradient += slope / deviation * (told.mean_gradient - z / (2 * deviation) * told.variance_gradient);
      }
    }
    return sum;
  }

  // What is no number counts as the least.
  Eigen::VectorXd at_rows(const Eigen::MatrixXd& x) const {
    Eigen::VectorXd sum = Eigen::VectorXd::Zero(x.rows()), mean, variance;
    for (const Term& term : terms_) {
      term.process.at_rows(x, mean, variance);
      for (Eigen::Index i = 0; i < x.rows(); ++i) {
        const double deviation = std::sqrt(variance[i]), z = (mean[i] - term.bound) / deviation;
        sum[i] += term.improves ? std::log(deviation) + log_improvement(z).value : log_normal_share(z).first;
      }
    }
    for (double& one : sum)
      if (std::isnan(one)) one = -std::numeric_limits<double>::infinity();
    return sum;
  }

 private:
  std::vector<Term> terms_;
};

// Looks for the greatest acquisition.
class Climb {
 public:
  Climb(const GpSpace& space, const Acquisition& acquisition) : space_(space), acquisition_(acquisition) {}

  // From a point whose coordinates with steps are on them.
  std::pair<Eigen::VectorXd, double> from(Eigen::VectorXd x) const {
    double value = acquisition_.at(x, nullptr);
    for (int cycle = 0; cycle < kCycles; ++cycle) {
      const double before = value;
      slide(x, value);
      for (size_t i = 0; i < space_.size(); ++i)
        if (space_.has_steps(i)) step(i, x, value);
      if (!(value > before + 1e-6)) break;
    }
    return {std::move(x), value};
  }

 private:
  // Coordinates without steps go uphill.
  void slide(Eigen::VectorXd& x, double& value) const {
    Eigen::VectorXd low = x, high = x;
    bool slides = false;
    for (size_t i = 0; i < space_.size(); ++i) {
      if (space_.has_steps(i)) continue;
      slides = true;
      low[static_cast<Eigen::Index>(i)] = 0;
      high[static_cast<Eigen::Index>(i)] = 1;
    }
    if (!slides) return;
    const auto function = [&](const Eigen::VectorXd& at, Eigen::VectorXd& gradient) {
      const double told = acquisition_.at(at, &gradient);
      gradient = -gradient;
      for (size_t i = 0; i < space_.size(); ++i)
        if (space_.has_steps(i)) gradient[static_cast<Eigen::Index>(i)] = 0;
      return -told;
    };
    BoxMinimum found = box_minimum(function, x, low, high, 1e-2, 100);
    if (-found.value > value) {
      x = std::move(found.x);
      value = -found.value;
    }
  }

  // A coordinate with steps: all its values where they are few, else ever smaller strides.
  void step(size_t i, Eigen::VectorXd& x, double& value) const {
    const Distribution& d = space_.of(i);
    const auto at = static_cast<Eigen::Index>(i);
    const auto attempt = [&](double inside) {
      if (inside < d.low || inside > d.high) return false;
      const double had = x[at];
      x[at] = space_.coordinate(i, inside);
      if (const double told = acquisition_.at(x, nullptr); told > value) {
        value = told;
        return true;
      }
      x[at] = had;
      return false;
    };
    if (space_.is_choice(i) || d.n_values() <= kFewValues) {
      for (double k = 0; k < d.n_values(); ++k) attempt(d.low + k * d.step);
      return;
    }
    for (double stride = std::exp2(std::floor(std::log2(d.n_values() / 2))); stride >= 1; stride /= 2) {
      const double inside = space_.inside(i, x[at]);
      if (!attempt(inside + stride * d.step)) attempt(inside - stride * d.step);
    }
  }

  const GpSpace& space_;
  const Acquisition& acquisition_;
};

// The trials that a proposal is made from.
struct GpTrials {
  std::vector<uint32_t> rows;  // of complete trials that have all parameters, in the order in which they ended
  std::vector<Eigen::VectorXd> x;
};

GpTrials trials_of(const History& history, const GpSpace& space) {
  GpTrials all;
  for (const uint32_t row : history.finished()) {
    if (history.trial(row).state != TrialState::Complete) continue;
    if (auto x = space.of_row(history, row)) {
      all.rows.push_back(row);
      all.x.push_back(std::move(*x));
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

GaussianProcessPoints points_of(const GpSpace& space, const std::vector<Eigen::VectorXd>& x, size_t n) {
  GaussianProcessPoints points;
  points.x.resize(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(space.size()));
  for (size_t i = 0; i < n; ++i) points.x.row(static_cast<Eigen::Index>(i)) = x[i].transpose();
  for (size_t i = 0; i < space.size(); ++i) points.is_choice.push_back(space.is_choice(i));
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
                                      const Eigen::VectorXd& y, bool deterministic) {
    auto& [known_rows, params] = known_[name];
    if (known_rows != rows || params.weights.size() != points.x.cols()) {
      params = likeliest_params(points, y, deterministic);
      known_rows = rows;
    }
    return params;
  }

 private:
  std::map<std::string, std::pair<std::vector<uint32_t>, GaussianProcessParams>> known_;
};

class GpProposal final : public Proposal {
 public:
  GpProposal(const GpSamplerParams& params, const History& history, const TrialRecord& trial, int attempt, GpCache& cache,
             std::unique_ptr<Proposal> others)
      : params_(params), history_(history), space_(history.intersection()), others_(std::move(others)) {
    const GpTrials trials = trials_of(history, space_);
    if (space_.size() == 0 || trials.rows.empty()) return;
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
                             GpCache& cache, Eigen::VectorXd& y) const {
    const bool warp = params_.warp_output && name.empty();
    y = standardised(losses, warp);
    const size_t n = n_fitted(losses.size());
    const GaussianProcessParams& params =
        cache.params(name, {trials.rows.begin(), trials.rows.begin() + static_cast<ptrdiff_t>(n)}, points_of(space_, trials.x, n),
                     standardised({losses.begin(), losses.begin() + static_cast<ptrdiff_t>(n)}, warp), params_.deterministic_objective);
    GaussianProcess process(points_of(space_, trials.x, trials.x.size()), y, params);
    std::vector<Eigen::VectorXd> x = trials.x;
    std::vector<double> believed(y.begin(), y.end());
    for (const uint32_t row : history_.running())
      if (row != static_cast<uint32_t>(trial.number))
        if (const auto running = space_.of_row(history_, row)) {
          believed.push_back(process.at(*running, false).mean);
          x.push_back(*running);
        }
    if (x.size() == trials.x.size()) return process;
    return {points_of(space_, x, x.size()), Eigen::Map<const Eigen::VectorXd>(believed.data(), static_cast<Eigen::Index>(believed.size())),
            params};
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
    Eigen::VectorXd y;
    GaussianProcess process = process_of("", trials, losses, trial, cache, y);
    double best = -std::numeric_limits<double>::infinity();
    const bool is_noisy = process.params().noise > kNoisy;
    for (size_t i = 0; i < trials.rows.size(); ++i)
      if (history_.trial(trials.rows[i]).violation() == 0)
        best = std::max(best, is_noisy ? process.at(trials.x[i], false).mean : y[static_cast<Eigen::Index>(i)]);
    if (std::isfinite(best) && y.isZero(0)) return acquisition;
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
    Eigen::VectorXd y;
    GaussianProcess process = process_of("constraint " + name, trials, values, trial, cache, y);
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
    Eigen::MatrixXd raw(kRawPoints + static_cast<Eigen::Index>(n_best * (kPerturbed + 1)), d);
    for (Eigen::Index k = 0; k < kRawPoints; ++k) {
      const auto point = propose_sobol(key, static_cast<uint64_t>(k));
      for (size_t i = 0; i < space_.size(); ++i)
        raw(k, static_cast<Eigen::Index>(i)) = space_.coordinate(i, point->value(static_cast<uint32_t>(i), space_.of(i)));
    }
    RandomStream stream(key, "about the best");
    Eigen::Index at = kRawPoints;
    for (size_t b = 0; b < n_best; ++b) {
      raw.row(at++) = trials.x[order[b]].transpose();
      for (size_t k = 0; k < kPerturbed; ++k, ++at)
        for (size_t i = 0; i < space_.size(); ++i) {
          const double x = trials.x[order[b]][static_cast<Eigen::Index>(i)];
          const bool moves = stream.uniform() < std::max(0.5, 2.0 / static_cast<double>(d));
          const double there = space_.is_choice(i) ? space_.of(i).at_share(stream.uniform()) : space_.rounded(i, x + 0.1 * stream.normal());
          raw(at, static_cast<Eigen::Index>(i)) = moves ? there : x;
        }
    }
    const Eigen::VectorXd told = acquisition.at_rows(raw);
    const std::vector<Eigen::Index> starts = starts_of(told, stream);
    const Climb climb(space_, acquisition);
    std::pair<Eigen::VectorXd, double> best{raw.row(starts[0]).transpose(), told[starts[0]]};
    if (!std::isfinite(best.second)) return std::nullopt;
    std::optional<std::pair<Eigen::VectorXd, double>> fresh;
    const auto offer = [&](Eigen::VectorXd x, double value) {
      const bool is_fresh = (!fresh || value > fresh->second) && !is_tried(trials, x);
      if (is_fresh) fresh = {x, value};
      if (value > best.second) best = {std::move(x), value};
    };
    for (const Eigen::Index start : starts) {
      auto found = climb.from(raw.row(start).transpose());
      offer(std::move(found.first), found.second);
    }
    if (fresh) return fresh->first;
    for (Eigen::Index i = 0; i < raw.rows(); ++i) offer(raw.row(i).transpose(), told[i]);
    return fresh ? fresh->first : best.first;
  }

  static bool is_tried(const GpTrials& trials, const Eigen::VectorXd& x) {
    return std::any_of(trials.x.begin(), trials.x.end(), [&](const Eigen::VectorXd& tried) { return (tried - x).isZero(1e-9); });
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
  std::unique_ptr<Proposal> others_;
  std::vector<std::pair<uint32_t, double>> planned_;
};

class GpSampler final : public Sampler {
 public:
  explicit GpSampler(GpSamplerParams params) : params_(params) {}

  std::unique_ptr<Proposal> propose(const History& history, const TrialRecord& trial, int attempt, SamplerCache* cache) const override {
    if (history.directions().size() != 1)
      throw Error(ErrorCode::BadValue, "sampler 'gp' takes one objective; the study has " + std::to_string(history.directions().size()),
                  "Use tpe, nsga2 or nsga3.");
    const auto seed = static_cast<uint64_t>(params_.seed);
    const auto n_complete = std::count_if(history.finished().begin(), history.finished().end(),
                                          [&](uint32_t row) { return history.trial(row).state == TrialState::Complete; });
    auto uniform =
        attempt == 0 ? propose_sobol(seed, static_cast<uint64_t>(trial.number)) : propose_uniform(history, seed, trial.number, attempt);
    if (n_complete < params_.n_startup_trials || attempt > 2) return uniform;
    return std::make_unique<GpProposal>(params_, history, trial, attempt, static_cast<GpCache&>(*cache), std::move(uniform));
  }

  std::unique_ptr<SamplerCache> make_cache() const override { return std::make_unique<GpCache>(); }

 private:
  GpSamplerParams params_;
};

}  // namespace

void register_gp(Catalog<Sampler>& catalog) {
  catalog.add<GpSampler, GpSamplerParams>("gp", "A Gaussian process: for few, costly trials.");
}

}  // namespace kolosal
