// Checksums of bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kolosal {

/// CRC-32C (Castagnoli) of `bytes`. Give the checksum of what came before as `before` to continue over pieces.
uint32_t crc32c(std::span<const std::byte> bytes, uint32_t before = 0) noexcept;

}  // namespace kolosal
