// UTF-8: whether bytes are valid, and cutting without splitting a character.
#pragma once

#include <cstddef>
#include <string_view>

namespace kolosal {

/// Where the first byte is that is not valid UTF-8 (overlong forms, surrogates and values above U+10FFFF are not); the size
/// where all are valid.
size_t first_invalid_utf8(std::string_view text) noexcept;

/// At most `n_bytes` of the front, without splitting a character.
std::string_view utf8_prefix(std::string_view text, size_t n_bytes) noexcept;

}  // namespace kolosal
