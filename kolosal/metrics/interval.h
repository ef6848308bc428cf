// Confidence intervals of a metric by resampling rows.
//
// Source   Efron and Tibshirani, An Introduction to the Bootstrap, 1993 (percentile interval).
#pragma once

#include <cstdint>

#include "kolosal/base/fit_context.h"
#include "kolosal/metrics/metric.h"

namespace kolosal {

/// How sure an interval is, and how much work it may take.
struct IntervalOptions {
  double confidence = 0.95;
  int32_t n_resamples = 200;
  /// Rows times resamples are kept below this by fewer resamples, at least 40.
  int64_t max_work = 1'000'000;
};

/// Both ends.
struct Interval {
  double low = 0, high = 0;
};

/// The percentile interval of the metric over resampled rows (whole groups in a ranking task): a pure function of input,
/// options and context.seed. Resamples in which the metric is undefined are left out; without any, or for one row, both ends
/// are the score itself. Stops early, with the resamples done so far, when the context asks to.
Interval bootstrap_interval(const Metric& metric, const MetricInput& input, const IntervalOptions& options, const FitContext& context);

}  // namespace kolosal
