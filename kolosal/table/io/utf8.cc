// UTF-8 by the table of well-formed byte sequences of the Unicode standard (table 3-7). ASCII is passed eight bytes at a time.
//
// Checked  csv_test.cc.
#include "kolosal/table/io/utf8.h"

#include <cstdint>
#include <cstring>

namespace kolosal {
namespace {

bool is_continuation(unsigned char byte) noexcept { return (byte & 0xC0) == 0x80; }

/// Bytes of the valid character at the front of `text` (not empty); 0 where there is none.
size_t character_size(std::string_view text) noexcept {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : static_cast<unsigned char>(0); };
  const unsigned char first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4 || !is_continuation(second)) return 0;
  if (first < 0xE0) return 2;
  if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) || (first == 0xF0 && second < 0x90) ||
      (first == 0xF4 && second > 0x8F))
    return 0;
  if (!is_continuation(byte(2))) return 0;
  if (first < 0xF0) return 3;
  return is_continuation(byte(3)) ? 4 : 0;
}

}  // namespace

size_t first_invalid_utf8(std::string_view text) noexcept {
  size_t at = 0;
  while (at < text.size()) {
    uint64_t eight = 0;
    while (at + 8 <= text.size()) {
      std::memcpy(&eight, text.data() + at, 8);
      if ((eight & 0x8080808080808080U) != 0) break;
      at += 8;
    }
    if (at == text.size()) break;
    const size_t size = character_size(text.substr(at, 4));
    if (size == 0) return at;
    at += size;
  }
  return text.size();
}

std::string_view utf8_prefix(std::string_view text, size_t n_bytes) noexcept {
  if (text.size() <= n_bytes) return text;
  while (n_bytes > 0 && is_continuation(static_cast<unsigned char>(text[n_bytes]))) --n_bytes;
  return text.substr(0, n_bytes);
}

}  // namespace kolosal
