// What the control group of the process (a container's limits, Linux) allows it to use.
#pragma once

#include <cstddef>
#include <limits>
#include <string>

namespace kolosal {

/// Limits of the process's control group and of all groups above it, the tightest of each.
struct ControlGroupLimits {
  double n_cpus = std::numeric_limits<double>::infinity();  ///< CPU seconds a second; infinity where there is no quota
  size_t memory_bytes = ~size_t{0};                         ///< all ones where there is no limit
  size_t memory_used_bytes = 0;                             ///< of the group with the tightest limit, without file cache that can go
};

/// Reads version 2 and version 1 hierarchies; no limits where there are none. `root` stands before /proc and /sys, for tests.
ControlGroupLimits read_control_group_limits(const std::string& root = "");

}  // namespace kolosal
