// Rank keys: rows of a node as numbers that sort by the rank of a feature.
//
// Checked  rank_keys_test.cc against std::stable_sort.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kolosal {

/// As many keys are sorted by counting the smaller ones.
constexpr size_t kFewKeys = 64;

/// A key holds a rank above the row's place in the node.
inline uint64_t make_key(uint32_t rank, size_t place) noexcept { return (uint64_t{rank} << 32) | place; }
/// What a key was made of.
inline uint16_t rank_of(uint64_t key) noexcept { return static_cast<uint16_t>(key >> 32); }
inline uint32_t place_of(uint64_t key) noexcept { return static_cast<uint32_t>(key); }

/// Sorts by rank; equal ranks keep their order. `other` is room for as many keys. O(n) time, of up to kFewKeys O(n^2 / 4).
void sort_keys(std::span<uint64_t> keys, std::span<uint64_t> other) noexcept;

}  // namespace kolosal
