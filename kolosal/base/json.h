// JSON text to and from Value.
#pragma once

#include <string>
#include <string_view>

#include "kolosal/base/value.h"

namespace kolosal {

/// Parses one JSON document. Throws Error(BadFile) that says the line, the column and what was wrong there. Nesting deeper than 64 is an
/// error.
Value parse_json(std::string_view text);

/// JSON of a Value: keys in their order, reals so that they read back the same, NaN and infinities as null, NumberArrays as lists.
/// `indent` > 0 writes one member a line.
std::string to_json(const Value& value, int indent = 0);

}  // namespace kolosal
