#include "kolosal/stream/batch_size.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace kolosal {
namespace {

constexpr double kLargestStep = 2;  // a dynamic batch has at most twice, at least half the rows of the one before

double smoothed(double before, double now) { return 0.5 * (before + now); }

}  // namespace

void describe(Fields<BatchOptions>& fields) {
  fields.add("strategy", &BatchOptions::strategy, "What the size of batches follows: a number, the time of a batch, or its memory.");
  fields.add("batch_rows", &BatchOptions::batch_rows, "Rows of a fixed batch, and of the first dynamic one.").min(1).alias("batch_size");
  fields.add("min_batch_rows", &BatchOptions::min_batch_rows, "Least rows of a dynamic or memory-aware batch.")
      .min(1)
      .alias("min_batch_size");
  fields.add("max_batch_rows", &BatchOptions::max_batch_rows, "Most rows of a dynamic or memory-aware batch.")
      .min(1)
      .alias("max_batch_size");
  fields.add("target_seconds", &BatchOptions::target_seconds, "Seconds that a dynamic batch should take.").above(0);
  fields.add("target_bytes", &BatchOptions::target_bytes, "Bytes that a memory-aware batch and its result should take.").min(1);
  fields.add("max_in_flight", &BatchOptions::max_in_flight, "Batches that are held at a time; 0 for two a thread.").min(0);
}

void check_options(const BatchOptions& options) {
  (void)from_value<BatchOptions>(to_value(options), "batches");
  if (options.min_batch_rows > options.max_batch_rows)
    throw Error(ErrorCode::BadValue,
                "min_batch_rows is " + std::to_string(options.min_batch_rows) + " where max_batch_rows is " +
                    std::to_string(options.max_batch_rows),
                "Give a least number of rows that is not above the most.");
}

BatchSizer::BatchSizer(const BatchOptions& options, size_t n_in_flight, const MemoryBudget& memory)
    : options_(options), n_in_flight_(static_cast<double>(n_in_flight)), memory_(memory) {
  check_options(options);
  rows_ = static_cast<double>(std::clamp(options.batch_rows, options.min_batch_rows, options.max_batch_rows));
}

double BatchSizer::bytes_limit(MemoryPressure pressure) const {
  double bytes = static_cast<double>(options_.target_bytes);
  if (pressure == MemoryPressure::High) bytes /= 2;
  if (pressure == MemoryPressure::Critical) bytes /= 10;
  if (memory_.limit() == ~size_t{0}) return bytes;
  // What is reserved now comes back as batches are delivered, so a batch may take its share of the whole, and never more than is left.
  return std::min({bytes, static_cast<double>(memory_.limit()) / n_in_flight_, static_cast<double>(memory_.available())});
}

size_t BatchSizer::next_rows(double bytes_per_row, MemoryPressure pressure) {
  if (options_.strategy == BatchStrategy::Fixed) return static_cast<size_t>(options_.batch_rows);
  double rows = rows_;
  if (options_.strategy == BatchStrategy::MemoryAware) rows = bytes_limit(pressure) / std::max(bytes_per_row * (1 + growth_), 1e-9);
  else if (seconds_per_row_ > 0) rows = std::clamp(options_.target_seconds / seconds_per_row_, rows_ / kLargestStep, rows_ * kLargestStep);
  rows_ = std::clamp(rows, static_cast<double>(options_.min_batch_rows), static_cast<double>(options_.max_batch_rows));
  return static_cast<size_t>(rows_);
}

void BatchSizer::observe(size_t rows, double seconds, size_t bytes_in, size_t bytes_out) {
  const double per_row = seconds / static_cast<double>(rows);
  seconds_per_row_ = seconds_per_row_ > 0 ? smoothed(seconds_per_row_, per_row) : per_row;
  if (bytes_in == 0) return;
  // Memory must not be promised twice: the largest growth so far counts, and shrinks slowly.
  const double growth = static_cast<double>(bytes_out) / static_cast<double>(bytes_in);
  growth_ = std::max(growth, smoothed(growth_, growth));
}

size_t BatchSizer::expected_bytes(size_t rows, double bytes_per_row) const {
  return static_cast<size_t>(std::ceil(static_cast<double>(rows) * bytes_per_row * (1 + growth_)));
}

}  // namespace kolosal
