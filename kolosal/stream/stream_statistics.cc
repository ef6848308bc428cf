#include "kolosal/stream/stream_statistics.h"

#include <algorithm>
#include <array>

namespace kolosal {

void describe(Fields<Latency>& fields) {
  fields.add("count", &Latency::count, "How many were measured.");
  fields.add("mean", &Latency::mean, "Mean.");
  fields.add("p50", &Latency::p50, "Median.");
  fields.add("p95", &Latency::p95, "95th percentile.");
  fields.add("p99", &Latency::p99, "99th percentile.");
  fields.add("max", &Latency::max, "Longest.");
}

void describe(Fields<StageStatistics>& fields) {
  fields.add("name", &StageStatistics::name, "Name of the stage.");
  fields.add("n_workers", &StageStatistics::n_workers, "Threads of the stage.");
  fields.add("n_in", &StageStatistics::n_in, "Items that were begun.");
  fields.add("n_out", &StageStatistics::n_out, "Items that the stage was done with.");
  fields.add("n_retries", &StageStatistics::n_retries, "Attempts beyond the first of an item.");
  fields.add("n_dead", &StageStatistics::n_dead, "Items that failed here.");
  fields.add("queue_depth", &StageStatistics::queue_depth, "Items that wait before the stage.");
  fields.add("max_queue_depth", &StageStatistics::max_queue_depth, "Most items that ever waited.");
  fields.add("items_per_second", &StageStatistics::items_per_second, "Items a second that the stage was done with.");
  fields.add("wait_seconds", &StageStatistics::wait_seconds, "Seconds before the stage.");
  fields.add("run_seconds", &StageStatistics::run_seconds, "Seconds in the stage.");
}

void describe(Fields<StreamStatistics>& fields) {
  fields.add("n_accepted", &StreamStatistics::n_accepted, "Items that were accepted.");
  fields.add("n_acknowledged", &StreamStatistics::n_acknowledged, "Items that the sink took.");
  fields.add("n_dead", &StreamStatistics::n_dead, "Items that failed and were given to the dead-letter sink.");
  fields.add("n_handed_back", &StreamStatistics::n_handed_back, "Items that were not finished when the pipeline stopped.");
  fields.add("n_in_flight", &StreamStatistics::n_in_flight, "Items that are on their way.");
  fields.add("seconds", &StreamStatistics::seconds, "Seconds since the pipeline began.");
  fields.add("items_per_second", &StreamStatistics::items_per_second, "Items a second that the sink took.");
  fields.add("latency_seconds", &StreamStatistics::latency_seconds, "Seconds from being accepted to being acknowledged.");
  fields.add("stages", &StreamStatistics::stages, "The stages in order.");
}

void LatencyRecorder::add(double seconds) {
  const std::lock_guard lock(mutex_);
  sketch_.add(seconds);
  count_ += 1;
  sum_ += seconds;
  max_ = std::max(max_, seconds);
}

Latency LatencyRecorder::found() const {
  const std::lock_guard lock(mutex_);
  if (count_ == 0) return {};
  const std::vector<double> p = sketch_.quantiles(std::array{0.5, 0.95, 0.99});
  return {count_, sum_ / static_cast<double>(count_), p[0], p[1], p[2], max_};
}

}  // namespace kolosal
