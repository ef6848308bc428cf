// What a streaming pipeline tells about itself: counts, throughput and latencies, whole and by stage.
//
// Checked  streaming_pipeline_test.cc.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "kolosal/base/fields.h"
#include "kolosal/preprocess/quantile_sketch.h"

namespace kolosal {

/// Seconds that something took; quantiles are within half a percent of their rank for up to a million items.
struct Latency {
  int64_t count = 0;
  double mean = 0, p50 = 0, p95 = 0, p99 = 0, max = 0;
};
void describe(Fields<Latency>& fields);

/// One stage; the sink is the last.
struct StageStatistics {
  std::string name;
  int32_t n_workers = 0;
  int64_t n_in = 0, n_out = 0;  ///< items that were begun, and that the stage was done with
  int64_t n_retries = 0;
  int64_t n_dead = 0;
  int64_t queue_depth = 0, max_queue_depth = 0;  ///< items and gaps that wait before the stage
  double items_per_second = 0;                   ///< that went out since the pipeline began
  Latency wait_seconds;                          ///< before the stage
  Latency run_seconds;                           ///< in it, with all attempts
};
void describe(Fields<StageStatistics>& fields);

/// A pipeline. n_accepted = n_acknowledged + n_dead + n_handed_back + n_in_flight.
struct StreamStatistics {
  int64_t n_accepted = 0, n_acknowledged = 0, n_dead = 0, n_handed_back = 0, n_in_flight = 0;
  double seconds = 0;
  double items_per_second = 0;  ///< acknowledged
  Latency latency_seconds;      ///< from being accepted to being acknowledged
  std::vector<StageStatistics> stages;
};
void describe(Fields<StreamStatistics>& fields);

/// Collects latencies from any thread.
class LatencyRecorder {
 public:
  /// One more, and what is known of all.
  void add(double seconds);
  Latency found() const;

 private:
  mutable std::mutex mutex_;
  QuantileSketch sketch_{1024};
  int64_t count_ = 0;
  double sum_ = 0, max_ = 0;
};

}  // namespace kolosal
