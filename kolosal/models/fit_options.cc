#include "kolosal/models/fit_options.h"

namespace kolosal {

void describe(Fields<FitOptions>& f) {
  f.add("n_threads", &FitOptions::n_threads, "Threads to use; 0 means all that the process may use. The result does not depend on it.")
      .min(0)
      .max(1024)
      .alias("n_jobs");
  f.add("seed", &FitOptions::seed, "Seed of everything random.").min(0).alias("random_state");
  f.add("time_limit", &FitOptions::time_limit, "Seconds after which a fit ends with the model so far; an error where there is none yet.")
      .above(0);
}

FitContext make_fit_context(const FitOptions& options) {
  FitContext context;
  context.threads = std::make_shared<const Threads>(options.n_threads);
  context.seed = static_cast<uint64_t>(options.seed);
  if (options.time_limit) context.deadline = Deadline::after(*options.time_limit);
  return context;
}

}  // namespace kolosal
