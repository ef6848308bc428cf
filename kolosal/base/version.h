// The version of Kolosal.
#pragma once

namespace kolosal {

/// "major.minor.patch", from the file VERSION.
const char* version() noexcept;

}  // namespace kolosal
