// Universal Binary JSON to Value: JSON's kinds with numbers as they lie in memory, big-endian, and arrays of one type.
#pragma once

#include <string_view>

#include "kolosal/base/value.h"

namespace kolosal {

/// Parses one document; arrays of one type of number become NumberArrays. Throws Error(BadFile) where it is damaged or nested deeper
/// than 64.
Value parse_ubjson(std::string_view bytes);

}  // namespace kolosal
