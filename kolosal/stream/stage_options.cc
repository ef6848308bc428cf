#include "kolosal/stream/stage_options.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "kolosal/base/random.h"

namespace kolosal {

void describe(Fields<StageOptions>& fields) {
  fields.add("n_workers", &StageOptions::n_workers, "Threads that work on the stage's items at once.").min(1).max(1024).alias("workers");
  fields.add("queue_capacity", &StageOptions::queue_capacity, "Items that may wait before the stage.").min(1).max(1 << 20);
  fields.add("max_attempts", &StageOptions::max_attempts, "How often an item is tried before it has failed.").min(1);
  fields.add("initial_delay_seconds", &StageOptions::initial_delay_seconds, "Seconds before the second attempt.").min(0);
  fields.add("max_delay_seconds", &StageOptions::max_delay_seconds, "Most seconds before an attempt.").min(0);
  fields.add("delay_factor", &StageOptions::delay_factor, "How much longer each delay is than the one before.").min(1);
  fields.add("jitter", &StageOptions::jitter, "Share of a delay that is left to chance, so that not all items come back at once.")
      .min(0)
      .max(1);
}

double retry_delay(const StageOptions& options, uint64_t seed, std::string_view stage, uint64_t item, int failed_attempts) {
  if (options.initial_delay_seconds == 0) return 0;  // however large the power is
  const double delay = options.initial_delay_seconds * std::pow(options.delay_factor, failed_attempts - 1);
  RandomStream random(derive_seed(seed, "retry " + std::string(stage), item), "delay", static_cast<uint64_t>(failed_attempts));
  return std::min(delay, options.max_delay_seconds) * (1 - options.jitter * random.uniform());
}

}  // namespace kolosal
