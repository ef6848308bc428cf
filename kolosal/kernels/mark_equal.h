// Which codes are a given one, as zeros and ones.
//
// Cost     one pass: a byte read and a number written a code; past the caches a line is written without being read first.
// Checked  mark_equal_test.cc.
#pragma once

#include <cstdint>
#include <span>

namespace kolosal {

/// out[i] = 1 where codes[i] is `code`, else 0. `out` is as long as `codes`. With `past_caches` it is written around the caches: for
/// numbers that are more than these hold.
void mark_equal(std::span<const uint8_t> codes, uint8_t code, bool past_caches, std::span<uint8_t> out) noexcept;
void mark_equal(std::span<const uint8_t> codes, uint8_t code, bool past_caches, std::span<float> out) noexcept;
void mark_equal(std::span<const uint8_t> codes, uint8_t code, bool past_caches, std::span<double> out) noexcept;

}  // namespace kolosal
