// Digest: 128 bits by which contents are known again.
//
// Each step is one-to-one in the words so far, so that contents that differ in one word never agree; others do by a chance of 2^-128. It is
// no guard against someone who looks for contents that agree.
//
// Cost     about a byte a cycle.
// Source   the mixing of words: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
// Checked  digest_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace kolosal {

/// The digest of what was added, in that order. Where one piece ends and the next begins counts.
class Digest {
 public:
  using Value = std::array<uint64_t, 2>;

  void add(uint64_t word) noexcept { step(word, 8); }
  void add(std::string_view text) noexcept { add_bytes(std::as_bytes(std::span(text))); }
  void add(const Value& other) noexcept { step(other[0], other[1]); }
  /// The bytes of numbers.
  template <class T>
  requires std::is_arithmetic_v<T>
  void add(std::span<const T> numbers) noexcept { add_bytes(std::as_bytes(numbers)); }

  /// Of all that was added so far.
  const Value& value() const noexcept { return state_; }

 private:
  void add_bytes(std::span<const std::byte> bytes) noexcept;
  void step(uint64_t first, uint64_t second) noexcept;

  Value state_{0x243f6a8885a308d3, 0x13198a2e03707344};  // digits of pi
};

}  // namespace kolosal
