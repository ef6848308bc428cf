#include "kolosal/base/random.h"

#include <cmath>
#include <numbers>

namespace kolosal {
namespace {

__extension__ using uint128 = unsigned __int128;

}  // namespace

std::array<uint32_t, 4> philox_4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) noexcept {
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53} * counter[0];
    const uint64_t p1 = uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<uint32_t>(p1 >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(p1),
               static_cast<uint32_t>(p0 >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(p0)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

uint64_t derive_seed(uint64_t seed, std::string_view purpose, uint64_t index) noexcept {
  uint64_t state = mixed_bits(seed + 0x9e3779b97f4a7c15ULL);
  for (const char c : purpose) state = mixed_bits(state ^ (static_cast<unsigned char>(c) + 0x9e3779b97f4a7c15ULL));
  return mixed_bits(state ^ mixed_bits(index + 0x632be59bd9b4e019ULL));
}

RandomStream::RandomStream(uint64_t seed, std::string_view purpose, uint64_t index) noexcept : key_(derive_seed(seed, purpose, index)) {}

uint64_t RandomStream::next() noexcept {
  if (used_ == 4) {
    words_ = philox_4x32({static_cast<uint32_t>(block_), static_cast<uint32_t>(block_ >> 32), 0, 0},
                         {static_cast<uint32_t>(key_), static_cast<uint32_t>(key_ >> 32)});
    ++block_;
    used_ = 0;
  }
  const uint64_t number = (uint64_t{words_[used_ + 1]} << 32) | words_[used_];
  used_ += 2;
  return number;
}

uint64_t RandomStream::below(uint64_t bound) noexcept {
  uint128 product = static_cast<uint128>(next()) * bound;
  if (static_cast<uint64_t>(product) < bound) {
    const uint64_t threshold = (0 - bound) % bound;
    while (static_cast<uint64_t>(product) < threshold) product = static_cast<uint128>(next()) * bound;
  }
  return static_cast<uint64_t>(product >> 64);
}

double RandomStream::normal() noexcept {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

}  // namespace kolosal
