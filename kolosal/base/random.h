// Counter-based random streams: each number is a pure function of (seed, purpose, index), so the order in which threads
// draw does not matter and any part of a run can be replayed alone.
//
// Source   Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011 (Philox 4x32, 10 rounds).
// Checked  the paper's known-answer vectors in random_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace kolosal {

/// One block of Philox 4x32-10: four 32-bit numbers of a counter and a key.
std::array<uint32_t, 4> philox_4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) noexcept;

/// The finaliser of SplitMix64: a one-to-one map of 64 bits that mixes every bit into every other.
constexpr uint64_t mixed_bits(uint64_t z) noexcept {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

/// A seed for a part of the work: a pure function of the parent seed, the purpose and an index.
uint64_t derive_seed(uint64_t seed, std::string_view purpose, uint64_t index = 0) noexcept;

/// A sequence of random numbers. Copies continue independently from the same place.
class RandomStream {
 public:
  using result_type = uint64_t;

  /// The stream of `purpose` (what the numbers are for) and `index` (which row, tree, fold ...) under `seed`.
  RandomStream(uint64_t seed, std::string_view purpose, uint64_t index = 0) noexcept;

  /// 64 uniform random bits; with min and max, what standard algorithms ask of a generator.
  uint64_t next() noexcept;
  uint64_t operator()() noexcept { return next(); }
  static constexpr uint64_t min() noexcept { return 0; }
  static constexpr uint64_t max() noexcept { return ~uint64_t{0}; }

  /// Uniform in [0, 1), 53 random bits.
  double uniform() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  /// Uniform in [low, high).
  double uniform(double low, double high) noexcept { return low + (high - low) * uniform(); }
  /// Uniform integer in [0, bound); bound > 0. Without bias (Lemire 2019).
  uint64_t below(uint64_t bound) noexcept;
  /// Standard normal (Box-Muller).
  double normal() noexcept;

  /// Puts `items` into a random order (Fisher-Yates).
  template <class T>
  void shuffle(std::span<T> items) noexcept {
    for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  uint64_t key_;
  uint64_t block_ = 0;
  std::array<uint32_t, 4> words_{};
  int used_ = 4;
};

}  // namespace kolosal
