// The order in which the levels of a category are numbered.
#pragma once

#include <array>
#include <string_view>
#include <utility>

namespace kolosal {

/// By text (numbers by value), or the most frequent first.
enum class LevelOrder { Alphabetical, Frequency };

constexpr auto enum_names(LevelOrder) {
  return std::to_array<std::pair<LevelOrder, std::string_view>>(
      {{LevelOrder::Alphabetical, "alphabetical"}, {LevelOrder::Frequency, "frequency"}});
}

}  // namespace kolosal
