#include "kolosal/tune/optimize.h"

#include <cmath>
#include <mutex>
#include <thread>

#include "kolosal/base/threads.h"

namespace kolosal {
namespace {

void check(const OptimizeOptions& options) {
  if (options.n_trials && *options.n_trials < 0)
    throw Error(ErrorCode::BadValue, "optimize: n_trials is " + std::to_string(*options.n_trials) + "; it must be at least 0");
  if (options.n_workers < 0)
    throw Error(ErrorCode::BadValue, "optimize: n_workers is " + std::to_string(options.n_workers) + "; it must be at least 0",
                "Give 0 for one a core.");
  if (std::isnan(options.timeout_seconds))
    throw Error(ErrorCode::BadValue, "optimize: timeout_seconds is NaN; it must be a number of seconds", "Leave it out for no limit.");
}

// One call of optimize.
class Run {
 public:
  Run(Study& study, const Objective& objective, const OptimizeOptions& options)
      : study_(study), objective_(objective), options_(options), end_(Deadline::after(options.timeout_seconds)) {}

  void work() {
    try {
      while (const auto number = begin()) one(*number);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!thrown_) thrown_ = std::current_exception();
    }
  }

  void rethrow() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  // Starts one trial more, if one may be: limits are looked at and taken under one lock.
  std::optional<int64_t> begin() {
    const std::lock_guard lock(mutex_);
    if (thrown_ || options_.cancel.cancelled() || end_.passed() || (options_.n_trials && n_begun_ >= *options_.n_trials)) return {};
    for (const int64_t stale : study_.fail_stale())
      if (options_.on_stale) options_.on_stale(study_, stale);
    if (study_.is_exhausted()) return {};
    ++n_begun_;
    return study_.ask();
  }

  void one(int64_t number) {
    RunningTrial trial(study_, number);
    std::vector<double> values;
    std::optional<std::string> failure;
    bool is_pruned = false;
    std::exception_ptr fatal;
    try {
      values = objective_(trial);
    } catch (const TrialPruned&) {
      is_pruned = true;
    } catch (const std::exception& error) {
      const auto* known = dynamic_cast<const Error*>(&error);
      failure = known == nullptr ? error.what() : known->message();
      if (!options_.goes_on || !options_.goes_on(error)) fatal = std::current_exception();
    } catch (...) {
      failure = "the objective threw what is no std::exception";
      fatal = std::current_exception();
    }
    try {
      if (failure) study_.tell_failed(number, *failure);
      else if (is_pruned) study_.tell_pruned(number);
      else study_.tell(number, std::move(values));
    } catch (const Error&) {
      if (!fatal && !is_over(number)) throw;
    }
    if (fatal) std::rethrow_exception(fatal);
    if (!options_.on_trial) return;
    const TrialRecord ended = study_.trial(number);
    const std::lock_guard lock(telling_);
    options_.on_trial(study_, ended);
  }

  // Whether another has ended the trial.
  bool is_over(int64_t number) {
    study_.refresh();
    return study_.trial(number).is_finished();
  }

  Study& study_;
  const Objective& objective_;
  const OptimizeOptions& options_;
  Deadline end_;
  std::mutex mutex_, telling_;
  int64_t n_begun_ = 0;
  std::exception_ptr thrown_;
};

}  // namespace

double RunningTrial::suggest_float(std::string_view name, double low, double high, double step, bool log) {
  return study_.suggest_inside(number_, name, Distribution::real(name, low, high, step, log));
}

int64_t RunningTrial::suggest_int(std::string_view name, int64_t low, int64_t high, int64_t step, bool log) {
  return static_cast<int64_t>(study_.suggest_inside(number_, name, Distribution::integer(name, low, high, step, log)));
}

Value RunningTrial::suggest_categorical(std::string_view name, std::vector<Value> choices, bool ordered) {
  return study_.suggest(number_, name, Distribution::categorical(name, std::move(choices), ordered));
}

void optimize(Study& study, const Objective& objective, const OptimizeOptions& options) {
  check(options);
  Run run(study, objective, options);
  const int n_workers = options.n_workers == 0 ? available_threads() : options.n_workers;
  std::vector<std::jthread> others;  // this thread works too
  others.reserve(static_cast<size_t>(n_workers));
  for (int i = 1; i < n_workers; ++i) others.emplace_back([&run] { run.work(); });
  run.work();
  for (std::jthread& other : others) other.join();
  run.rethrow();
}

}  // namespace kolosal
