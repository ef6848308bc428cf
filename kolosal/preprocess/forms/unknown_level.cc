// Refusing levels that fitting did not see.
//
// Checked  encoders_test.cc.
#include "kolosal/preprocess/forms/unknown_level.h"

#include <algorithm>
#include <string>

#include "kolosal/table/level_text.h"

namespace kolosal {

void refuse_unknown_levels(const Column& column, std::span<const uint32_t> slots, size_t unknown, std::string_view allowed) {
  const auto found = std::ranges::find(slots, static_cast<uint32_t>(unknown));
  if (found == slots.end()) return;
  const auto row = static_cast<size_t>(found - slots.begin());
  const std::string what = column.is_missing(row) ? "a missing value" : "the level '" + std::string(level_text(column, row)) + "'";
  throw Error(ErrorCode::BadValue,
              "unknown categories in column '" + column.name() + "': row " + std::to_string(row + 1) + " has " + what +
                  ", which was not seen in fitting",
              "Fit on rows that have it, or set unknown to " + std::string(allowed) + ".");
}

}  // namespace kolosal
