#include "kolosal/base/digest.h"

#include <bit>
#include <cstring>

#include "kolosal/base/random.h"

namespace kolosal {
namespace {

uint64_t word_at(const std::byte* from, size_t n = 8) noexcept {
  uint64_t word = 0;
  std::memcpy(&word, from, n);
  return word;
}

}  // namespace

void Digest::step(uint64_t first, uint64_t second) noexcept {
  auto& [a, b] = state_;
  a = mixed_bits(a ^ first);
  b = mixed_bits(b ^ second);
  a += std::rotl(b, 23);
  b ^= std::rotl(a, 41);
}

void Digest::add_bytes(std::span<const std::byte> bytes) noexcept {
  step(bytes.size(), 0);
  size_t i = 0;
  for (; i + 16 <= bytes.size(); i += 16) step(word_at(bytes.data() + i), word_at(bytes.data() + i + 8));
  const size_t left = bytes.size() - i, first = left < 8 ? left : 8;
  if (left > 0) step(word_at(bytes.data() + i, first), word_at(bytes.data() + i + first, left - first));
}

}  // namespace kolosal
