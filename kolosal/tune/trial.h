// What is known of one trial of a study.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kolosal/base/value.h"
#include "kolosal/tune/distribution.h"

namespace kolosal {

/// Where a trial is. Complete, pruned and failed trials are finished and never change.
enum class TrialState { Waiting, Running, Complete, Pruned, Failed };
inline const auto& enum_names(TrialState) {
  static constexpr std::pair<TrialState, std::string_view> names[] = {{TrialState::Waiting, "waiting"},
                                                                      {TrialState::Running, "running"},
                                                                      {TrialState::Complete, "complete"},
                                                                      {TrialState::Pruned, "pruned"},
                                                                      {TrialState::Failed, "failed"}};
  return names;
}

/// Whether less or more of an objective is better.
enum class Direction { Minimize, Maximize };
inline const auto& enum_names(Direction) {
  static constexpr std::pair<Direction, std::string_view> names[] = {{Direction::Minimize, "minimize"}, {Direction::Maximize, "maximize"}};
  return names;
}

/// A parameter that a trial has: which one (an index into History::parameters), what was allowed, and the value taken (inside form).
struct TrialParameter {
  uint32_t parameter = 0;
  std::shared_ptr<const Distribution> distribution;
  double value = 0;
};

/// One trial. Times are seconds since 1970, NaN where not yet.
struct TrialRecord {
  int64_t number = 0;
  TrialState state = TrialState::Running;
  std::vector<TrialParameter> parameters;                ///< in order of suggestion
  std::vector<double> values;                            ///< one an objective, where complete; the last report where pruned
  std::vector<std::pair<int64_t, double>> intermediate;  ///< (step, value), in order of steps
  std::vector<double> rungs;                             ///< values with which it reached the rungs of a pruner that has such
  std::vector<std::pair<std::string, double>> constraints;
  Value user_attributes = Value::Object{};
  Value::Object fixed;                                                 ///< values that were enqueued, by name
  std::vector<std::pair<std::string, std::string>> system_attributes;  ///< JSON by name, of what has no field here
  int64_t drawn = -1;   ///< how many trials before this one were left to the sampler; -1 where all of it was enqueued
  int generation = 0;   ///< of a sampler that has generations; below 0: a mark of one that has none
  std::string failure;  ///< why a failed trial failed
  double started = std::numeric_limits<double>::quiet_NaN();
  double ended = std::numeric_limits<double>::quiet_NaN();

  /// Whether the trial is over.
  bool is_finished() const noexcept { return state != TrialState::Waiting && state != TrialState::Running; }
  /// Whether it may be the best: it is complete and its constraints hold.
  bool is_eligible() const noexcept { return state == TrialState::Complete && violation() == 0; }
  /// Sum of what exceeds 0 of the constraints: 0 where all hold.
  double violation() const noexcept {
    double sum = 0;
    for (const auto& [name, value] : constraints) sum += value > 0 ? value : 0;
    return sum;
  }
};

}  // namespace kolosal
