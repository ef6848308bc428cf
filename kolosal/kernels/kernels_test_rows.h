// What tests of kernels of float32 share: numbers, every instruction set, and how near is near.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "kolosal/base/random.h"
#include "kolosal/kernels/kernels.h"

namespace kolosal::kernels_test {

/// With each instruction set that the processor has, and then again with the widest.
inline void for_each_target(const std::function<void()>& body) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    body();
  }
  set_simd_target(simd_targets().front());
}

/// Standard normal numbers.
inline std::vector<float> normals(size_t n, uint64_t seed) {
  RandomStream random(seed, "kernels test");
  std::vector<float> numbers(n);
  for (float& number : numbers) number = static_cast<float>(random.normal());
  return numbers;
}

/// The largest difference of a number from its like, relative to 1 + its magnitude; infinity where sizes differ or one is not a number.
inline double farthest(const std::vector<float>& found, const std::vector<float>& expected) {
  double most = found.size() == expected.size() ? 0 : std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < std::min(found.size(), expected.size()); ++i) {
    const auto known = static_cast<double>(expected[i]);
    const double away = std::abs(static_cast<double>(found[i]) - known) / (1 + std::abs(known));
    most = std::isnan(away) ? std::numeric_limits<double>::infinity() : std::max(most, away);
  }
  return most;
}

}  // namespace kolosal::kernels_test
