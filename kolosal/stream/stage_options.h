// How a stage of a streaming pipeline works: its workers, its queue, and when it tries again.
//
// Checked  stage_options_test.cc.
#pragma once

#include <cstdint>
#include <string_view>

#include "kolosal/base/fields.h"

namespace kolosal {

/// How a stage works.
struct StageOptions {
  int32_t n_workers = 1;
  int32_t queue_capacity = 64;
  int32_t max_attempts = 1;
  double initial_delay_seconds = 0.1;
  double max_delay_seconds = 10;
  double delay_factor = 2;
  double jitter = 0.5;
};
void describe(Fields<StageOptions>& fields);

/// Seconds before the attempt that follows `failed_attempts` >= 1 failed ones of an item: exponential, up to max_delay_seconds, of
/// which a random share of up to `jitter` is left out. A pure function of its arguments.
double retry_delay(const StageOptions& options, uint64_t seed, std::string_view stage, uint64_t item, int failed_attempts);

}  // namespace kolosal
