// FitContext: all that a fit may use besides its rows. Passed down to every inner loop; nothing reads a global.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "kolosal/base/clock.h"
#include "kolosal/base/error.h"
#include "kolosal/base/fit_cache.h"
#include "kolosal/base/memory_budget.h"
#include "kolosal/base/threads.h"

namespace kolosal {

/// One step of a fit, told to whoever listens.
struct FitProgress {
  int iteration = 0;           ///< finished iterations (trees, epochs, steps)
  int n_iterations = 0;        ///< planned iterations
  double train_loss = 0;       ///< NaN where not measured: a learner may leave most iterations out
  double validation_loss = 0;  ///< NaN where there are no validation rows
};

/// The surroundings of one fit. Copying is cheap; copies share budget, threads, cache and cancellation.
struct FitContext {
  Deadline deadline;
  CancelToken cancel;
  std::shared_ptr<MemoryBudget> memory = std::make_shared<MemoryBudget>();
  std::shared_ptr<const Threads> threads = std::make_shared<const Threads>(1);
  uint64_t seed = 0;
  /// Where fits of one run find what others made of the same rows, as the bins of boosting; null: each makes all of it.
  std::shared_ptr<FitCache> cache = nullptr;
  /// Called after an iteration; returning false stops the fit early and keeps what it has. May be empty.
  std::function<bool(const FitProgress&)> on_iteration;

  /// From now on fits of learners that use the cache share what they make of the same rows: boosting does, forests bin rows for
  /// themselves. It is kept as long as nothing else needs the memory.
  void share_work() {
    cache = std::make_shared<FitCache>(std::min(memory->limit() / 4, FitCache::kMostBytes));
    memory->on_shortage([kept = std::weak_ptr(cache)] {
      if (const auto held = kept.lock()) held->clear();
    });
  }

  /// True when the fit must end now. A learner that has something usable returns it; one that has nothing calls check().
  bool should_stop() const noexcept { return cancel.cancelled() || deadline.passed(); }
  /// Throws Error(Cancelled) or Error(Timeout) when the fit must end.
  void check() const {
    if (cancel.cancelled()) throw Error(ErrorCode::Cancelled, "stopped on request");
    if (deadline.passed()) throw Error(ErrorCode::Timeout, "the time limit passed before there was a result");
  }
};

}  // namespace kolosal
