// What becomes of a level that fitting did not see: one enum, of which each encoder and form takes what makes sense for it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "kolosal/table/column.h"

namespace kolosal {

/// What a level that fitting did not see gives.
enum class UnknownLevel {
  Error,       ///< transform throws Error(BadValue)
  Missing,     ///< the results are missing
  Ignore,      ///< no column is set
  Infrequent,  ///< as the levels that are merged for being rare; where there are none, no column is set
  Default,     ///< a number that stands for all of them
};

constexpr auto enum_names(UnknownLevel) {
  return std::to_array<std::pair<UnknownLevel, std::string_view>>({{UnknownLevel::Error, "error"},
                                                                   {UnknownLevel::Missing, "missing"},
                                                                   {UnknownLevel::Ignore, "ignore"},
                                                                   {UnknownLevel::Infrequent, "infrequent"},
                                                                   {UnknownLevel::Default, "default"}});
}

/// Throws Error(BadValue) that names column, row and level (or says that it is missing) where a slot of LevelCodes::find_slots is
/// `unknown`. `allowed` says which values of the parameter `unknown` let such levels pass.
void refuse_unknown_levels(const Column& column, std::span<const uint32_t> slots, size_t unknown, std::string_view allowed);

}  // namespace kolosal
