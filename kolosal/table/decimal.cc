// Decimal digits to float64: digits * 10^-k, where the digits are a 64-bit integer.
//
// Few digits take one division, which rounds correctly where both sides are exact (Clinger, PLDI 1990). Others are multiplied by the 128
// bits of 5^-k that lead, which decide every rounding for the exponents taken here (Lemire, Software: Practice and Experience 51(8),
// 2021; Mushtak and Lemire, ibid. 53(7), 2023).
//
// Checked  decimal_test.cc, against std::from_chars.
#include "kolosal/table/decimal.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace kolosal {
namespace {

__extension__ typedef unsigned __int128 Wide;

constexpr size_t kMostExactDigits = 19;
constexpr size_t kMostPlaces = 27;  // 5^27 < 2^64
constexpr uint64_t kExact = uint64_t{1} << 53;

/// 5^-k as 128 bits of which the first is set, rounded up.
constexpr std::array<Wide, kMostPlaces + 1> make_inverse_powers() {
  std::array<Wide, kMostPlaces + 1> inverse{};
  uint64_t power = 1;
  for (size_t k = 1; k <= kMostPlaces; ++k) {
    power *= 5;
    Wide bits = 0, rest = 1;
    while (bits >> 127 == 0) {
      rest *= 2;
      bits = bits << 1 | (rest >= power ? 1 : 0);
      if (rest >= power) rest -= power;
    }
    inverse[k] = bits + 1;
  }
  return inverse;
}
constexpr std::array<Wide, kMostPlaces + 1> kInversePowers = make_inverse_powers();

constexpr std::array<double, 23> kPowersOfTen = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/// digits * 10^-n_places, 1 <= n_places <= kMostPlaces, digits > 0.
double scaled(uint64_t digits, size_t n_places) noexcept {
  const int n_leading = std::countl_zero(digits);
  digits <<= n_leading;
  const Wide factor = kInversePowers[n_places];
  const Wide low = Wide{digits} * static_cast<uint64_t>(factor);
  const Wide product = Wide{digits} * static_cast<uint64_t>(factor >> 64) + (low >> 64);
  const auto high = static_cast<uint64_t>(product >> 64), rest = static_cast<uint64_t>(product);
  const int upper = static_cast<int>(high >> 63);
  const int shift = upper + 9;  // leaves 54 bits: those of float64 and one to round by
  uint64_t mantissa = high >> shift;
  // floor(log2(10^-n)) by a product, which is exact here.
  int exponent = ((-static_cast<int>(n_places) * 217706) >> 16) + 63 + upper - n_leading + 1023;
  // Half-way cases exist only where 5^n divides the digits.
  if (rest <= 1 && n_places <= 4 && (mantissa & 3) == 1 && mantissa << shift == high) mantissa &= ~uint64_t{1};
  mantissa = (mantissa + (mantissa & 1)) >> 1;
  if (mantissa == kExact) {
    mantissa >>= 1;
    ++exponent;
  }
  return std::bit_cast<double>((mantissa & ((uint64_t{1} << 52) - 1)) | static_cast<uint64_t>(exponent) << 52);
}

/// Takes digits off the front of [at, end) and adds them to `digits`, which may overflow.
const char* take_digits(const char* at, const char* end, uint64_t& digits) noexcept {
  if constexpr (std::endian::native == std::endian::little) {
    for (uint64_t eight = 0; end - at >= 8; at += 8) {
      std::memcpy(&eight, at, 8);
      const uint64_t value = eight ^ 0x3030303030303030;  // a digit is its number
      if (((value + 0x7676767676767676) | value) & 0x8080808080808080) break;
      const uint64_t pairs = value * 10 + (value >> 8);  // every second byte: a number of two digits
      constexpr uint64_t kBytes = 0x000000FF000000FF;
      const uint64_t number =
          ((pairs & kBytes) * (100 + (uint64_t{1'000'000} << 32)) + ((pairs >> 16) & kBytes) * (1 + (uint64_t{10'000} << 32))) >> 32;
      digits = digits * 100'000'000 + number;
    }
  }
  for (; at != end && *at >= '0' && *at <= '9'; ++at) digits = digits * 10 + static_cast<uint64_t>(*at - '0');
  return at;
}

const char* skip_zeros(const char* at, const char* end) noexcept {
  while (at != end && *at == '0') ++at;
  return at;
}

}  // namespace

std::optional<double> parse_decimal(std::string_view text, char decimal_point) noexcept {
  const char *start = text.data(), *end = start + text.size();
  uint64_t digits = 0;
  const char* first = skip_zeros(start, end);
  const char* at = take_digits(first, end, digits);
  auto n_digits = static_cast<size_t>(at - first);
  size_t n_places = 0;
  if (at != end) {
    if (*at != decimal_point || text.size() == 1) return std::nullopt;
    const char* point = at++;
    first = n_digits == 0 ? skip_zeros(at, end) : at;
    at = take_digits(first, end, digits);
    if (at != end) return std::nullopt;
    n_digits += static_cast<size_t>(at - first);
    n_places = static_cast<size_t>(at - point) - 1;
  }
  if (text.empty() || n_digits > kMostExactDigits || n_places > kMostPlaces) return std::nullopt;
  if (n_places == 0 || digits == 0) return static_cast<double>(digits);
  if (digits <= kExact && n_places < kPowersOfTen.size()) return static_cast<double>(digits) / kPowersOfTen[n_places];
  return scaled(digits, n_places);
}

}  // namespace kolosal
