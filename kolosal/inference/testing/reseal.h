// Forged artifacts, for tests and fuzzing: changed bytes under checksums that fit them, so that a reader gets past the checksums.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kolosal/base/checksum.h"

namespace kolosal {

/// The same bytes with all checksums put right that lengths and offsets let be found. Fewer than 60 bytes come back unchanged.
inline std::string resealed(std::string bytes) {
  const auto number = [&](size_t at, size_t n_bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < n_bytes; ++i) value |= uint64_t{static_cast<uint8_t>(bytes[at + i])} << (8 * i);
    return value;
  };
  const auto checksum = [&](size_t begin, size_t end, uint32_t before = 0) {
    return crc32c(std::as_bytes(std::span(bytes.data() + begin, end - begin)), before);
  };
  const auto put = [&](size_t at, uint32_t value) {
    for (size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i));
  };
  if (bytes.size() < 60) return bytes;
  const size_t last = bytes.size() - 4, summary = number(24, 8), content = number(32, 8), n_sections = number(40, 8);
  const bool parts_fit = summary < last && content < last && summary + content + 56 <= last;
  if (parts_fit) put(48, checksum(56, 56 + summary));
  put(52, checksum(0, 52));
  size_t end = 0;
  std::vector<std::pair<size_t, size_t>> outside;  // [begin, end) of what lies between sections
  for (size_t k = 0; parts_fit && k < n_sections && 56 + summary + content + 32 * (k + 1) <= last; ++k) {
    const size_t at = 56 + summary + content + 32 * k, offset = number(at, 8), n_bytes = number(at + 8, 8);
    if (offset < end || offset > last || n_bytes > last - offset) continue;
    put(at + 28, checksum(offset, offset + n_bytes));
    outside.emplace_back(end, offset);
    end = offset + n_bytes;
  }
  outside.emplace_back(end, last);
  uint32_t file_checksum = 0;
  for (const auto& [from, to] : outside) file_checksum = checksum(from, to, file_checksum);
  put(last, file_checksum);
  return bytes;
}

}  // namespace kolosal
