// Numbers by rank, where few ranks are wanted: only what lies near them is sorted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kolosal {

/// The finite numbers among float32 or float64 ones, in ascending order.
template <class T>
class RankedNumbers {
 public:
  /// `numbers` must stay.
  explicit RankedNumbers(std::span<const T> numbers);

  /// How many are finite.
  size_t size() const noexcept { return n_finite_; }
  /// The numbers at `ranks`, each below size(), in their order. Throws Error(OutOfMemory).
  std::vector<double> at(std::span<const size_t> ranks) const;

 private:
  std::span<const T> numbers_;
  std::vector<uint32_t> counts_;  // of numbers that share their leading bits, in ascending order
  size_t n_finite_ = 0;
};

}  // namespace kolosal
