#include "kolosal/models/trees/rank_keys.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace kolosal {
namespace {

// Few keys: each goes to the place that is the number of smaller ones. Branch-free, four comparisons at a time.
void sort_few(std::span<uint64_t> keys) noexcept {
  using Lanes = int32_t __attribute__((vector_size(16)));
  constexpr size_t kLanes = 4;
  std::array<Lanes, kFewKeys / kLanes> small;
  const size_t n = keys.size(), n_vectors = (n + kLanes - 1) / kLanes;
  for (size_t i = 0; i < n_vectors * kLanes; ++i)
    small[i / kLanes][i % kLanes] =
        i < n ? static_cast<int32_t>(uint32_t{rank_of(keys[i])} * kFewKeys + i) : std::numeric_limits<int32_t>::max();
  std::array<uint64_t, kFewKeys> sorted;
  for (size_t i = 0; i < n; ++i) {
    const int32_t key = small[i / kLanes][i % kLanes];
    const Lanes all = {key, key, key, key};
    Lanes smaller{};
    for (size_t v = 0; v < n_vectors; ++v) smaller -= small[v] < all;
    sorted[static_cast<size_t>(smaller[0] + smaller[1] + smaller[2] + smaller[3])] = keys[i];
  }
  std::copy_n(sorted.begin(), n, keys.begin());
}

}  // namespace

void sort_keys(std::span<uint64_t> keys, std::span<uint64_t> other) noexcept {
  if (keys.size() <= kFewKeys) return sort_few(keys);
  std::array<uint32_t, 256> low{}, high{};
  for (const uint64_t key : keys) {
    ++low[(key >> 32) & 255];
    ++high[(key >> 40) & 255];
  }
  const bool is_narrow = high[0] == keys.size();
  uint32_t low_sum = 0, high_sum = 0;
  for (size_t b = 0; b < 256; ++b) {
    low_sum += std::exchange(low[b], low_sum);
    high_sum += std::exchange(high[b], high_sum);
  }
  for (const uint64_t key : keys) other[low[(key >> 32) & 255]++] = key;
  if (is_narrow) return static_cast<void>(std::copy_n(other.begin(), keys.size(), keys.begin()));
  for (const uint64_t key : other) keys[high[(key >> 40) & 255]++] = key;
}

}  // namespace kolosal
