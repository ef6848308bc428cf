// CMA-ES: a normal distribution over the numeric parameters follows the best trials, generation by generation.
//
// Rules    The space is that of the numbers that every finished trial has had; other parameters, and all of the first trials, are uniform.
// It
//          is looked at in the scale of each parameter, from 0 to 1. Points outside are drawn again some times, then moved to the border.
//          A generation ends with its last complete trial; a trial of an earlier one that comes late counts as one of the generation that
//          there is. Where a run has converged another begins at a random place: with twice as many trials a generation (IPOP), or
//          (BIPOP) in turn with few and a small step, by which of both has used fewer trials. Trials whose constraints fail come last.
// Cost     O(d^2) a trial, and O(d^3) a generation; see cma_distribution-inl.h.
// Source   Hansen, arXiv:1604.00772; Auger and Hansen, CEC 2005 (IPOP); Hansen, GECCO 2009 (BIPOP); Nomura et al., "Warm starting CMA-ES",
//          AAAI 2021.
// Checked  cma_test.cc and sampler_test.cc; quality against Optuna in benchmarks/tuner.py.
#include <algorithm>
#include <cmath>
#include <optional>

#include "kolosal/tune/sampler.h"
#include "kolosal/tune/samplers/cma_distribution-inl.h"

namespace kolosal {
namespace {

constexpr size_t kSeparableFrom = 100;  // dimensions
constexpr double kWarmShare = 0.1;      // of the trials there are that a warm start begins with
constexpr double kWarmSpread = 0.1;

enum class CmaRestarts { None, Ipop, Bipop };
const auto& enum_names(CmaRestarts) {
  static constexpr std::pair<CmaRestarts, std::string_view> names[] = {
      {CmaRestarts::None, "none"}, {CmaRestarts::Ipop, "ipop"}, {CmaRestarts::Bipop, "bipop"}};
  return names;
}

struct CmaSamplerParams {
  int64_t seed = 0;
  int n_startup_trials = 1;
  std::optional<int> population_size;
  Value x0 = Value::Object{};
  double sigma0 = 1.0 / 6;
  CmaRestarts restarts = CmaRestarts::Bipop;
  std::optional<bool> separable;
  bool with_margin = true;
  bool warm_start = false;
};
void describe(Fields<CmaSamplerParams>& f) {
  f.add("seed", &CmaSamplerParams::seed, "Which random numbers are drawn.");
  f.add("n_startup_trials", &CmaSamplerParams::n_startup_trials, "Complete trials that there must be before the first generation.").min(1);
  f.add("population_size", &CmaSamplerParams::population_size, "Trials of a generation; null: by the number of parameters.").min(4);
  f.add("x0", &CmaSamplerParams::x0, "Values by name of parameters at which the first run begins; others begin in the middle.");
  f.add("sigma0", &CmaSamplerParams::sigma0, "Standard deviation at first, in shares of a parameter's range.").above(0);
  f.add("restarts", &CmaSamplerParams::restarts, "What follows when a run has converged.");
  f.add("separable", &CmaSamplerParams::separable, "Whether only variances are learnt; null: where there are more than 100 parameters.");
  f.add("with_margin", &CmaSamplerParams::with_margin, "Whether integers and steps are kept from getting stuck on one value.");
  f.add("warm_start", &CmaSamplerParams::warm_start,
        "Whether to begin with the distribution of the best tenth of the trials that there are.");
}

// The numeric parameters as coordinates from 0 to 1.
class Coordinates {
 public:
  Coordinates() = default;
  explicit Coordinates(const Subspace& shared) {
    for (const auto& member : shared)
      if (!member.second->is_unordered()) space_.push_back(member);
  }

  size_t size() const noexcept { return space_.size(); }
  const Subspace& space() const noexcept { return space_; }
  bool operator==(const Coordinates& other) const {
    return std::equal(space_.begin(), space_.end(), other.space_.begin(), other.space_.end(),
                      [](const auto& a, const auto& b) { return a.first == b.first && *a.second == *b.second; });
  }

  double inside(size_t i, double x) const {
    const Distribution& d = *space_[i].second;
    return d.at_place(d.scaled_low() + std::clamp(x, 0.0, 1.0) * (d.scaled_high() - d.scaled_low()));
  }
  double coordinate(size_t i, double inside) const {
    const Distribution& d = *space_[i].second;
    return (d.place(inside) - d.scaled_low()) / (d.scaled_high() - d.scaled_low());
  }
  // The coordinates of a trial; none where it lacks a parameter or lies outside.
  std::optional<Eigen::VectorXd> of(const History& history, uint32_t row) const {
    Eigen::VectorXd x(static_cast<Eigen::Index>(size()));
    for (size_t i = 0; i < size(); ++i) {
      const std::vector<double>& places = history.parameters()[space_[i].first].places;
      const Distribution& d = *space_[i].second;
      const double low = d.scaled_low(), high = d.scaled_high();
      if (row >= places.size() || !(places[row] >= low && places[row] <= high)) return std::nullopt;
      x[static_cast<Eigen::Index>(i)] = (places[row] - low) / (high - low);
    }
    return x;
  }
  static std::pair<double, double> cell(const void* self, size_t i, double x) {
    const auto& here = *static_cast<const Coordinates*>(self);
    const Distribution& d = *here.space_[i].second;
    if (d.step == 0) return {std::nan(""), std::nan("")};
    const double inside = here.inside(i, x), inf = std::numeric_limits<double>::infinity();
    return {inside - d.step / 2 < d.low ? -inf : here.coordinate(i, inside - d.step / 2),
            inside + d.step / 2 > d.high ? inf : here.coordinate(i, inside + d.step / 2)};
  }

 private:
  Subspace space_;
};

class CmaCache final : public SamplerCache {
 public:
  explicit CmaCache(const CmaSamplerParams& params) : params_(params) {}

  // Takes in what has ended since, one by one: where a run begins depends on nothing that came later.
  void update(const History& history) {
    for (; n_seen_ < history.finished().size(); ++n_seen_) {
      const uint32_t row = history.finished()[n_seen_];
      const TrialRecord& trial = history.trial(row);
      const bool narrower = narrow(trial);
      if (trial.state == TrialState::Complete) {
        ++n_complete_;
        if (distribution_ && trial.generation >= first_generation_) take(history, row);
      }
      if (n_complete_ >= params_.n_startup_trials && (narrower || n_complete_ == params_.n_startup_trials)) begin_in(history);
    }
  }

  // The point of a trial, drawn again from the same distribution it is the same.
  Eigen::VectorXd point(uint64_t key) const {
    RandomStream stream(key, "point");
    Eigen::VectorXd x = distribution_->draw(stream);
    for (size_t i = 0; i < 10 * coordinates.size() && ((x.array() < 0).any() || (x.array() > 1).any()); ++i)
      x = distribution_->draw(stream);
    return x.cwiseMax(0).cwiseMin(1);
  }
  uint64_t key(int64_t number, int attempt) const {
    return derive_seed(derive_seed(static_cast<uint64_t>(params_.seed), "cma", static_cast<uint64_t>(number)), "attempt",
                       static_cast<uint64_t>(attempt));
  }
  bool is_ready() const noexcept { return distribution_.has_value(); }

  Coordinates coordinates;
  int generation = 0;  // of the trials to come, counted through all runs; trials that are not drawn here have 0

 private:
  void take(const History& history, uint32_t row) {
    const auto placed = coordinates.of(history, row);
    if (!placed) return;
    const TrialRecord& trial = history.trial(row);
    // What was drawn, and not what it was rounded to, moves the distribution.
    Eigen::VectorXd x = *placed;
    if (trial.generation == generation) {
      const Eigen::VectorXd drawn = point(key(trial.number, 0));
      bool same = true;
      for (size_t i = 0; i < coordinates.size(); ++i) {
        const auto at = static_cast<Eigen::Index>(i);
        same = same && std::abs(coordinates.coordinate(i, coordinates.inside(i, drawn[at])) - x[at]) < 1e-9;
      }
      if (same) x = drawn;
    }
    points_.push_back({std::move(x), trial.violation(), history.loss(trial)});
    ++(is_small_ ? used_small_ : used_large_);
    if (points_.size() < distribution_->n_points()) return;
    distribution_->update(std::move(points_));
    points_.clear();
    ++generation;
    if (params_.restarts != CmaRestarts::None && distribution_->has_converged()) begin_run(nullptr);
    else if (params_.with_margin) distribution_->widen(Coordinates::cell, &coordinates);
  }

  // Leaves in the space what this trial has had as well; whether anything went.
  bool narrow(const TrialRecord& trial) {
    const auto has = [&](const auto& member) {
      return std::any_of(trial.parameters.begin(), trial.parameters.end(), [&](const TrialParameter& had) {
        return had.parameter == member.first && (had.distribution == member.second || *had.distribution == *member.second);
      });
    };
    if (!narrowed_) {
      narrowed_ = true;
      for (const TrialParameter& had : trial.parameters)
        if (!had.distribution->is_single()) shared_.emplace_back(had.parameter, had.distribution);
      std::sort(shared_.begin(), shared_.end(), [](const auto& one, const auto& other) { return one.first < other.first; });
      return true;
    }
    return std::erase_if(shared_, [&](const auto& member) { return !has(member); }) > 0;
  }

  // Begins with the first run where the space is another.
  void begin_in(const History& history) {
    Coordinates narrowed(shared_);
    if (narrowed == coordinates) return;
    coordinates = std::move(narrowed);
    n_runs_ = 0;
    used_large_ = used_small_ = 0;
    if (coordinates.size() > 0) begin_run(&history);
    else distribution_.reset();
  }

  void begin_run(const History* history) {
    const auto d = static_cast<double>(coordinates.size());
    const size_t usual =
        params_.population_size ? static_cast<size_t>(*params_.population_size) : static_cast<size_t>(4 + std::floor(3 * std::log(d)));
    RandomStream stream(static_cast<uint64_t>(params_.seed), "cma run", static_cast<uint64_t>(n_runs_));
    size_t n_points = usual;
    double sigma = params_.sigma0;
    is_small_ = params_.restarts == CmaRestarts::Bipop && n_runs_ > 0 && used_small_ < used_large_;
    if (n_runs_ == 0) n_large_ = 0;
    else if (!is_small_) ++n_large_;
    const double large = static_cast<double>(usual) * std::pow(2.0, n_large_);
    if (is_small_) {
      const double u = stream.uniform();
      n_points =
          std::max<size_t>(4, static_cast<size_t>(static_cast<double>(usual) * std::pow(0.5 * large / static_cast<double>(usual), u * u)));
      sigma *= std::pow(10.0, -2 * stream.uniform());
    } else n_points = static_cast<size_t>(large);
    Eigen::VectorXd mean = Eigen::VectorXd::Constant(static_cast<Eigen::Index>(coordinates.size()), 0.5);
    if (n_runs_ > 0)
      for (double& each : mean) each = stream.uniform();
    else if (history != nullptr) {
      if (params_.warm_start) warm(*history, mean, sigma);
      place(*history, mean);
    }
    distribution_.emplace(std::move(mean), sigma, n_points, params_.separable.value_or(coordinates.size() > kSeparableFrom));
    if (params_.with_margin) distribution_->widen(Coordinates::cell, &coordinates);
    points_.clear();
    first_generation_ = ++generation;
    ++n_runs_;
  }

  // What the first run is told to begin at.
  void place(const History& history, Eigen::VectorXd& mean) const {
    for (size_t i = 0; i < coordinates.size(); ++i) {
      const auto& [parameter, distribution] = coordinates.space()[i];
      const std::string& name = history.parameters()[parameter].name;
      if (const Value* given = params_.x0.find(name))
        mean[static_cast<Eigen::Index>(i)] = coordinates.coordinate(i, distribution->inside("cmaes.x0: " + name, *given));
    }
  }

  // The mean and the spread of the best trials.
  void warm(const History& history, Eigen::VectorXd& mean, double& sigma) const {
    std::vector<CmaPoint> known;
    for (size_t i = 0; i <= n_seen_; ++i) {
      const uint32_t row = history.finished()[i];
      const TrialRecord& trial = history.trial(row);
      if (trial.state != TrialState::Complete) continue;
      if (auto x = coordinates.of(history, row)) known.push_back({std::move(*x), trial.violation(), history.loss(trial)});
    }
    if (known.empty()) return;
    std::stable_sort(known.begin(), known.end());
    known.resize(static_cast<size_t>(std::ceil(kWarmShare * static_cast<double>(known.size()))));
    mean.setZero();
    for (const CmaPoint& point : known) mean += point.x / static_cast<double>(known.size());
    Eigen::MatrixXd spread = kWarmSpread * kWarmSpread * Eigen::MatrixXd::Identity(mean.size(), mean.size());
    for (const CmaPoint& point : known) spread += (point.x - mean) * (point.x - mean).transpose() / static_cast<double>(known.size());
    const Eigen::LLT<Eigen::MatrixXd> factor(spread);
    double log_volume = 0;
    for (Eigen::Index i = 0; i < mean.size(); ++i) log_volume += 2 * std::log(factor.matrixLLT()(i, i));
    sigma = std::exp(log_volume / (2 * static_cast<double>(mean.size())));
  }

  CmaSamplerParams params_;
  std::optional<CmaDistribution> distribution_;
  std::vector<CmaPoint> points_;
  Subspace shared_;  // the parameters that every finished trial so far has had
  bool narrowed_ = false;
  size_t n_seen_ = 0;
  int n_complete_ = 0, first_generation_ = 0, n_runs_ = 0, n_large_ = 0;
  int64_t used_large_ = 0, used_small_ = 0;
  bool is_small_ = false;
};

class CmaProposal final : public Proposal {
 public:
  CmaProposal(const CmaCache& cache, const Eigen::VectorXd& point, std::unique_ptr<Proposal> others)
      : generation_(cache.generation), others_(std::move(others)) {
    for (size_t i = 0; i < cache.coordinates.size(); ++i)
      planned_.emplace_back(cache.coordinates.space()[i].first, cache.coordinates.inside(i, point[static_cast<Eigen::Index>(i)]));
  }
  double value(uint32_t parameter, const Distribution& distribution) override {
    for (const auto& [planned, value] : planned_)
      if (planned == parameter && distribution.contains(value)) return value;
    return others_->value(parameter, distribution);
  }
  std::span<const std::pair<uint32_t, double>> planned() const override { return planned_; }
  int generation() const override { return generation_; }

 private:
  int generation_;
  std::unique_ptr<Proposal> others_;
  std::vector<std::pair<uint32_t, double>> planned_;
};

class CmaSampler final : public Sampler {
 public:
  explicit CmaSampler(CmaSamplerParams params) : params_(std::move(params)) {
    if (!params_.x0.is_object())
      throw Error(ErrorCode::BadValue,
                  "cmaes.x0: a value of kind " + std::string(params_.x0.kind_name()) + "; it must be an object, values by name");
  }

  std::unique_ptr<Proposal> propose(const History& history, const TrialRecord& trial, int attempt, SamplerCache* cache) const override {
    if (history.directions().size() != 1)
      throw Error(ErrorCode::BadValue, "sampler 'cmaes' takes one objective; the study has " + std::to_string(history.directions().size()),
                  "Use tpe, nsga2 or nsga3.");
    auto& kept = static_cast<CmaCache&>(*cache);
    kept.update(history);
    auto uniform = propose_uniform(history, static_cast<uint64_t>(params_.seed), trial.number, attempt);
    if (!kept.is_ready()) return uniform;
    return std::make_unique<CmaProposal>(kept, kept.point(kept.key(trial.number, attempt)), std::move(uniform));
  }

  std::unique_ptr<SamplerCache> make_cache() const override { return std::make_unique<CmaCache>(params_); }

 private:
  CmaSamplerParams params_;
};

}  // namespace

void register_cmaes(Catalog<Sampler>& catalog) {
  catalog.add<CmaSampler, CmaSamplerParams>("cmaes", "CMA-ES: a normal distribution that follows the best trials.", {"cma"});
}

}  // namespace kolosal
