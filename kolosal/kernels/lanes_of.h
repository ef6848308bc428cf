// The lanes that each set of eight lanes has: what kernels move the lanes of a set together by. (Highway 1.0 copies its own tables to the
// stack at each use.)
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace kolosal {

/// kLanesOf[set] has the lanes of the set in order, a byte each, the first lowest.
constexpr std::array<uint64_t, 256> kLanesOf = [] {
  std::array<uint64_t, 256> lanes{};
  for (size_t set = 0; set < 256; ++set)
    for (size_t lane = 0, n = 0; lane < 8; ++lane)
      if (((set >> lane) & 1) != 0) lanes[set] |= uint64_t{lane} << (8 * n++);
  return lanes;
}();

}  // namespace kolosal
