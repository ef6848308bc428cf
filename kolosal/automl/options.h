// TrainOptions: all that a user may say about a training run. Declared once; the command line, Python, configuration files
// and the reference pages are made from `describe`.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kolosal/base/fields.h"
#include "kolosal/table/folds.h"
#include "kolosal/table/schema.h"
#include "kolosal/table/target.h"

namespace kolosal {

/// How much work goes into a run.
enum class Preset {
  Fast,      ///< few models and folds, one final model each: small and quick artifacts
  Balanced,  ///< the whole portfolio, raced
  Best,      ///< more folds and more models
};

constexpr auto enum_names(Preset) {
  return std::to_array<std::pair<Preset, std::string_view>>(
      {{Preset::Fast, "fast"}, {Preset::Balanced, "balanced"}, {Preset::Best, "best"}});
}

struct TrainOptions {
  std::vector<std::string> target;
  std::optional<Task> task;
  std::optional<std::string> metric;
  std::optional<double> time_limit;
  std::optional<int64_t> memory_limit;
  std::optional<int32_t> max_models;
  Preset preset = Preset::Balanced;
  std::vector<std::string> learners;
  int32_t n_threads = 0;
  bool pin_threads = false;
  std::optional<int32_t> numa_node;
  int64_t seed = 0;
  std::optional<int32_t> n_folds;
  std::optional<FoldStrategy> fold_strategy;
  int32_t gap = 0;
  std::optional<std::string> weight, group, time, fold;
  std::vector<std::string> kinds;
  std::vector<std::string> drop;
  std::optional<bool> refit;
  std::optional<int32_t> patience;
  double min_delta = 0;
};
void describe(Fields<TrainOptions>& fields);

/// Seconds of "90", "90s", "10m" or "1.5h". Throws Error(BadValue).
double parse_duration(std::string_view text);

/// Bytes of "500000", "500MB", "2GB" or "1GiB". Throws Error(BadValue).
int64_t parse_bytes(std::string_view text);

/// What the options say about columns. Throws Error(BadValue) where `kinds` is not COLUMN=KIND.
SchemaOptions schema_options(const TrainOptions& options);

}  // namespace kolosal
