#include "kolosal/base/digest.h"

#include <bit>
#include <cstring>

namespace kolosal {
namespace {

// One-to-one; each bit of the result depends on all of x.
uint64_t mixed(uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

uint64_t word_at(const std::byte* from, size_t n = 8) noexcept {
  uint64_t word = 0;
  std::memcpy(&word, from, n);
  return word;
}

}  // namespace

void Digest::step(uint64_t first, uint64_t second) noexcept {
  auto& [a, b] = state_;
  a = mixed(a ^ first);
  b = mixed(b ^ second);
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
